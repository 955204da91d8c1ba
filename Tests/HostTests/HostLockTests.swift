// A lock lets one thread at a time to its value.

import Host
import Testing

@Suite("The host's lock") struct HostLockTests {
  private struct Refused: Error {}

  @Test func `it lets one in at a time`() {
    /// Not safe by itself: two at once lose counts.
    final class Counter: @unchecked Sendable { var count = 0 }
    let counter = Counter()
    let lock = HostLock(())
    let threads = (0..<4).map { _ in
      PinnedThread(name: "test", cpu: nil) {
        for _ in 0..<50_000 { lock.withLock { _ in counter.count += 1 } }
      }
    }
    threads.forEach { $0.join() }
    #expect(counter.count == 200_000)
  }

  @Test func `what the body returns comes out, and what it writes stays`() {
    let lock = HostLock([1])
    let count = lock.withLock { values in
      values.append(2)
      return values.count
    }
    #expect(count == 2)
    #expect(lock.withLock { $0 } == [1, 2])
  }

  @Test func `it is free again after an error`() {
    let lock = HostLock(0)
    #expect(throws: Refused.self) {
      try lock.withLock { value in
        value = 5
        throw Refused()
      }
    }
    #expect(lock.withLock { $0 } == 5)
  }
}

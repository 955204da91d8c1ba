// Threads run once, can be waited for, and stay where they were put.

import Foundation
import Host
import Testing

@Suite("Pinned threads") struct PinnedThreadTests {
  /// What the kernel says of the thread that asks.
  private static func ownFile(_ name: String) -> String {
    (try? String(contentsOfFile: "/proc/thread-self/\(name)", encoding: .utf8)) ?? ""
  }

  @Test func `the body runs once, and join waits for it`() {
    let runs = HostLock(0)
    let threads = (0..<8).map { _ in
      PinnedThread(name: "test", cpu: nil) {
        sleepThread(for: .milliseconds(1))
        runs.withLock { $0 += 1 }
      }
    }
    threads.forEach { $0.join() }
    #expect(runs.withLock { $0 } == 8)
  }

  @Test func `threads run at the same time`() {
    let arrived = HostLock(0)
    // Each waits for the other one.
    let threads = (0..<2).map { _ in
      PinnedThread(name: "test", cpu: nil) {
        arrived.withLock { $0 += 1 }
        while arrived.withLock({ $0 }) < 2 { yieldCore() }
      }
    }
    threads.forEach { $0.join() }
    #expect(arrived.withLock { $0 } == 2)
  }

  @Test(arguments: HostDescription.current().allowedCPUs)
  func `a thread is on the CPU asked for, and nowhere else`(_ cpu: Int) throws {
    let seen = HostLock<(status: String, stat: String)>(("", ""))
    PinnedThread(name: "test", cpu: cpu) {
      let files = (Self.ownFile("status"), Self.ownFile("stat"))
      seen.withLock { $0 = files }
    }.join()
    let (status, stat) = seen.withLock { $0 }
    #expect(status.contains("Cpus_allowed_list:\t\(cpu)\n"))
    // The fields after the name, which may hold spaces; the CPU is the 39th of all.
    let fields = try #require(stat.split(separator: ")").last).split(separator: " ")
    #expect(fields[36] == "\(cpu)")
  }

  @Test func `without a CPU a thread may run on all`() {
    let seen = HostLock("")
    PinnedThread(name: "test", cpu: nil) {
      let status = Self.ownFile("status")
      seen.withLock { $0 = status }
    }.join()
    let line = seen.withLock { $0 }.split(separator: "\n").first {
      $0.hasPrefix("Cpus_allowed_list:")
    }
    let own = Self.ownFile("status").split(separator: "\n").first {
      $0.hasPrefix("Cpus_allowed_list:")
    }
    #expect(line != nil)
    #expect(line == own)
  }

  @Test func `a CPU that there is not costs the pinning, not the run`() {
    let runs = HostLock(0)
    PinnedThread(name: "test", cpu: 1023) { runs.withLock { $0 += 1 } }.join()
    #expect(runs.withLock { $0 } == 1)
  }

  @Test func `a thread bears its name, as far as the kernel keeps it`() {
    let names = HostLock<[String]>([])
    for name in ["pCPU 3", "a name that is too long"] {
      PinnedThread(name: name, cpu: nil) {
        let own = Self.ownFile("comm")
        names.withLock { $0.append(own) }
      }.join()
    }
    #expect(names.withLock { $0 } == ["pCPU 3\n", "a name that is \n"])
  }

  @Test func `an abandoned thread goes on`() {
    let runs = HostLock(0)
    let mayEnd = HostLock(false)
    PinnedThread(name: "test", cpu: nil) {
      while !mayEnd.withLock({ $0 }) { yieldCore() }
      runs.withLock { $0 += 1 }
    }.abandon()
    #expect(runs.withLock { $0 } == 0)
    mayEnd.withLock { $0 = true }
    while runs.withLock({ $0 }) == 0 { yieldCore() }
  }

  @Test func `the kernel counts how often a thread went off its CPU`() {
    let switches = HostLock<(before: UInt64, after: UInt64)>((0, 0))
    PinnedThread(name: "test", cpu: nil) {
      let before = contextSwitchesOfThisThread()
      for _ in 0..<10 { sleepThread(for: .microseconds(100)) }
      let after = contextSwitchesOfThisThread()
      switches.withLock { $0 = (before, after) }
    }.join()
    let (before, after) = switches.withLock { $0 }
    #expect(after >= before + 10)
  }
}

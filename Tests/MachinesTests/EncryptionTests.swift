// Caches with lines under keys, and the firmware that hands keys out, on a live machine.

import Domain
import Host
import Machines
import Testing

@Suite("Encrypted guests on live machines") struct EncryptionTests {
  private let watcher = TagWatcher()
  private let hardware: LiveHardware

  init() {
    hardware = LiveHardware(
      pcpuCount: 2, tagBits: 7, encrypts: true, failEvery: 2, seed: Seed(1), watcher: watcher)
  }

  private func m(_ pcpu: Int) -> LiveMachine { hardware.machine(PCPU(pcpu)) }
  private let tag = Tag(70)

  @Test func `lines stay until they are written back and the fabric is flushed`() {
    m(1).touchMemory(under: tag)
    m(0).tagAllocated(tag)
    #expect(watcher.holders == ["cache 1"])
    m(0).writeBackCache(at: here)
    m(0).tagAllocated(tag)
    #expect(watcher.holders == ["cache 1", "cache 1"], "another pCPU's cache")
    m(1).writeBackCache(at: here)
    m(0).tagAllocated(tag)
    #expect(watcher.holders.last == "fabric")
    #expect(m(0).firmware(.flushFabric, Tag(0), at: here) == .success)
    m(0).tagAllocated(tag)
    m(0).tagAllocated(Tag(6))
    #expect(watcher.holders.count == 3, "nothing is left")
  }

  @Test func `a called pCPU writes back`() {
    m(1).touchMemory(under: tag)
    let done = hardware.memory.word(initially: 0, named: "done")
    let hardware = hardware
    let called = PinnedThread(name: "called", cpu: nil) {
      _ = hardware.machine(PCPU(1)).wait(for: done, until: .equals(1), .acquire, at: here)
    }
    m(0).call(PCPUSet(first: 2), .writeBackCache, at: here)
    m(0).writeBackCache(at: here)
    m(0).waitForCalls(at: here)
    m(0).store(done, 1, .release, at: here)
    called.join()
    #expect(m(0).firmware(.flushFabric, Tag(0), at: here) == .success)
    m(0).tagAllocated(tag)
    #expect(watcher.holders.isEmpty)
  }

  @Test func `the firmware binds no tag between its guest's end and the flush`() {
    #expect(m(0).firmware(.activate, tag, at: here) == .success)
    #expect(m(0).firmware(.activate, Tag(0), at: here) == .invalidTag)
    #expect(m(0).firmware(.deactivate, tag, at: here) == .success)
    #expect(m(0).firmware(.activate, tag, at: here) == .fabricFlushRequired)
    #expect(m(0).firmware(.activate, Tag(71), at: here) == .success, "another one's")
    #expect(m(0).firmware(.flushFabric, Tag(0), at: here) == .writeBackRequired)
    m(0).writeBackCache(at: here)
    #expect(m(0).firmware(.flushFabric, Tag(0), at: here) == .writeBackRequired)
    m(1).writeBackCache(at: here)
    #expect(m(0).firmware(.flushFabric, Tag(0), at: here) == .success)
    #expect(m(0).firmware(.activate, tag, at: here) == .success)
  }

  @Test func `whoever finds no tag must find all of them held`() {
    m(0).tagAllocated(Tag(1))
    m(0).noTagFound(from: Tag(1), through: Tag(1))
    #expect(watcher.left.isEmpty)
    m(0).noTagFound(from: Tag(1), through: Tag(2))
    #expect(watcher.left == [2], "never handed out")
    m(0).tagFreed(Tag(1))
    m(0).noTagFound(from: Tag(1), through: Tag(1))
    #expect(watcher.left == [2, 1], "given back")
  }

  @Test func `steps fail as often as they are to, and never unasked`() {
    let failures = (0..<1000).count { _ in m(0).mayFail(at: here) }
    #expect((400...600).contains(failures))
    let small = SmallHardware()
    #expect(!(0..<1000).contains { _ in small[0].mayFail(at: here) })
  }

  @Test func `without keys there is nothing to write back and nothing to refuse`() {
    let small = SmallHardware()
    small[0].touchMemory(under: Tag(1))
    #expect(small[0].firmware(.deactivate, Tag(1), at: here) == .success)
    #expect(small[0].firmware(.flushFabric, Tag(0), at: here) == .success)
    small[0].tagAllocated(Tag(1))
  }
}

/// Keeps what is said of tags.
private final class TagWatcher: MachineWatcher {
  private let kept = HostLock<(holders: [String], left: [UInt64])>(([], []))

  var holders: [String] { kept.withLock { $0.holders } }
  var left: [UInt64] { kept.withLock { $0.left } }

  func rolledOver(_ evidence: RolloverEvidence) -> Set<OracleID> { [] }
  func bug(_ message: String, at site: Site, on pcpu: PCPU) {}

  func reused(_ evidence: LinesLeftEvidence) {
    let holder =
      switch evidence.holder {
      case .cache(let pcpu): "cache \(pcpu.index)"
      case .fabric: "fabric"
      }
    kept.withLock { $0.holders.append(holder) }
  }

  func foundNoTag(_ evidence: TagLeftEvidence) {
    kept.withLock { $0.left.append(evidence.tag.number) }
  }
}

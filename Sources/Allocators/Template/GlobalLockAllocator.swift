// A template: the simplest allocator that is right. One lock, a number for life, no rollover.
// Copy this file, change the algorithm, and add one line to `Runs.swift`.

import Domain
import Machines

/// Gives each VM a tag when it is created and takes it back when it is gone. A freed tag may have
/// translations in some TLB, so it is flushed everywhere before it goes to another VM.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct GlobalLockAllocator<M: Machine>: TagAllocator {
  /// What is kept per VM: its tag. A cell is plain memory; here it is written before the VM's first
  /// entry only.
  public typealias VM = M.Cell
  public typealias VCPU = Void

  private let lock: Lock<M.Word>
  /// One cell a tag, 1 if taken. Guarded by `lock`.
  private let taken: Bank<M.Cell>

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    lock = memory.lock(named: "lock")
    taken = memory.cells(configuration.usableTags + 1, initially: 0, named: "taken")
  }

  public func makeVM(in memory: M.Memory) -> M.Cell { memory.cell(initially: 0, named: "tag") }
  public func makeVCPU(_ number: Int, of vm: M.Cell, in memory: M.Memory) {}
  public func start(from state: InitialState, vms: [M.Cell], on m: M) {}

  public func createVM(_ vm: M.Cell, on m: M) throws(AllocationError) {
    m.acquire(lock, at: Site(1))
    let free = (1..<taken.count).first { m.read(taken[$0]) == 0 }
    if let free { m.write(taken[free], 1) }
    m.release(lock, at: Site(2))
    guard let free else { throw .exhausted }
    m.write(vm, UInt64(free))
  }

  public func destroyVM(_ vm: M.Cell, on m: M) {
    m.invalidate(.tag(Tag(m.read(vm))), on: .everyPCPU, at: Site(3))
    m.waitForInvalidations(at: Site(4))
    m.acquire(lock, at: Site(1))
    m.write(taken[Int(m.read(vm))], 0)
    m.release(lock, at: Site(2))
  }

  @inline(__always)
  public func prepareEntry(_ vcpu: Void, of vm: M.Cell, on m: M) -> Entry {
    Entry(tag: Tag(m.read(vm)), tookFastPath: true)
  }

  @inline(__always)
  public func lateID(of vcpu: Void, of vm: M.Cell, on m: M) -> TagID {
    TagID(tag: Tag(m.read(vm)), generation: 0)
  }

  public func put(_ vcpu: Void, of vm: M.Cell, on m: M) {}

  public func flush(page: UInt64, of vm: M.Cell, on m: M) {
    m.invalidate(.page(Tag(m.read(vm)), page: page), on: .everyPCPU, at: Site(5))
    m.waitForInvalidations(at: Site(6))
  }

  /// Every VM needs a tag, whether it runs or not: here the VMs count, not the pCPUs.
  public static var traits: AllocatorTraits {
    AllocatorTraits(tagScope: .machine, oracles: [.o1, .o2, .o3, .o4, .o7, .o8, .o9]) { _, vms in
      vms
    }
  }

  public static var sites: [SiteDescription] {
    [
      SiteDescription(Site(1), "lock", "acquire", "lock", "acquire", in: "-"),
      SiteDescription(Site(2), "unlock", "release", "lock", "release", in: "-"),
      SiteDescription(Site(3), "drop-tag", "invalidate", "tag", "-", in: "-"),
      SiteDescription(Site(4), "drop-tag-wait", "waitForInvalidations", "-", "-", in: "-"),
      SiteDescription(Site(5), "flush-page", "invalidate", "page", "-", in: "-"),
      SiteDescription(Site(6), "flush-page-wait", "waitForInvalidations", "-", "-", in: "-"),
    ]
  }
}

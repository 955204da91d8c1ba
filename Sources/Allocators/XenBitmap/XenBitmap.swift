// The VMID allocator that was posted for Xen on RISC-V in June 2025: a number per domain for life,
// one bitmap, one lock (xen-devel, "[PATCH v2 03/17] xen/riscv: introduce guest domain's VMID
// allocation and manegement"). What its review asked for is the default of `XenBitmapRules`; what was
// posted is `XenBitmapAsPosted`.

import Domain
import Machines

/// The allocator. A domain gets the lowest free number when it is created and gives it back when it
/// is gone.
///
/// Translations of a dead domain may still be in some TLB, so a number that comes back is marked,
/// and whoever gets it next has it flushed first. Hardware without numbers tells no domain apart:
/// there each switch to a vCPU empties the hart's own TLB.
///
/// Number 0 is left out in every version here: the oracles take it for nobody's. Real VMIDs start
/// with it.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct XenBitmap<M: Machine, Rules: XenBitmapRules>: TagAllocator {
  public typealias VM = XenBitmapVM<M>
  public typealias VCPU = Void

  let parts: Fixed<XenBitmapParts<M>>

  public init(_ configuration: AllocatorConfiguration, in memory: M.Memory) {
    let bits = Rules.tagBits(configuration)
    let highest = min(configuration.usableTags, (1 << bits) - 1 - Rules.lostNumbers)
    parts = memory.fixed(
      XenBitmapParts(
        highest: highest, hasNumbers: bits > 0,
        lock: memory.lock(named: "lock"),
        taken: NumberMap(highest: max(highest, 0), named: "VMIDs taken", in: memory),
        toFlush: NumberMap(highest: max(highest, 0), named: "VMIDs to flush", in: memory)))
  }

  public func makeVM(in memory: M.Memory) -> XenBitmapVM<M> {
    XenBitmapVM(
      number: memory.cell(initially: XenBitmapVM<M>.invalid, named: "VMID"),
      dirty: memory.word(initially: 0, named: "dirty harts"))
  }

  public func makeVCPU(_ number: Int, of vm: XenBitmapVM<M>, in memory: M.Memory) {}

  // MARK: The domain's life

  /// arch_domain_create: p2m_init, p2m_alloc_vmid.
  public func createVM(_ vm: XenBitmapVM<M>, on m: M) throws(AllocationError) {
    // The new domain has run nowhere.
    m.store(vm.dirty, 0, .relaxed, at: XenBitmapSites.createDirty)
    if Rules.firstAttemptFails {
      // Before there is a number: what was made is taken back, and the tool stack tries again.
      Rules.initialise(vm, on: m)
      Rules.free(vm, self, on: m)
    }
    m.write(vm.number, XenBitmapVM<M>.invalid)
    guard hasNumbers else { return m.write(vm.number, 0) }
    m.acquire(lock, at: XenBitmapSites.allocLock)
    let number = taken.firstMissing(upTo: highest, on: m)
    if let number {
      taken.insert(number, on: m)
      m.tagAllocated(Tag(number))
      // Still under the lock: the number's mark and its flush belong together.
      if toFlush.remove(number, on: m) { Rules.flushForReuse(of: number, by: vm, on: m) }
    }
    m.release(lock, at: XenBitmapSites.allocUnlock)
    guard let number else { throw .exhausted }
    m.write(vm.number, number)
  }

  /// arch_domain_destroy: p2m_free_vmid.
  public func destroyVM(_ vm: XenBitmapVM<M>, on m: M) { Rules.free(vm, self, on: m) }

  // MARK: Entering

  /// context_switch: the hart goes into the domain's mask of harts that may hold its translations.
  /// It stays there for the domain's life.
  ///
  /// Fully ordered: pairs with the barrier before `flush`. Either the flush sees the hart, or the
  /// hart's walks see the changed table.
  @inline(__always)
  public func load(_ vcpu: Void, of vm: XenBitmapVM<M>, on m: M) {
    let here = PCPUSet(m.pcpu).rawValue
    if m.load(vm.dirty, .relaxed, at: XenBitmapSites.lookDirty) & here == 0 {
      _ = m.or(vm.dirty, here, .fullyOrdered, at: XenBitmapSites.markDirty)
    }
    if !hasNumbers {
      m.invalidate(.everything, on: .thisPCPU, at: XenBitmapSites.switchFlush)
    }
  }

  @inline(__always)
  public func prepareEntry(_ vcpu: Void, of vm: XenBitmapVM<M>, on m: M) -> Entry {
    Entry(tag: Tag(m.read(vm.number)), tookFastPath: true)
  }

  @inline(__always)
  public func lateID(of vcpu: Void, of vm: XenBitmapVM<M>, on m: M) -> TagID {
    TagID(tag: Tag(m.read(vm.number)), generation: 0)
  }

  // MARK: Leaving

  /// Nothing: a domain's number does not depend on where it runs.
  @inline(__always)
  public func put(_ vcpu: Void, of vm: XenBitmapVM<M>, on m: M) {}

  /// p2m_tlb_flush by the SBI: remote fences by number and page, on the harts of the mask. The
  /// simulated hardware reaches all TLBs or none, so any hart in the mask means all.
  public func flush(page: UInt64, of vm: XenBitmapVM<M>, on m: M) {
    if m.load(vm.dirty, .relaxed, at: XenBitmapSites.flushDirty) == 0 { return }
    m.invalidate(
      .page(Tag(m.read(vm.number)), page: page), on: .everyPCPU, at: XenBitmapSites.flushPage)
    m.waitForInvalidations(at: XenBitmapSites.flushPageWait)
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension XenBitmap {
  /// Every domain needs a number, whether it runs or not. Nothing rolls over: O5 and O6 have nothing
  /// to look at.
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .machine, oracles: [.o1, .o2, .o3, .o4, .o7, .o8, .o9, .o11], leastTagBits: 1
    ) { _, vms in vms + Rules.lostNumbers }
  }

  public static var sites: [SiteDescription] { XenBitmapSites.table }

  /// Nothing: every domain has had its number since it was created, in their order.
  public func start(from state: InitialState, vms: [XenBitmapVM<M>], on m: M) {}
}

/// What the allocator keeps of a domain.
public struct XenBitmapVM<M: Machine>: Sendable {
  /// No number: wider than any number is.
  static var invalid: UInt64 { 1 << 16 }

  /// The domain's number. Written while it is created.
  let number: M.Cell
  /// The harts that it has run on, a bit each.
  let dirty: M.Word
}

/// The parts of the allocator. Handles and numbers; they never change.
struct XenBitmapParts<M: Machine>: Sendable {
  /// The highest number that may be handed out.
  let highest: Int
  /// Whether the hardware has numbers at all.
  let hasNumbers: Bool
  /// Guards the maps.
  let lock: Lock<M.Word>
  /// The numbers that domains have.
  let taken: NumberMap<M>
  /// The numbers that a dead domain had and nobody has had since.
  let toFlush: NumberMap<M>
}

extension XenBitmap {
  var highest: Int { parts.value.highest }
  var hasNumbers: Bool { parts.value.hasNumbers }
  var lock: Lock<M.Word> { parts.value.lock }
  var taken: NumberMap<M> { parts.value.taken }
  var toFlush: NumberMap<M> { parts.value.toFlush }
}

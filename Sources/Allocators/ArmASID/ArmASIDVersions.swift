// The family's versions.

import Domain
import Machines

/// arm64 since a8ffaaa060b8: every step is the default.
public enum Arm64ASID: ArmASIDRules {}

/// arm64 with numbers that stay while a device has them in its own tables.
public enum Arm64ASIDPinned: ArmASIDRules {
  /// As the family's.
  public static var traits: AllocatorTraits { .ofASIDs(canPin: true) }
}

/// arm64 where the hardware threads of a core share one TLB (CnP, 5ffdfaedfa0a): a table without
/// any translation that has a number is installed before the switch decides. What the old process
/// would fill in between, a sibling that already has its number would hit.
public enum Arm64ASIDCnP: ArmASIDRules {
  /// As the family's, and fit for siblings.
  public static var traits: AllocatorTraits { .ofASIDs(mayShareTLB: true) }
  /// cpu_set_reserved_ttbr0 comes first.
  public static var contextLife: ContextLife { .untilSwitch }
}

/// 32-bit ARM without LPAE, as it is today (arch/arm/mm/context.c): a neutral table first, and a
/// fast path that exchanges whatever its slot holds.
public enum Arm32ASID: ArmASIDRules {
  /// cpu_set_reserved_ttbr0 comes first: table and number cannot be changed at once here.
  public static var contextLife: ContextLife { .untilSwitch }

  /// Fully ordered, and too late: by the time the result says that a rollover has emptied the slot,
  /// the slot holds an id again that nobody runs with. The next rollover believes it.
  @inline(__always)
  public static func claim<M: Machine>(
    _ id: UInt64, _ allocator: ArmASID<M, Self>, on m: M
  ) -> Bool {
    guard allocator.isCurrent(id, at: ArmASIDSites.fastGeneration, on: m) else { return false }
    let found = m.exchange(
      allocator.active[m.pcpu], id, .fullyOrdered, at: ArmASIDSites.fastExchange)
    if found == 0 { m.note(.claimLost) }
    return found != 0
  }
}

/// arm64 from 5aec715d7d31 until a8ffaaa060b8: the exchange of 32-bit ARM, the old context live all
/// through the switch.
public enum Arm64ASIDBeforeFix: ArmASIDRules {
  /// The same as on 32-bit ARM, but relaxed.
  @inline(__always)
  public static func claim<M: Machine>(
    _ id: UInt64, _ allocator: ArmASID<M, Self>, on m: M
  ) -> Bool {
    guard allocator.isCurrent(id, at: ArmASIDSites.fastGeneration, on: m) else { return false }
    let found = m.exchange(
      allocator.active[m.pcpu], id, .relaxed, at: ArmASIDSites.fastExchangeRelaxed)
    if found == 0 { m.note(.claimLost) }
    return found != 0
  }
}

/// RISC-V (arch/riscv/mm/context.c): SATP takes table and number at once, from what the switch has
/// decided and not from the process again, and the flush that a rollover ordered comes behind it,
/// when the lock has long been given back.
public enum RISCVASID: ArmASIDRules {
  /// local_flush_tlb_all stands at the end of set_mm_asid.
  public static var flushesAfterSwitch: Bool { true }

  /// The number is that of the switch.
  @inline(__always)
  public static func idToInstall<M: Machine>(
    _ vm: ArmASIDContext<M>, _ allocator: ArmASID<M, Self>, on m: M
  ) -> UInt64 {
    m.read(allocator.decided[m.pcpu])
  }

  /// __flush_context marks number 0, which ran at boot, as in use again.
  @inline(__always)
  public static func orderFlush<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M) {
    allocator.mark(0, in: allocator.numbersInUse, on: m)
    allocator.markAllToFlush(on: m)
  }
}

/// KVM's VMIDs on arm64 with pins, as in a vendor's tree (hisilicon/kernel-dev,
/// arch/arm64/kvm/vmid.c, 057f86dcbfba): each entry decides, whoever leaves says so, and a rollover
/// flushes all TLBs at once. Without the tree's slip: a pinned VM's renewed id is stored here.
public enum Arm64VMIDPinned: ArmASIDRules {
  /// All oracles: a rollover returns when nothing old is left.
  public static var traits: AllocatorTraits {
    AllocatorTraits(
      tagScope: .machine, idWords: ["id", "active", "generation"], canPin: true,
      mayShareTLB: true, leastTags: { pcpus, _ in pcpus + 1 })
  }
  /// As KVM's.
  public static var contextLife: ContextLife { .untilExit }
  /// kvm_arm_vmid_update is called before each entry.
  public static var decidesAtSwitch: Bool { false }

  /// __kvm_flush_vm_context.
  @inline(__always)
  public static func orderFlush<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M) {
    allocator.flushEverywhere(on: m)
  }

  /// kvm_arm_vmid_clear_active.
  @inline(__always)
  public static func leave<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M) {
    allocator.markLeft(on: m)
  }

  /// A pCPU that has run nothing yet has nothing to lose.
  @inline(__always)
  public static func start<M: Machine>(_ allocator: ArmASID<M, Self>, on m: M) {
    allocator.markAllLeft(on: m)
  }
}

/// The first version of KVM's VMIDs on arm64, posted for comments (2021-05-06,
/// <20210506165232.1969-1>): the ASIDs' scheme, pins included, with a decision at each entry. A
/// rollover tells every pCPU to flush for itself, and nobody says that he has left: a pCPU that ran a
/// guest once keeps its number at every rollover.
public enum Arm64VMIDv1: ArmASIDRules {
  /// As the family's.
  public static var traits: AllocatorTraits { .ofASIDs(canPin: true) }
  /// As KVM's.
  public static var contextLife: ContextLife { .untilExit }
  /// kvm_arm_vmid_update is called before each entry.
  public static var decidesAtSwitch: Bool { false }
}

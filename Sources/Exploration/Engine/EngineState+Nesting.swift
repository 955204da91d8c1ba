// VMs that are hypervisors themselves: two walks for a translation, and O13, which judges what a guest
// of a guest is shown.

import Domain
import Machines

extension EngineState {
  /// Both walks: the inner table says which page of the VM, the VM's own table where that is.
  @inline(never)
  mutating func walkNested(
    _ context: Context, _ page: Int, by agent: Int
  ) -> (entry: TableEntry, inner: InnerEntry) {
    touch(context.innerTable &+ page, writes: false, by: agent)
    let inner = TableEntry(bits: words[context.innerTable &+ page])
    let remembered = InnerEntry(inner, of: context.inner)
    guard inner.isValid else { return (TableEntry(bits: 0), remembered) }
    let walked = context.table &+ remembered.page
    touch(walked, writes: false, by: agent)
    return (TableEntry(bits: words[walked]), remembered)
  }

  /// What the entry of `page` under the installed tag remembers of the inner walk.
  @inline(__always)
  func innerEntry(_ pcpu: Int, _ page: Int) -> InnerEntry {
    InnerEntry(bits: hardware.nests ? innerTLBs[place(pcpu, contexts[pcpu].tag, page)] : 0)
  }

  /// O13: the guest has used an entry that was made for somebody else inside its VM, or that its own
  /// hypervisor has flushed.
  @inline(never)
  mutating func judgeInner(_ pcpu: Int, _ page: Int, _ entry: InnerEntry) {
    port.counters[Counter.checksO13.rawValue] &+= 1
    let context = contexts[pcpu]
    if entry.inner != context.inner {
      violate(
        .otherLevel(pcpu: pcpu, tag: context.tag, inner: context.inner, other: entry.inner))
    }
    let perVM = hardware.vcpus / hardware.vmSlots
    let vcpu = context.slot &* perVM &+ Int(truncatingIfNeeded: context.vcpu)
    let oldest = oldestInner[(vcpu &* Inner.count &+ context.inner) &* pages &+ page]
    if entry.version < oldest {
      violate(
        .staleInner(
          pcpu: pcpu, tag: context.tag, inner: context.inner, page: UInt64(page),
          version: entry.version, oldest: oldest))
    }
  }

  /// For O13. Only the vCPU that flushed looks at it, and whoever runs that one comes after: no step of
  /// anybody else's can be in the wrong order with this.
  mutating func innerFlushCompleted(_ object: Int, page: Int, version: UInt64) {
    let place = oldestInner + (object &* pages &+ page)
    place.pointee = max(place.pointee, version)
  }
}

/// What a TLB entry remembers of the inner walk: inner << 56 | page << 32 | version.
struct InnerEntry: Equatable {
  let bits: UInt64

  @inline(__always) init(bits: UInt64) { self.bits = bits }

  @inline(__always) init(_ entry: TableEntry, of inner: Int) {
    bits =
      UInt64(truncatingIfNeeded: inner) &<< 56 | (entry.frame & 0xFF_FFFF) &<< 32 | entry.version
  }

  @inline(__always) var inner: Int { Int(truncatingIfNeeded: bits &>> 56) }
  /// The page of the VM that it leads to.
  @inline(__always) var page: Int { Int(truncatingIfNeeded: bits &>> 32 & 0xFF_FFFF) }
  @inline(__always) var version: UInt64 { bits & 0xFFFF_FFFF }
}

// The context registers of a controlled run: who is in a guest, and under which tag.

import Domain
import Machines

extension EngineState {
  /// The guest of a VM is entered. O1 and O2 look at everybody else who is in a guest.
  mutating func install(_ pcpu: Int, _ table: Int, _ where: UInt64, _ who: UInt64) {
    let owner = VMIdentity(truncatingIfNeeded: who)
    let place = GuestPlace(bits: `where`)
    // The hardware looks at the low bits only, whatever the allocator believes.
    let tag = place.tag & hardwareTagMask
    let slot = place.slot
    touch(objects.context(pcpu), writes: true, by: pcpu)
    touch(objects.vm(slot), writes: true, by: pcpu)
    if tag < tagCount { touch(objects.tag(Int(tag)), writes: true, by: pcpu) }
    contexts[pcpu].isLive = true
    contexts[pcpu].isInGuest = true
    contexts[pcpu].slot = slot
    contexts[pcpu].tag = tag
    contexts[pcpu].owner = owner
    contexts[pcpu].vcpu = place.vcpu
    contexts[pcpu].table = table
    contexts[pcpu].inner = place.inner
    contexts[pcpu].innerTable = Int(truncatingIfNeeded: who &>> 32)
    contexts[pcpu].serial &+= 1
    contexts[pcpu].isStale = place.isStale
    port.counters[Counter.guestEntries.rawValue] &+= 1
    if hardware.tagsAreGlobal { judgeResidency(pcpu, tag, owner) }
    refreshFill(pcpu)
  }

  @inline(__always)
  mutating func judgeResidency(_ pcpu: Int, _ tag: UInt64, _ owner: VMIdentity) {
    let isUntagged = hardware.allowsUntagged && tag == 0
    for other in 0..<pcpuCount where other != pcpu && contexts[other].isInGuest {
      let sameVM = contexts[other].owner == owner
      let sameTag = contexts[other].tag == tag
      if sameVM && !sameTag { violate(.twoTags(pcpu: pcpu, other: other)) }
      if sameTag && !sameVM && !isUntagged { violate(.twoVMs(pcpu: pcpu, other: other)) }
    }
    if port.deviceCount > 0 { judgeDevices(beside: pcpu, tag, owner) }
  }

  mutating func clearContext(_ pcpu: Int) {
    touch(objects.context(pcpu), writes: true, by: pcpu)
    if contexts[pcpu].isInGuest { leaveGuest(pcpu) }
    contexts[pcpu].isLive = false
    refreshFill(pcpu)
  }

  mutating func leaveGuest(_ pcpu: Int) {
    touch(objects.vm(contexts[pcpu].slot), writes: true, by: pcpu)
    if contexts[pcpu].tag < tagCount {
      touch(objects.tag(Int(contexts[pcpu].tag)), writes: true, by: pcpu)
    }
    contexts[pcpu].isInGuest = false
  }

  func contextWord(_ pcpu: Int) -> ContextWord {
    let context = contexts + pcpu
    return context.pointee.isInGuest
      ? ContextWord(
        sequence: context.pointee.serial, slot: VMSlot(context.pointee.slot),
        tag: Tag(context.pointee.tag))
      : ContextWord(emptyAt: context.pointee.serial)
  }
}

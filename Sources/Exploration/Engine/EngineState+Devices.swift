// Devices that share a VM's address space: contexts that are live while none of its vCPUs runs.
//
// What O1, O2 and O6 say of two pCPUs they say of a pCPU and a device as well. Behind the pCPUs'
// numbers come those of the devices: `pcpuCount` + slot.

import Domain
import Machines

extension EngineState {
  /// A device begins to translate for a VM.
  mutating func attachDevice(_ pcpu: Int, _ place: GuestPlace, _ owner: VMIdentity) {
    let tag = place.tag & hardwareTagMask
    let device = devices + place.slot
    touch(objects.vm(place.slot), writes: true, by: pcpu)
    touch(objects.tag(Int(tag)), writes: true, by: pcpu)
    if place.tag == 0 || place.tag > hardware.highestTag {
      violate(.outOfRange(pcpu: pcpu, tag: place.tag))
    }
    if device.pointee.attached == 0 {
      device.pointee.serial &+= 1
    } else if device.pointee.tag != tag {
      let number = pcpuCount &+ place.slot
      violate(.twoTags(pcpu: number, other: number))
    }
    device.pointee.attached &+= 1
    device.pointee.owner = owner
    device.pointee.tag = tag
    if hardware.tagsAreGlobal { judgeResidency(pcpuCount &+ place.slot, tag, owner) }
  }

  /// One device fewer does. Returns how many there were.
  mutating func detachDevice(_ pcpu: Int, _ slot: Int) -> UInt64 {
    let device = devices + slot
    touch(objects.vm(slot), writes: true, by: pcpu)
    let attached = device.pointee.attached
    if attached == 0 { return 0 }
    touch(objects.tag(Int(device.pointee.tag)), writes: true, by: pcpu)
    device.pointee.attached &-= 1
    return UInt64(attached)
  }

  /// O1 and O2 look at the devices, for whoever begins to use `tag`.
  mutating func judgeDevices(beside resident: Int, _ tag: UInt64, _ owner: VMIdentity) {
    for slot in 0..<port.deviceCount
    where devices[slot].attached > 0 && pcpuCount &+ slot != resident {
      let sameVM = devices[slot].owner == owner
      let sameTag = devices[slot].tag == tag
      if sameVM && !sameTag { violate(.twoTags(pcpu: resident, other: pcpuCount &+ slot)) }
      if sameTag && !sameVM { violate(.twoVMs(pcpu: resident, other: pcpuCount &+ slot)) }
    }
  }

  /// A rollover of `pcpu` starts: what devices use must be kept, if they go on using it.
  mutating func noteDevices(rolloverOf pcpu: Int) {
    for slot in 0..<port.deviceCount {
      touch(objects.vm(slot), writes: false, by: pcpu)
      devices[slot].serialAtRollover[pcpu] =
        devices[slot].attached > 0 ? devices[slot].serial : 0
    }
  }

  /// What a device has used ever since the rollover of `pcpu` began.
  mutating func deviceThroughout(_ slot: Int, since pcpu: Int) -> UInt64 {
    touch(objects.vm(slot), writes: false, by: pcpu)
    let device = devices[slot]
    guard device.attached > 0, device.serial == device.serialAtRollover[pcpu] else { return 0 }
    return ContextWord(sequence: device.serial, slot: VMSlot(slot), tag: Tag(device.tag)).bits
  }
}

// VMs come and go. A VM ends when it has sent its messages; its vCPUs retire one by one as they are
// claimed; the last one destroys the VM and creates the next in its slot.

import Domain
import Machines

extension World {
  /// Creates the first VM of every slot, before the pCPUs start. Returns the slots for which there was
  /// nothing left, if the system allows for that.
  func createAll(from state: InitialState?, on m: A.M) throws(AllocationError) -> [VMSlot] {
    var empty: [VMSlot] = []
    allocator.prepare(on: m)
    for slot in 0..<knobs.vms {
      if !A.keepsTables { giveFrames(slot, on: m) }
      if A.nests && nests { makeInnerTables(slot, on: m) }
      do {
        try create(vms + slot, on: m)
      } catch {
        if !A.creationMayFail { throw error }
        empty.append(VMSlot(slot))
      }
    }
    if let state { allocator.start(from: state, vms: (0..<knobs.vms).map { vms[$0].state }, on: m) }
    return empty
  }

  private func giveFrames(_ slot: Int, on m: A.M) {
    for page in 0..<knobs.pagesPerVM {
      // Frame 0 is no frame.
      let entry = TableEntry(
        frame: UInt64(slot * knobs.pagesPerVM + page + 1), version: 0, isValid: false)
      m.store(vms[slot].table[page], entry.bits, .relaxed, at: WorldSite.map)
    }
  }

  /// Makes a VM in an empty place and sets its vCPUs free.
  func create(
    _ vm: UnsafeMutablePointer<VMPlace<A>>, on m: A.M
  ) throws(AllocationError) {
    let identity = m.add(parts.value.lastIdentity, 1, .relaxed, at: WorldSite.churn)
    m.store(vm.pointee.identity, identity & 0xFFFF_FFFF, .relaxed, at: WorldSite.churn)
    try allocator.createVM(vm.pointee.state, on: m)
    setAllValid(vm, true, at: WorldSite.map, on: m)
    for channel in 0..<vm.pointee.channels.count {
      m.store(vm.pointee.channels[channel], 0, .relaxed, at: WorldSite.churn)
    }
    m.store(vm.pointee.retired, 0, .relaxed, at: WorldSite.churn)
    m.store(vm.pointee.workLeft, UInt64(knobs.messagesPerVM), .relaxed, at: WorldSite.churn)
    m.note(.vmsCreated)
    let first = vm.pointee.slot.index * knobs.vcpusPerVM
    for index in first..<(first + knobs.vcpusPerVM) {
      m.store(vcpus[index].need, Need.nothing, .relaxed, at: WorldSite.churn)
      m.write(vcpus[index].lastGeneration, 0)
      if A.nests && nests { resetNesting(of: index, on: m) }
      // Release: whoever claims the vCPU sees the new VM.
      m.store(vcpus[index].claim, VCPUClaim.free, .release, at: WorldSite.churn)
    }
  }

  /// Takes a vCPU of an ended VM out of the run. The caller holds its claim, and it is not loaded.
  @inline(never)
  func retire(_ index: Int, on m: A.M) {
    let vm = vms + vcpus[index].vm
    m.store(vcpus[index].claim, VCPUClaim.retired, .relaxed, at: WorldSite.churn)
    // Acquire and release: the last one sees all that the others did.
    let retired = m.add(vm.pointee.retired, 1, .acquireRelease, at: WorldSite.churn)
    guard retired == UInt64(knobs.vcpusPerVM) else { return }
    destroy(vm, on: m)
    createOrLeaveEmpty(vm, on: m)
  }

  /// Ends a VM. Its frames may be used again at once: nobody runs under its tag.
  func destroy(_ vm: UnsafeMutablePointer<VMPlace<A>>, on m: A.M) {
    setAllValid(vm, false, at: WorldSite.unmap, on: m)
    allocator.destroyVM(vm.pointee.state, on: m)
    m.note(.vmsDestroyed)
  }

  /// Makes all pages that have a frame translate, or none. The frames stay: what was the old VM's
  /// memory is the new one's.
  private func setAllValid(
    _ vm: UnsafeMutablePointer<VMPlace<A>>, _ valid: Bool, at site: Site, on m: A.M
  ) {
    if A.keepsTables { return }
    for page in 0..<knobs.pagesPerVM {
      let old = TableEntry(bits: m.load(vm.pointee.table[page], .relaxed, at: site))
      let new = TableEntry(
        frame: old.frame, version: old.version &+ 1, isValid: valid && old.frame != 0)
      m.store(vm.pointee.table[page], new.bits, .relaxed, at: site)
    }
  }
}

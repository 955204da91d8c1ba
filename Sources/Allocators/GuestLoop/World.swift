// The simulated world: VMs with their stage-2 tables, and vCPUs that any pCPU may claim.

import Domain
import Machines

/// Sites of the world, for pauses and traces.
enum WorldSite {
  static let claim = Site(Site.firstOfTheWorld)
  static let handOver = Site(Site.firstOfTheWorld + 1)
  static let contextSwitch = Site(Site.firstOfTheWorld + 2)
  static let install = Site(Site.firstOfTheWorld + 3)
  static let exit = Site(Site.firstOfTheWorld + 4)
  static let access = Site(Site.firstOfTheWorld + 5)
  static let speculate = Site(Site.firstOfTheWorld + 6)
  static let message = Site(Site.firstOfTheWorld + 7)
  static let work = Site(Site.firstOfTheWorld + 8)
  static let map = Site(Site.firstOfTheWorld + 9)
  static let unmap = Site(Site.firstOfTheWorld + 10)
  static let unmapBarrier = Site(Site.firstOfTheWorld + 11)
  static let churn = Site(Site.firstOfTheWorld + 12)
  static let hotplug = Site(Site.firstOfTheWorld + 13)
  static let requests = Site(Site.firstOfTheWorld + 14)
  static let attach = Site(Site.firstOfTheWorld + 15)
  static let detach = Site(Site.firstOfTheWorld + 16)
  static let edit = Site(Site.firstOfTheWorld + 17)

  /// All of those that live runs reach.
  static let all = (0...14).map { Site(Site.firstOfTheWorld + $0) }
}

/// One place for a VM, with handles that stay while VMs come and go in it.
struct VMPlace<A: TagAllocator> {
  let slot: VMSlot
  /// The allocator's state of the VM.
  let state: A.VM
  /// Stage-2 table: a `TableEntry` a page; or the root of the allocator's own.
  let table: Bank<A.M.Word>
  /// The tables below that root; nil where the table is flat.
  let tablePages: Bank<A.M.Word>?
  /// Messages under way, one word for each group of senders and receivers.
  let channels: Bank<A.M.Word>
  /// Messages that the VM still has to send; it ends when they are sent. Signed.
  let workLeft: A.M.Word
  /// vCPUs of an ended VM that have been taken out of the run.
  let retired: A.M.Word
  /// Who lives here. Written while no vCPU can be claimed and handed over with the claim words; a
  /// word, because whoever counts dead VMs' tags looks at other VMs' as well.
  let identity: A.M.Word
}

/// One vCPU.
struct VCPUPlace<A: TagAllocator> {
  let vm: Int
  /// Its place among its VM's vCPUs.
  let number: Int
  let state: A.VCPU
  let role: Role
  /// The group's channel in `VMPlace.channels`.
  let channel: Int
  /// `VCPUClaim`. Taken with acquire, given back with release: this hands the vCPU over.
  let claim: A.M.Word
  /// What it waits for, a `Need`. Written by who holds the claim, read by who looks for work.
  let need: A.M.Word
  /// The pCPU that ran it last, + 1. Belongs to who holds the claim.
  let lastPCPU: A.M.Cell
  /// The generation of its VM's id at its last entry, for O8. Belongs to who holds the claim.
  let lastGeneration: A.M.Cell
}

/// Part of a vCPU in hackbench-like work.
enum Role { case sender, receiver, loner }

/// State of a vCPU's claim word.
enum VCPUClaim {
  static let free: UInt64 = 0
  static let taken: UInt64 = 1
  /// Its VM has ended; it comes back with the next VM of the slot.
  static let retired: UInt64 = 2
}

/// What a blocked vCPU waits for.
enum Need {
  static let nothing: UInt64 = 0
  static let message: UInt64 = 1
  static let space: UInt64 = 2
}

/// The parts of a world. Handles and constants only; built before the pCPUs start.
///
/// Sendable because nothing behind the pointers changes once the pCPUs run.
struct WorldParts<A: TagAllocator>: @unchecked Sendable {
  let allocator: A
  let knobs: WorldKnobs
  let vms: UnsafeMutablePointer<VMPlace<A>>
  let vcpus: UnsafeMutablePointer<VCPUPlace<A>>
  let vcpuCount: Int
  /// Counts VMs ever created: the source of identities.
  let lastIdentity: A.M.Word
  /// Per tag: slot + 1 << 32 | identity of the VM that last took the slow path with it.
  let lastUser: Bank<A.M.Word>
  /// Per slot, if VMs are pinned at all: its device, a `DeviceState`.
  let devices: Bank<A.M.Word>
  /// Per slot, if VMs may be left out: whether the place is empty, in live runs ...
  let emptiness: Bank<A.M.Word>
  /// ... and, one word, how many are.
  let emptyCount: Bank<A.M.Word>
  /// What VMs that may be hypervisors have.
  let nesting: NestingParts<A.M>
}

/// The world of one run, by reference.
struct World<A: TagAllocator>: Sendable {
  let parts: Fixed<WorldParts<A>>

  var allocator: A { parts.value.allocator }
  var knobs: WorldKnobs { parts.value.knobs }
  var vms: UnsafeMutablePointer<VMPlace<A>> { parts.value.vms }
  var vcpus: UnsafeMutablePointer<VCPUPlace<A>> { parts.value.vcpus }
  var vcpuCount: Int { parts.value.vcpuCount }
  var devices: Bank<A.M.Word> { parts.value.devices }

  /// Groups are of four: two that send to two that receive.
  static var groupSize: Int { 4 }

  init(_ allocator: A, _ plan: WorldPlan, tagBits: Int, in memory: A.M.Memory) {
    let knobs = plan.knobs
    parts = memory.fixed(
      WorldParts(
        allocator: allocator, knobs: knobs,
        vms: .allocate(capacity: knobs.vms),
        vcpus: .allocate(capacity: knobs.vms * knobs.vcpusPerVM),
        vcpuCount: knobs.vms * knobs.vcpusPerVM,
        lastIdentity: memory.word(initially: 0, named: "last identity"),
        lastUser: memory.words(1 << tagBits, initially: 0, .packed, named: "last user"),
        devices: memory.words(
          knobs.pinEvery > 0 ? knobs.vms : 0, initially: 0, .packed, named: "device"),
        emptiness: memory.words(
          A.creationMayFail ? knobs.vms : 0, initially: 0, .packed, named: "empty place"),
        emptyCount: memory.words(
          A.creationMayFail ? 1 : 0, initially: 0, .packed, named: "empty places"),
        nesting: NestingParts(A.nests && plan.nests, knobs, in: memory)))
    let groups = (knobs.vcpusPerVM + Self.groupSize - 1) / Self.groupSize
    for slot in 0..<knobs.vms {
      memory.nowMaking("VM \(slot)")
      let state = allocator.makeVM(at: VMSlot(slot), in: memory)
      let tables = allocator.tables(of: state)
      let place = VMPlace<A>(
        slot: VMSlot(slot),
        state: state,
        table: tables?.table
          ?? memory.words(knobs.pagesPerVM, initially: 0, .packed, named: "stage-2 table"),
        tablePages: tables?.pages,
        channels: memory.words(groups, initially: 0, .ownLine, named: "channel"),
        workLeft: memory.word(initially: 0, named: "work left"),
        retired: memory.word(initially: 0, named: "retired vCPUs"),
        identity: memory.word(initially: 0, named: "identity"))
      (vms + slot).initialize(to: place)
      for number in 0..<knobs.vcpusPerVM {
        memory.nowMaking("vCPU \(slot).\(number)")
        (vcpus + slot * knobs.vcpusPerVM + number).initialize(
          to: makeVCPU(number, of: place, in: memory))
      }
    }
  }

  /// Gives the tables of handles back, after the run.
  func deallocate() {
    vms.deinitialize(count: knobs.vms).deallocate()
    vcpus.deinitialize(count: vcpuCount).deallocate()
  }

  private func makeVCPU(
    _ number: Int, of vm: VMPlace<A>, in memory: A.M.Memory
  ) -> VCPUPlace<A> {
    // What a vCPU's holder writes at every slice shares one line: it moves as one.
    let line = memory.words(2, initially: 0, .packed, named: "claim and need")
    let cells = memory.cells(2, initially: 0, named: "vCPU's own")
    return VCPUPlace(
      vm: vm.slot.index, number: number,
      state: allocator.makeVCPU(number, of: vm.state, in: memory),
      role: role(of: number), channel: number / Self.groupSize,
      claim: line[0], need: line[1], lastPCPU: cells[0], lastGeneration: cells[1])
  }

  /// Even ones send, odd ones receive; one alone in its group does neither.
  private func role(of number: Int) -> Role {
    let group = number / Self.groupSize * Self.groupSize
    let isAlone = min(knobs.vcpusPerVM - group, Self.groupSize) == 1
    return isAlone ? .loner : number % 2 == 0 ? .sender : .receiver
  }
}

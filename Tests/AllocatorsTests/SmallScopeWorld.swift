// A world for the exhaustive search: it makes one operation and says what is wrong afterwards.

import Domain
import Machines
import TestSupport

@testable import Allocators

/// Allocator, reference, and who is in the guest where.
struct SmallScopeWorld<Rules: Arm64VMIDRules> {
  /// All that decides how the world goes on. A state is put back to try another operation.
  struct State {
    var memory: [UInt64]
    var reference: ReferenceVMIDs
    /// By pCPU: the VM in the guest and the number that the hardware got.
    var guests: [Guest?]
  }

  struct Guest: Hashable {
    let vm: Int
    let number: Int
  }

  let scope: SmallScope
  let recorded: RecordedVMIDs<Rules>
  private(set) var state: State
  /// The branches taken so far, in whatever state.
  private(set) var branches: Set<Branch> = []

  init(_ scope: SmallScope) {
    self.scope = scope
    var tagBits = 1
    while 1 << tagBits <= scope.tags { tagBits += 1 }
    recorded = RecordedVMIDs(
      pcpus: scope.pcpus, vms: scope.vms, tagBits: tagBits, usableTags: scope.tags)
    recorded.hardware.isRecording = false
    state = State(
      memory: recorded.hardware.memory.values,
      reference: ReferenceVMIDs(pcpus: scope.pcpus, highest: scope.tags),
      guests: Array(repeating: nil, count: scope.pcpus))
  }

  mutating func restore(_ state: State) {
    self.state = state
    recorded.hardware.memory.values = state.memory
  }

  // MARK: Operations

  /// What may happen next. A guest is re-entered, or left before another one is entered.
  var operations: [ScopeOperation] {
    var operations: [ScopeOperation] = []
    for pcpu in 0..<scope.pcpus {
      let guest = state.guests[pcpu]
      for vm in 0..<scope.vms where guest == nil || guest?.vm == vm || scope.switchesDirectly {
        operations.append(.enter(vm: vm, pcpu: pcpu))
      }
      if guest != nil { operations.append(.put(pcpu: pcpu)) }
    }
    let running = Set(state.guests.compactMap { $0?.vm })
    for vm in 0..<scope.vms where !running.contains(vm) && recorded.id(of: vm) != 0 {
      operations.append(.recreate(vm: vm))
    }
    return operations
  }

  /// Makes `operation`; returns the first thing that is wrong then.
  mutating func perform(_ operation: ScopeOperation) -> ScopeViolation? {
    var violation: ScopeViolation?
    switch operation {
    case .enter(let vm, let pcpu): violation = enter(vm, on: pcpu)
    case .put(let pcpu):
      if let guest = state.guests[pcpu] { recorded.put(guest.vm, on: pcpu) }
      state.guests[pcpu] = nil
      state.reference.put(on: pcpu)
    case .recreate(let vm):
      recorded.recreate(vm)
      state.reference.recreate(vm)
    }
    state.memory = recorded.hardware.memory.values
    return brokenContract() ?? violation ?? brokenBooks()
  }

  private mutating func enter(_ vm: Int, on pcpu: Int) -> ScopeViolation? {
    let hardware = recorded.hardware
    let shouldBeFast = recorded.hasCurrentID(vm) && recorded.active[pcpu] != 0
    let branch = state.reference.branch(vm, on: pcpu)
    let candidates = state.reference.candidates(vm, on: pcpu)
    let before = (
      id: recorded.id(of: vm), counts: hardware.counts, generation: recorded.generation,
      flushes: hardware.machine(0).observeFlushes()
    )

    let entry = recorded.enter(vm, on: pcpu)

    let number = Int(entry.tag.number)
    state.guests[pcpu] = Guest(vm: vm, number: number)
    let rollsOver = recorded.generation != before.generation
    if rollsOver, hardware.machine(0).observeFlushes() == before.flushes { return .noFlush }
    if entry.tookFastPath != shouldBeFast { return .wrongPath }
    let taken = taken(entry, vm, idBefore: before.id, before.counts, rollsOver: rollsOver)
    branches.insert(taken)
    if taken != branch { return .wrongBranch }
    if !candidates.contains(number) || number != recorded.number(of: vm) { return .wrongNumber }
    state.reference.enter(vm, on: pcpu, number: number)
    return nil
  }

  /// The branch that the allocator took, by what it left behind.
  private func taken(
    _ entry: Entry, _ vm: Int, idBefore: UInt64, _ counts: Counts, rollsOver: Bool
  ) -> Branch {
    let now = recorded.hardware.counts
    let renewals: [Counter] = [.retagHitOnePCPU, .retagHitMorePCPUs]
    if entry.tookFastPath { return .fast }
    if renewals.contains(where: { now[$0] != counts[$0] }) { return .renewed }
    if now[.oldNumberStillFree] != counts[.oldNumberStillFree] { return .kept }
    if recorded.id(of: vm) == idBefore { return .alreadyCurrent }
    return rollsOver ? .freshAfterRollover : .fresh
  }

  // MARK: What must hold after every operation

  /// The contract: ranges, uniqueness, and numbers that stay as long as their guests.
  private func brokenContract() -> ScopeViolation? {
    let guests = state.guests.compactMap { $0 }
    let current = (0..<scope.vms).filter { recorded.hasCurrentID($0) }
    let numbers = current.map { recorded.number(of: $0) }
    if !(numbers + guests.map(\.number)).allSatisfy({ (1...scope.tags).contains($0) }) {
      return .outOfRange
    }
    if guests.contains(where: { recorded.number(of: $0.vm) != $0.number }) { return .numberLost }
    if Set(numbers).count != numbers.count { return .sharedNumber }
    for guest in guests {
      if guests.contains(where: { $0.number == guest.number && $0.vm != guest.vm }) {
        return .sharedNumber
      }
    }
    return nil
  }

  /// The allocator's books: bits, lock, interrupts.
  private func brokenBooks() -> ScopeViolation? {
    let bits = recorded.numbersInUse
    let current = (0..<scope.vms).filter { recorded.hasCurrentID($0) }
    let live = current.map { recorded.number(of: $0) } + state.guests.compactMap { $0?.number }
    if !bits.isSuperset(of: live) { return .notMarked }
    if bits != state.reference.taken { return .wrongBits }
    let isRestored =
      recorded.hardware.memory.values[recorded.allocator.lock.word.place] == 0
      && (0..<scope.pcpus).allSatisfy { recorded.hardware.interrupts(of: PCPU($0)) == .enabled }
    return isRestored ? nil : .notRestored
  }
}

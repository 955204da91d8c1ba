// A slice of a fixed program in which the guest is a hypervisor.

import Domain
import Machines

extension ProgramLoop {
  /// Loads a vCPU, does what its L1 does, and puts it. L1 itself makes each step, so it is entered for
  /// one unless it is in already; what the host takes part in is an exit.
  @inline(never)
  func runHypervisor(_ index: Int, _ actions: NestedActions, _ claims: Bool) {
    guard let owner = beginSlice(index, claims) else { return }
    goOn(index, owner)
    var isIn = false
    var control = TLBControl.nothing
    for place in 0..<actions.count {
      switch actions[place] {
      case .enterL1:
        if isIn { leave(index) }
        enterL1(index, owner)
        isIn = true
        access()
      case .edit(let inner, let page):
        if !isIn { enterL1(index, owner) }
        isIn = true
        world.edit(index, Int(inner), Int(page), on: m)
      case .renew(let guest): world.renew(Int(guest), in: index, on: m)
      case .flush(let wanted): control = wanted
      case .invalidatePage(let inner, let page):
        if !isIn { enterL1(index, owner) }
        leave(index)
        isIn = false
        let version = world.invalidate(index, Int(inner), Int(page), on: m)
        m.innerFlushCompleted(
          vcpu: index, inner: Int(inner), page: UInt64(page), version: version)
      case .run(let guest, let entries, let isInterrupted):
        if !isIn { enterL1(index, owner) }
        leave(index)
        isIn = false
        run(Int(guest), of: index, owner, control, isInterrupted ? 0 : Int(entries))
        world.exitNested(index, on: m)
        control = .nothing
      case .stay(let guest):
        if !isIn { enterL1(index, owner) }
        leave(index)
        isIn = false
        run(Int(guest), of: index, owner, control, 1)
      }
    }
    if isIn { leave(index) }
    endSlice(index, claims)
  }

  /// A guest of L1 that was there when the vCPU was put is entered once more; then L1 goes on.
  @inline(never)
  func goOn(_ index: Int, _ owner: VMIdentity) {
    let running = Int(m.read(world.innerState(InnerState.running, of: index)))
    if running == Inner.l1 { return }
    runOnce(running, of: index, owner)
    world.exitNested(index, on: m)
  }

  private func enterL1(_ index: Int, _ owner: VMIdentity) {
    while !enter(index, owner) {}
  }

  /// L1's VMRUN has been intercepted: its guest is entered so often.
  private func run(
    _ guest: Int, of index: Int, _ owner: VMIdentity, _ control: TLBControl, _ entries: Int
  ) {
    world.enterNested(index, guest, control, on: m) { inner, page, version in
      m.innerFlushCompleted(vcpu: index, inner: inner, page: UInt64(page), version: version)
    }
    for _ in 0..<entries { runOnce(guest, of: index, owner) }
  }

  private func runOnce(_ guest: Int, of index: Int, _ owner: VMIdentity) {
    while !enter(index, owner, inner: guest) {}
    m.note(.nestedEntries)
    access()
    leave(index)
  }
}

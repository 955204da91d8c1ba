// O1 and O2 by the ledger: the first entry that breaks one of them is seen, and none before it.

import Domain
import Oracles
import Testing

@Suite("O1 and O2: the ledger") struct LedgerTests {
  private struct Guest: Hashable {
    let vm: Int
    let tag: Int
  }

  /// Everything that 3 pCPUs with 2 VMs and 2 tags can do.
  private final class Exploration {
    let ledger = Ledger(tagBits: 2, vmSlots: 2)
    var guests: [Guest?] = [nil, nil, nil]
    var checked = 0
    var violations = 0
    var wrong: [String] = []

    deinit { ledger.deallocate() }

    /// All ways to go on for so many steps, up to the first violation.
    func explore(_ steps: Int) {
      if steps == 0 { return }
      for pcpu in guests.indices {
        if let guest = guests[pcpu] {
          ledger.leave(VMSlot(guest.vm), Tag(UInt64(guest.tag)))
          guests[pcpu] = nil
          explore(steps - 1)
          _ = ledger.enter(VMSlot(guest.vm), Tag(UInt64(guest.tag)))
          guests[pcpu] = guest
        } else {
          for vm in 0...1 { for tag in 1...2 { enter(Guest(vm: vm, tag: tag), pcpu, steps) } }
        }
      }
    }

    private func enter(_ guest: Guest, _ pcpu: Int, _ steps: Int) {
      let others = guests.compactMap { $0 }
      let sameTag = others.allSatisfy { $0.vm != guest.vm || $0.tag == guest.tag }
      let uniqueTag = others.allSatisfy { $0.tag != guest.tag || $0.vm == guest.vm }
      let verdict = ledger.enter(VMSlot(guest.vm), Tag(UInt64(guest.tag)))
      checked += 1
      if verdict.sameTag != sameTag || verdict.uniqueTag != uniqueTag {
        wrong.append("\(guest) among \(others): \(verdict)")
      }
      if sameTag && uniqueTag {
        guests[pcpu] = guest
        explore(steps - 1)
        guests[pcpu] = nil
      } else {
        violations += 1
      }
      ledger.leave(VMSlot(guest.vm), Tag(UInt64(guest.tag)))
    }
  }

  @Test func `its verdict is the brute force's in every sequence of three pCPUs`() {
    let exploration = Exploration()
    exploration.explore(7)
    #expect(exploration.wrong.isEmpty, "\(exploration.wrong.first ?? "")")
    #expect(exploration.checked > 50_000)
    #expect(exploration.violations > 20_000)
  }

  private func withLedger(_ body: (Ledger) -> Void) {
    let ledger = Ledger(tagBits: 16, vmSlots: 300)
    body(ledger)
    ledger.deallocate()
  }

  @Test func `O1 fires when a VM enters with a second tag`() {
    withLedger { ledger in
      _ = ledger.enter(VMSlot(5), Tag(9))
      let verdict = ledger.enter(VMSlot(5), Tag(8))
      #expect(!verdict.sameTag)
      #expect(verdict.uniqueTag)
      #expect(verdict.otherTag == Tag(9))
    }
  }

  @Test func `O2 fires when a second VM enters with a tag`() {
    withLedger { ledger in
      _ = ledger.enter(VMSlot(5), Tag(9))
      let verdict = ledger.enter(VMSlot(6), Tag(9))
      #expect(verdict.sameTag)
      #expect(!verdict.uniqueTag)
      #expect(verdict.otherVM == VMSlot(5))
    }
  }

  @Test func `many vCPUs of one VM with one tag are right`() {
    withLedger { ledger in
      let verdicts = (0..<200).map { _ in ledger.enter(VMSlot(299), Tag(65_535)) }
      #expect(verdicts.allSatisfy { $0.sameTag && $0.uniqueTag })
      let late = ledger.enter(VMSlot(298), Tag(65_535))
      #expect(!late.uniqueTag)
      #expect(late.otherVM == nil, "there are several")
    }
  }

  @Test func `who has left is forgotten`() {
    withLedger { ledger in
      for round in 0..<1000 {
        let slot = VMSlot(round % 300)
        let verdict = ledger.enter(slot, Tag(9))
        #expect(verdict.sameTag && verdict.uniqueTag)
        ledger.leave(slot, Tag(9))
      }
    }
  }

  @Test func `tag 0 is a tag like any other: its use by two VMs is seen`() {
    withLedger { ledger in
      _ = ledger.enter(VMSlot(0), Tag(0))
      #expect(!ledger.enter(VMSlot(1), Tag(0)).uniqueTag)
      #expect(!ledger.enter(VMSlot(0), Tag(3)).sameTag)
    }
  }
}

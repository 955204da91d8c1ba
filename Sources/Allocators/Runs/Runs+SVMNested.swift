// KVM's ASIDs for SVM where guests run guests of their own: the system and its faults, with their types.

import Domain
import Machines

extension TagSystem {
  private static let posted = "<20250326193619.3714986-1-yosry.ahmed@linux.dev>"

  /// One ASID for each VM, and one for all guests that it runs.
  public static let svmNested = TagSystem(
    "svm-nested",
    "svm-static where guests run guests of their own, under one more ASID of the VM's",
    source:
      "\(posted), patches 15-24; siblings are noted at each switch, INVLPGA reaches other pCPUs, a lock decides on L2's",
    SVMNested<LiveMachine, SVMNestedAsPosted>.self,
    SVMNested<InstrumentedLiveMachine, SVMNestedAsPosted>.self,
    SVMNested<ControlledMachine, SVMNestedAsPosted>.self
  )
  .soaked(on: "nested")
}

extension Fault {
  /// Its faults.
  static let ofSVMNested: [Fault] = [
    nested(
      "B49A", "noted-at-load-only", "a vCPU that was loaded in L2 is not noted under L1's number",
      origin: "<20250326193619.3714986-11-yosry.ahmed@linux.dev>, with patch 16", [.o12],
      in: "nested-siblings", NotedAtLoadOnly.self),
    nested(
      "B54", "host-flushes-current", "a request of the host flushes L1 or L2, whichever is current",
      [.o4, .o13], in: "nested-unmap", HostFlushesCurrent.self),
    nested(
      "B55", "flush-taken-after-switch",
      "a request to flush L2 is taken when L1 is current, or the other way round",
      [.o13, .o12], in: "nested-interrupt", FlushTakenAfterSwitch.self),
    nested(
      "B56", "other-guest-without-flush", "L1 runs another guest, and what the last one left stays",
      [.o13], in: "nested-guests", OtherGuestWithoutFlush.self),
    nested(
      "B57", "everything-but-l1", "L1 flushes everything, and its own translations stay",
      [.o13], in: "nested-flush-all", EverythingButL1.self),
    nested(
      "B58", "page-of-l1", "L1 invalidates a page of its guest, and one of L1's goes",
      [.o13], in: "nested-invlpga", PageOfL1.self),
    nested(
      "B58A", "page-of-l2-here", "L1 invalidates a page of its guest where that did not run last",
      origin: "<20250326194423.3717668-3-yosry.ahmed@linux.dev>", [.o13], in: "nested-invlpga",
      PageOfL2Here.self),
    nested(
      "B58B", "nested-number-without-lock", "2 vCPUs decide on the VM's nested number at a time",
      origin: "<20250326194423.3717668-4-yosry.ahmed@linux.dev>", [.race], in: "nested-siblings",
      detection: .exploration, NestedNumberWithoutLock.self),
  ]

  @inline(__always)
  private static func nested<Rules: SVMNestedRules>(
    _ row: String, _ name: String, _ summary: String, origin: String = "synthetic",
    _ oracles: [OracleID], in scenario: String,
    detection: Fault.Detection = .oracle, _ rules: Rules.Type
  ) -> Fault {
    Fault(
      row, name, summary, origin: origin, oracles: oracles, soakedIn: "nested",
      exploredIn: scenario, detection: detection,
      .system(
        TagSystem(
          .svmNested, with: row, .wrong(row: row, oracle: oracles[0], scenario: "nested"),
          SVMNested<InstrumentedLiveMachine, Rules>.self,
          SVMNested<ControlledMachine, Rules>.self)))
  }
}

// What a program may be, and what is said of one that may not.

import Domain
import Testing

@Suite("A scenario's program") struct ScenarioProgramTests {
  typealias Step = Scenario.ProgramStep

  static let steps: [(String, Step)] = [
    ("0.0", .run(Scenario.ScriptedVCPU(vm: VMSlot(0), index: 0), entries: 1)),
    ("12.3*2", .run(Scenario.ScriptedVCPU(vm: VMSlot(12), index: 3), entries: 2)),
    ("1.0*16", .run(Scenario.ScriptedVCPU(vm: VMSlot(1), index: 0), entries: 16)),
    ("1.0!", .run(Scenario.ScriptedVCPU(vm: VMSlot(1), index: 0), entries: 1, abortsFirst: true)),
    (
      "1.0!*3", .run(Scenario.ScriptedVCPU(vm: VMSlot(1), index: 0), entries: 3, abortsFirst: true)
    ),
    ("unmap 0:1", .unmap(VMSlot(0), page: 1)),
    ("unmap 31:15", .unmap(VMSlot(31), page: 15)),
    ("end 2", .end(VMSlot(2))),
    ("offline", .offline),
    ("online", .online),
    ("pin 0", .pin(VMSlot(0))),
    ("unpin 13", .unpin(VMSlot(13))),
    (
      "1.0: L1, a, edit a:2, invlpga a:2, b*2",
      .nest(
        Scenario.ScriptedVCPU(vm: VMSlot(1), index: 0),
        [
          .enterL1, .run(guest: 1, entries: 1), .edit(inner: 1, page: 2),
          .invalidatePage(inner: 1, page: 2), .run(guest: 2, entries: 2),
        ])
    ),
    (
      "0.0: b...",
      .nest(Scenario.ScriptedVCPU(vm: VMSlot(0), index: 0), [.stay(guest: 2)])
    ),
    (
      "0.1: edit L1:0, invlpga L1:0, renew b, flush, b!, flush all, a",
      .nest(
        Scenario.ScriptedVCPU(vm: VMSlot(0), index: 1),
        [
          .edit(inner: 0, page: 0), .invalidatePage(inner: 0, page: 0), .renew(guest: 2),
          .flushGuest, .run(guest: 2, entries: 1, isInterrupted: true), .flushAll,
          .run(guest: 1, entries: 1),
        ])
    ),
  ]

  @Test(arguments: steps)
  func `a step is read as it is written`(_ text: String, _ step: Step) {
    #expect(Step(parsing: text) == step)
    #expect(step.description == text)
  }

  @Test func `one entry need not be counted`() {
    #expect(Step(parsing: "1.0*1") == Step(parsing: "1.0"))
  }

  static let noSteps = [
    "", " ", "*", "0", "0.", ".0", "0.0.0", "-1.0", "a.b", " 0.0", "0.0 ", "0.0*", "0.0*a",
    "!", "0.0*2!", "0.0!!", "0!.0",
    "0.0*-1",
    "0.0 *2", "0.0*2*2", "*2", "99999999999999999999.0", "0.0*99999999999999999999", "unmap",
    "unmap 0", "unmap 0:", "unmap :1", "unmap 0.1", "unmap 0:1:2", "unmap  0:1", "unmap 0:1 ",
    "unmap 0:-1", "Unmap 0:1", "end", "end ", "end 0.0", "end -1", "end 0 1", "END 0", "run 0.0",
    "pin", "pin 0.0", "unpin", "unpin ", "pin 0 1",
  ]

  @Test(arguments: noSteps)
  func `what is no step is refused`(_ text: String) {
    #expect(Step(parsing: text) == nil)
    #expect(
      SmallScenario.complaint { $0.program = [["0.0"], [text]] }
        == "program of pCPU 1 has \"\(text)\", but a step is VM.vCPU, VM.vCPU*entries, "
        + "unmap VM:page, end VM, pin VM or unpin VM, and where tables have levels unmap VM:page+pages, "
        + "protect VM:page+pages, collapse VM:page or split VM:page; write for example \"0.1*2\" for two "
        + "entries of vCPU 1 of VM 0"
    )
  }

  @Test(
    arguments: [
      ("0.0:", " "), ("0.0:a", " a"), ("0.0: a,b", " b"), ("0.0: a,", " "), ("0.0: c", "c"),
      ("0.0: L1, A", "A"), ("0.0: a!*2", "a!*2"), ("0.0: L1...", "L1..."), ("0.0: ...", "..."),
      ("0.0: L1!", "L1!"), ("0.0: L1*2", "L1*2"),
      ("0.0: edit a", "edit a"), ("0.0: edit c:0", "edit c:0"),
      ("0.0: invlpga a:-1", "invlpga a:-1"),
      ("0.0: renew L1", "renew L1"), ("0.0: flush a", "flush a"), ("0.0: unmap 0:0", "unmap 0:0"),
    ])
  func `what a hypervisor cannot do is refused`(_ text: String, _ wrong: String) {
    #expect(Step(parsing: text) == nil)
    #expect(
      SmallScenario.complaint { $0.program = [["0.0"], [text]] }
        == "program of pCPU 1 lets a hypervisor do \"\(wrong)\", but what it does is L1, a, a*entries, "
        + "a!, a..., edit a:page, invlpga a:page, renew a, flush or flush all (its guests are a and b, L1 is "
        + "itself); write for example \"0.0: L1, a, invlpga a:0, a\"")
  }

  @Test func `a program gives each pCPU its steps`() throws {
    let program = [["0.0", "1.1*2", "unmap 0:1", "end 2", "0.0"], []]
    let scenario = SmallScenario.changed { $0.program = program }
    try scenario.validate()
    let steps = try #require(try scenario.programSteps())
    #expect(steps.map { $0.map(\.description) } == program)
    #expect(try SmallScenario.fresh.programSteps() == nil)
  }

  /// Each at the border, on the right side of it.
  @Test(
    arguments: [
      [["3.1*16", "unmap 3:15", "end 3"], []],
      [["0.0"], ["0.0"]],
      [["end 0"], ["0.0", "end 0"]],
      [["pin 0", "end 0", "unpin 0"], ["pin 1", "0.0", "unpin 1"]],
      [["unmap 0:0", "end 0", "unmap 0:0"], ["unmap 1:0"]],
      [["offline", "online", "0.0", "offline"], ["0.1"]],
      // A second task of pCPU 0.
      [["0.0"], [], ["1.0"]],
    ])
  func `a vCPU may migrate, and a VM end where it is unmapped`(_ program: [[String]]) {
    #expect(SmallScenario.complaint { $0.program = program } == nil)
  }

  @Test(
    arguments: [
      (
        [],
        "program has 0 lists, but there are 2 pCPUs; give at least one list per pCPU, "
          + "[] to one that does nothing"
      ),
      (
        [["0.0", "online"], []],
        "program of pCPU 0 has \"online\" while it is online; a pCPU goes \"offline\" and does nothing "
          + "before it comes \"online\""
      ),
      (
        [["0.0"], ["offline", "0.1"]],
        "program of pCPU 1 has \"0.1\" while it is offline; a pCPU goes \"offline\" and does nothing "
          + "before it comes \"online\""
      ),
      ([[], []], "program has no step; give one pCPU at least one, such as \"0.0\""),
      (
        [["0.0*0"], []],
        "program of pCPU 0 has \"0.0*0\", but a slice of a program has 1 to 16 entries; write so "
          + "many behind the *"
      ),
      (
        [[], ["0.0*17"]],
        "program of pCPU 1 has \"0.0*17\", but a slice of a program has 1 to 16 entries; write so "
          + "many behind the *"
      ),
      (
        [["4.0*2"], []],
        "program of pCPU 0 has \"4.0*2\", but the last vCPU is \"3.1\" (both count from 0); name "
          + "one that is there"
      ),
      (
        [["0.2"], []],
        "program of pCPU 0 has \"0.2\", but the last vCPU is \"3.1\" (both count from 0); name one "
          + "that is there"
      ),
      (
        [["unmap 4:0"], []],
        "program of pCPU 0 has \"unmap 4:0\", but the last VM is 3 (they count from 0); name one "
          + "that is there"
      ),
      (
        [["end 4"], []],
        "program of pCPU 0 has \"end 4\", but the last VM is 3 (they count from 0); name one that "
          + "is there"
      ),
      (
        [["unpin 4"], []],
        "program of pCPU 0 has \"unpin 4\", but the last VM is 3 (they count from 0); name one "
          + "that is there"
      ),
      (
        [["pin 1"], ["end 1"]],
        "program of pCPU 0 has \"pin 1\", but pCPU 1 ends that VM, and whoever pins must know that "
          + "it is there; put both on one pCPU"
      ),
      (
        [["unmap 3:16"], []],
        "program of pCPU 0 has \"unmap 3:16\", but a VM's last page is 15 (they count from 0); "
          + "name one that is there, or raise pagesPerVM"
      ),
      (
        [["4.0: a"], []],
        "program of pCPU 0 has \"4.0: a\", but the last vCPU is \"3.1\" (both count from 0); name "
          + "one that is there"
      ),
      (
        [["0.0: edit a:16"], []],
        "program of pCPU 0 has \"0.0: edit a:16\", but a VM's last page is 15 (they count from 0); "
          + "name one that is there, or raise pagesPerVM"
      ),
      (
        [["0.0: a*17"], []],
        "program of pCPU 0 has \"0.0: a*17\", but a slice of a program has 1 to 16 entries; write so "
          + "many behind the *"
      ),
      (
        [["0.0: flush, a, flush all, edit a:0", "0.0: a"], []],
        "program of pCPU 0 has \"0.0: flush, a, flush all, edit a:0\", but a flush goes with the next "
          + "guest that is run in the slice; write one behind it, such as \"flush, a\""
      ),
      (
        [["0.0: a", "0.0: flush, a..., L1"], []],
        "program of pCPU 0 has \"0.0: flush, a..., L1\", but a guest that is there when the vCPU is put "
          + "is the last one of its slice; write what follows into the next slice"
      ),
      (
        [["0.0: a, a, a, a, a, a, a, a, a, a, a, a, a"], []],
        "program of pCPU 0 has \"0.0: a, a, a, a, a, a, a, a, a, a, a, a, a\", but a hypervisor does at "
          + "most 12 things in a slice; make two slices of it"
      ),
      (
        [["0.0", "end 1"], ["0.0", "unmap 1:2"]],
        "program of pCPU 1 has \"unmap 1:2\", but pCPU 0 ends that VM, and whoever unmaps must "
          + "know that it is there; put both on one pCPU"
      ),
    ])
  func `a program fits the pCPUs, VMs and pages`(_ program: [[String]], _ text: String) {
    #expect(SmallScenario.complaint { $0.program = program } == text)
  }

  @Test func `a program has at most eight pCPUs`() {
    let lists = { (pcpus: Int) in [["0.0"]] + Array(repeating: [String](), count: pcpus - 1) }
    #expect(SmallScenario.complaint { ($0.pcpus, $0.program) = (8, lists(8)) } == nil)
    #expect(
      SmallScenario.complaint { ($0.pcpus, $0.program) = (9, lists(9)) }
        == "pcpus is 9, but a program has at most 8 pCPUs; lower pcpus, or leave program out")
  }
}

// The walk goes every way that the code can go, once, and says how it got where it must not be.

import Testing

@Suite struct ControlFlowWalkTests {
  /// Arrives at entries, follows calls of `inner`, refuses what is locked.
  private func outcome(_ listing: String, from start: UInt64 = 0) -> ControlFlowWalk.Outcome {
    ControlFlowWalk(code: Disassembly(listing)) { instruction in
      switch instruction.kind {
      case .landmark(.entry): .arrive(.entry)
      case .returning: .arrive(.end)
      case .locked: .refuse("locked")
      case .call(let place): place.symbol == "inner" ? .follow : .goOn
      default: .goOn
      }
    }.outcome(from: start)
  }

  @Test func `both ways of a conditional jump are gone`() {
    let outcome = outcome(
      """
      0 <f>:
      0:  nop
      1:  je 5 <f+0x5>
      2:  nopl 0x56540001(%rax)
      5:  ret
      """)
    #expect(outcome.arrivals == [.entry: [2], .end: [5]])
    #expect(outcome.complaints.isEmpty)
  }

  @Test func `a refused instruction comes with its path`() throws {
    let outcome = outcome(
      """
      0 <f>:
      0:  nop
      1:  je 5 <f+0x5>
      2:  jne 4 <f+0x4>
      3:  ret
      4:  lock incl (%rax)
      5:  ret
      """)
    let complaint = try #require(outcome.complaints.first)
    #expect(outcome.complaints.count == 1)
    #expect(complaint.path.map(\.address) == [0, 1, 2, 4])
    #expect(
      complaint.description == """
        locked
          at   4: lock incl (%rax)
          from 0: nop
               1: je 5: not taken
               2: jne 4: taken
        """)
  }

  @Test func `nothing behind a jump is looked at unless something leads there`() {
    let outcome = outcome(
      """
      0 <f>:
      0:  nop
      1:  jmp 3 <f+0x3>
      2:  lock incl (%rax)
      3:  ret
      """)
    #expect(outcome.complaints.isEmpty)
  }

  @Test func `a loop ends the walk`() {
    let outcome = outcome(
      """
      0 <f>:
      0:  nop
      1:  dec %rax
      2:  jne 0 <f>
      3:  jmp 1 <f+0x1>
      """)
    #expect(outcome.arrivals.isEmpty)
    #expect(outcome.complaints.isEmpty)
  }

  @Test func `a followed function returns to its caller, and only there`() {
    let outcome = outcome(
      """
      0 <f>:
      0:  nop
      1:  call 10 <inner>
      2:  nopl 0x56540001(%rax)
      3:  call 10 <inner>
      4:  lock incl (%rax)

      10 <inner>:
      10: je 12 <inner+0x2>
      11: ret
      12: ret
      """)
    #expect(outcome.arrivals == [.entry: [2]])
    #expect(outcome.complaints.isEmpty)
  }

  @Test func `what stands in a followed function counts`() {
    let outcome = outcome(
      """
      0 <f>:
      0:  nop
      1:  call 10 <inner>
      2:  ret

      10 <inner>:
      10: lock incl (%rax)
      11: ret
      """)
    #expect(outcome.complaints.map { $0.path.map(\.address) } == [[0, 1, 0x10]])
    #expect(outcome.arrivals.isEmpty)
  }

  @Test func `a function that calls itself is not followed for ever`() {
    let outcome = outcome(
      """
      0 <f>:
      0:  nop
      1:  call 10 <inner>
      2:  ret

      10 <inner>:
      10: call 10 <inner>
      11: ret
      """)
    #expect(outcome.complaints.map(\.reason) == ["calls itself too deep to follow"])
  }

  @Test(arguments: [
    ("jmp *%rax", "the walk cannot go on from here"),
    ("ud2", "the walk cannot go on from here"),
    ("jmp 99 <elsewhere>", "leads to code that is not in the listing"),
    ("nop", "falls off the end of its function"),
  ])
  func `a path that can't be followed is no good path`(_ last: String, _ reason: String) {
    let outcome = outcome("0 <f>:\n0: nop\n1: \(last)\n\n2 <g>:\n2: ret")
    #expect(outcome.complaints.map(\.reason) == [reason])
    #expect(outcome.arrivals.isEmpty)
  }

  @Test func `a walk from nowhere is no clean walk`() {
    #expect(outcome("0 <f>:\n0: nop", from: 7).complaints.count == 1)
  }
}

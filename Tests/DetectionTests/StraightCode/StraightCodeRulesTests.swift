// The two checks on small loops: one that is right, and one each with something that must not be.

import Testing

@Suite struct StraightCodeRulesTests {
  /// As compiled: load the slot, retry behind the lock or claim, and go round.
  private static let straight = """
    0 <loop>:
    0:  nopl 0x56540001(%rax)
    1:  mov (%rdx,%rsi,8),%rax
    2:  test %rax,%rax
    3:  je 6 <loop+0x6>
    4:  lock cmpxchg %rdx,(%rsi,%rdi,8)
    5:  jmp 0 <loop>
    6:  call 99 <slow>
    7:  jmp 0 <loop>
    """

  /// A put, an ended VM's detour, a barrier's detour, the end, and the next slice.
  private static let freeRange = """
    0 <loop>:
    0:  nopl 0x56540002(%rax)
    1:  movq $0x0,(%rax)
    2:  cmpb $0x1,-0x170(%rbp)
    3:  je 10 <loop+0x10>
    4:  test %r15b,%r15b
    5:  js 9 <loop+0x9>
    6:  call 20 <slice>
    7:  jne 0 <loop>
    8:  ret
    9:  call 98 <__stack_chk_fail@plt>
    10: nopl 0x56540003(%rax)
    11: xchg %rcx,(%rax)
    12: jmp 4 <loop+0x4>

    20 <slice>:
    20: rep stos %rax,%es:(%rdi)
    21: jo 2a <slice+0xa>
    22: nopl 0x56540001(%rax)
    23: lock cmpxchg %rdx,(%rsi,%rdi,8)
    24: ret
    2a: ud2
    """

  private func loop(_ listing: String) throws -> LiveLoop {
    let code = Disassembly(listing)
    return LiveLoop(
      code: code, function: try #require(code.function("loop")), slice: code.function("slice"),
      slowPath: "slow")
  }

  /// `listing` with the instruction at `address` replaced.
  private func changed(_ listing: String, _ address: String, _ instruction: String) -> String {
    listing.split(separator: "\n").map { line in
      line.hasPrefix("\(address):") ? "\(address): \(instruction)" : String(line)
    }.joined(separator: "\n")
  }

  // MARK: From entry to claim

  @Test func `a fast path that claims or takes the lock is straight`() throws {
    #expect(FastPathRules.complaints(about: try loop(Self.straight)).isEmpty)
  }

  @Test(arguments: [
    ("1", "call 99 <swift_retain@plt>", "a call of swift_retain@plt"),
    ("1", "call 99 <slow+0x10>", "a call of a function without a symbol"),
    ("1", "call *0x8(%rax)", "an indirect call or jump"),
    ("2", "lock incq (%rax)", "a locked instruction"),
    ("2", "xchg %rax,(%rdx)", "a locked instruction"),
    ("2", "lfence", "a fence"), ("2", "syscall", "a system call"),
    ("2", "pause", "an instruction that is not known to be harmless"),
    ("2", "rep stos %rax,%es:(%rdi)", "a loop in one instruction"),
    ("3", "jo 99 <elsewhere>", "leads to code that is not in the listing"),
    ("3", "ret", "a return"), ("6", "ud2", "a trap"),
    ("6", "call 99 <slowest>", "a call of slowest"),
    ("6", "jmp 0 <loop>", "comes to the next landmark without a claim"),
    ("4", "mov %rdx,(%rsi,%rdi,8)", "no path comes to a compare-exchange"),
    ("4", "lock cmpxchg %edx,(%rsi,%rdi,8)", "no path comes to a compare-exchange"),
    ("0", "nop", "there is no entry landmark"),
  ])
  func `anything else on the fast path is found`(
    _ address: String, _ instruction: String, _ reason: String
  ) throws {
    let complaints = FastPathRules.complaints(
      about: try loop(changed(Self.straight, address, instruction)))
    #expect(complaints.map(\.reason).contains(reason))
  }

  @Test func `the slow path may be jumped to`() throws {
    let tail = changed(Self.straight, "6", "jmp 99 <slow>")
    #expect(FastPathRules.complaints(about: try loop(tail)).isEmpty)
  }

  // MARK: From put to the next entry

  @Test func `a range without locked instructions is free, whatever stands behind a detour`() throws
  {
    #expect(PutRules.complaints(about: try loop(Self.freeRange)).isEmpty)
  }

  @Test(arguments: [
    ("1", "xchg %rcx,(%rax)", "a locked instruction"),
    ("1", "lock cmpxchg %rcx,(%rax)", "a locked instruction"),
    ("2", "mfence", "a fence"), ("2", "sfence", "a fence"), ("2", "syscall", "a system call"),
    ("2", "int $0x80", "a system call"),
    ("4", "call 99 <swift_beginAccess@plt>", "a call of swift_beginAccess@plt"),
    ("4", "call 99 <memcpy@plt>", "a call of memcpy@plt"),
    ("4", "jmp 99 <swift_once@plt>", "a call of swift_once@plt"),
    ("4", "call *%rax", "an indirect call or jump"),
    ("4", "nopl 0x56540002(%rax)", "comes to a second put without an entry"),
    ("6", "call 24 <slice+0x4>", "a call of a function without a symbol"),
    ("6", "nop", "no path comes to an entry"),
    ("20", "lock incq (%rax)", "a locked instruction"),
    ("20", "call 99 <swift_retain@plt>", "a call of swift_retain@plt"),
    ("0", "nop", "there is no put landmark"),
  ])
  func `anything else in the range is found`(
    _ address: String, _ instruction: String, _ reason: String
  ) throws {
    let complaints = PutRules.complaints(
      about: try loop(changed(Self.freeRange, address, instruction)))
    #expect(complaints.map(\.reason).contains(reason))
  }

  @Test func `a detour that is gone uncovers what it covered`() throws {
    let complaints = PutRules.complaints(about: try loop(changed(Self.freeRange, "10", "nop")))
    #expect(complaints.map { $0.path.map(\.address) } == [[0, 1, 2, 3, 0x10, 0x11]])
  }
}

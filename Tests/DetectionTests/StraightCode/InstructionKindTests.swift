// Every instruction that orders memory accesses is told from those that don't, and what nobody
// has thought of is not taken for harmless.

import Testing

@Suite struct InstructionKindTests {
  private func kind(_ text: String) -> InstructionKind? {
    Disassembly("0000000000000001 <f>:\n   1:\t\(text)\n").instruction(at: 1)?.kind
  }

  @Test(arguments: [
    "mov (%rdx,%rsi,8),%rax", "movq $0x0,(%rax)", "movabs $0x2545f4914f6cdd1d,%r15",
    "movzbl 0x0(%r13),%ecx", "movups %xmm0,-0x50(%rbp)", "mov %fs:0x28,%rax", "incq (%rdx,%rax,1)",
    "shr %cl,%r9", "cmovge %rax,%r14", "cmovgeq %rax, %r14", "cmovl %rax,%r14", "sete %bl",
    "imul 0x48(%r8),%rsi", "idiv %rdi", "test %rax,%rax", "cmpb $0x1,-0x170(%rbp)", "push %rbp",
    "xchg %ax,%ax", "nopl 0x0(%rax,%rax,1)", "cs nopw 0x0(%rax,%rax,1)",
  ])
  func `moves, arithmetic and comparisons are plain`(_ text: String) {
    #expect(kind(text) == .plain)
  }

  @Test(
    arguments: [
      ("nopl 0x56540001(%rax)", .entry), ("nopl 0x56540002(%rax)", .put),
      ("nopl 0x56540003(%rax)", .detour),
    ] as [(String, CodeLandmark)])
  func `landmarks are told by their number`(_ text: String, _ landmark: CodeLandmark) {
    #expect(kind(text) == .landmark(landmark))
  }

  @Test(arguments: ["lock cmpxchg %r12,(%rdx,%rsi,8)", "lock cmpxchgq %rdx, (%rsi)"])
  func `a claim is a locked compare-exchange on 64 bits`(_ text: String) {
    #expect(kind(text) == .compareExchange)
  }

  @Test(arguments: [
    "lock xadd %rsi,(%rax,%rdx,1)", "lock add %rcx,(%rax)", "lock orl $0x0,(%rsp)",
    "lock cmpxchg %ecx,(%rsi)", "lock cmpxchg %r9d,(%rsi)", "lock cmpxchgl %ecx, (%rsi)",
    "lock cmpxchg16b (%rsi)", "xchg %rcx,(%rax)", "xchgq %rcx, (%rax)", "xchg %rcx,0x1234",
    "xchg %rcx,%fs:0x28",
  ])
  func `every other locked instruction is locked, and so is an exchange with memory`(
    _ text: String
  ) {
    #expect(kind(text) == .locked)
  }

  @Test(
    arguments: [
      ("mfence", .fence), ("sfence", .fence), ("lfence", .fence), ("syscall", .system),
      ("int $0x80", .system), ("rep movsq %ds:(%rsi),%es:(%rdi)", .stringMove),
      ("rep stos %al,%es:(%rdi)", .stringMove), ("call *0x8(%rax)", .indirect),
      ("jmp *%rax", .indirect), ("notrack jmp *%rax", .indirect), ("repz ret", .returning),
      ("retq", .returning), ("ud2", .trap),
    ] as [(String, InstructionKind)])
  func `what ends straight code has a kind of its own`(_ text: String, _ expected: InstructionKind)
  {
    #expect(kind(text) == expected)
  }

  @Test(arguments: [
    "pause", "rdtsc", "cpuid", "xadd %rax,(%rdx)", "cmpxchg %rcx,(%rdx)", "movnti %rax,(%rdx)",
    "movntdq %xmm0,(%rdx)", "clflush (%rax)", "xbegin 5", "jrcxz 5 <f+0x4>", "loop 5 <f+0x4>",
    "(bad)", "movsq %ds:(%rsi),%es:(%rdi)", "serialize",
  ])
  func `what is not known is not harmless`(_ text: String) { #expect(kind(text) == .unknown) }
}

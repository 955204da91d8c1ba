// Listings of both objdumps are read alike.

import Testing

@Suite struct DisassemblyTests {
  private static let gnu = """

    tiny:     file format elf64-x86-64

    Disassembly of section .text:

    0000000000001000 <first>:
        1000:\tmov    0x113005(%rip),%rax        # 129de8 <somewhere>
        1007:\tlock cmpxchg %r12,(%rdx,%rsi,8)
        100d:\tjne    1007 <first+0x7>
        1013:\tcall   2000 <second>
        1018:\tcall   *0x8(%rax)
        101b:\tdata16 cs nopw 0x0(%rax,%rax,1)

    0000000000002000 <second>:
        2000:\tret
    """

  private static let llvm = """

    tiny:\tfile format elf64-x86-64

    Disassembly of section .text:

    0000000000001000 <first>:
        1000:      \tmovq\t0x113005(%rip), %rax     # 0x129de8 <somewhere>
        1007:      \tlock
        1008:      \tcmpxchgq\t%r12, (%rdx,%rsi,8)
        100d:      \tjne\t0x1007 <first+0x7>
        1013:      \tcallq\t0x2000 <second>
        1018:      \tcallq\t*0x8(%rax)
        101b:      \tnopw\t%cs:(%rax,%rax)

    0000000000002000 <second>:
        2000:      \tretq
    """

  private func kinds(_ code: Disassembly, of symbol: String) throws -> [InstructionKind] {
    try #require(code.function(symbol)).instructions.map(\.kind)
  }

  @Test(arguments: [gnu, llvm]) func `both spellings give the same code`(_ text: String) throws {
    let code = Disassembly(text)
    #expect(code.symbols == ["first", "second"])
    #expect(
      try kinds(code, of: "first") == [
        .plain, .compareExchange,
        .conditionalJump(CodePlace(address: 0x1007, label: "first+0x7")),
        .call(CodePlace(address: 0x2000, label: "second")), .indirect, .plain,
      ])
    #expect(try kinds(code, of: "second") == [.returning])
    #expect(code.instruction(at: 0x1007)?.operands == ["%r12", "(%rdx,%rsi,8)"])
    #expect(code.instruction(at: 0x1000)?.operands == ["0x113005(%rip)", "%rax"])
    #expect(code.instruction(after: 0x1007)?.address == 0x100d)
  }

  @Test func `the last instruction of a function has none behind it`() {
    let code = Disassembly(Self.gnu)
    #expect(code.instruction(after: 0x101b) == nil)
    #expect(code.instruction(after: 0x2000) == nil)
  }

  @Test func `a function that nobody wants keeps its name only`() {
    let code = Disassembly(Self.gnu, keeping: { $0 == "second" })
    #expect(code.symbols == ["first", "second"])
    #expect(code.functions.map(\.symbol) == ["second"])
    #expect(code.instruction(at: 0x1000) == nil)
  }

  @Test func `a target is a symbol only where the symbol starts`() {
    #expect(CodePlace(address: 1, label: "f").symbol == "f")
    #expect(CodePlace(address: 1, label: "f+0x930").symbol == nil)
    #expect(CodePlace(address: 1, label: "").symbol == nil)
  }
}

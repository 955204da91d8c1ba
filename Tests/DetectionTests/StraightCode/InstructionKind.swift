// What an instruction is to somebody who asks whether code is straight, and whether it leaves the
// store buffer alone. x86-64 only.

/// The landmarks of CHost.h.
enum CodeLandmark: UInt64, Sendable, CaseIterable {
  case entry = 0x5654_0001
  case put = 0x5654_0002
  case detour = 0x5654_0003
}

/// Everything that is not known to be harmless has a kind of its own or is `unknown`.
enum InstructionKind: Equatable, Sendable {
  /// A move, arithmetic, a comparison, a no-operation: no order between memory accesses.
  case plain
  /// `rep movs`, `rep stos`: no order either, but no straight code.
  case stringMove
  case landmark(CodeLandmark)
  case jump(CodePlace)
  case conditionalJump(CodePlace)
  case call(CodePlace)
  /// A call or a jump whose target stands in a register or in memory.
  case indirect
  case returning
  /// ud2: the process dies here.
  case trap
  /// `lock cmpxchg` on 64 bits.
  case compareExchange
  /// Any other locked instruction, and the exchange with memory, which is locked without saying so.
  case locked
  case fence
  /// Into the kernel.
  case system
  case unknown
}

extension Instruction {
  var kind: InstructionKind {
    if let landmark { return .landmark(landmark) }
    if prefixes.contains("lock") {
      return isMnemonic("cmpxchg", wide: true) ? .compareExchange : .locked
    }
    if isMnemonic("xchg") { return operands.contains(where: isMemory) ? .locked : .plain }
    if mnemonic.hasPrefix("call") { return target.map { .call($0) } ?? .indirect }
    if isMnemonic("jmp") { return target.map { .jump($0) } ?? .indirect }
    if mnemonic.hasPrefix("j"), Mnemonics.conditions.contains(mnemonic.dropFirst()) {
      return target.map { .conditionalJump($0) } ?? .unknown
    }
    if isMnemonic("ret") { return .returning }
    if mnemonic == "ud2" { return .trap }
    if ["mfence", "sfence", "lfence"].contains(mnemonic) { return .fence }
    if Mnemonics.system.contains(mnemonic) { return .system }
    if prefixes.contains(where: { $0.hasPrefix("rep") }) {
      return ["movs", "stos"].contains(where: { mnemonic.hasPrefix($0) }) ? .stringMove : .unknown
    }
    return Mnemonics.isPlain(mnemonic) ? .plain : .unknown
  }

  private var landmark: CodeLandmark? {
    guard mnemonic == "nopl", let operand = operands.first, operand.hasPrefix("0x"),
      operand.hasSuffix("(%rax)")
    else { return nil }
    return UInt64(operand.dropFirst(2).dropLast(6), radix: 16)
      .flatMap(CodeLandmark.init(rawValue:))
  }

  /// `wide`: of 64 bits. GNU leaves the suffix out where a register tells the size.
  private func isMnemonic(_ name: String, wide: Bool = false) -> Bool {
    if mnemonic == name {
      return !wide || operands.first.map { Mnemonics.isWideRegister($0) } ?? false
    }
    return mnemonic == name + "q" || !wide && Mnemonics.isSuffixed(mnemonic, name)
  }

  private func isMemory(_ operand: String) -> Bool {
    !operand.hasPrefix("$") && (!operand.hasPrefix("%") || operand.contains(":"))
  }
}

/// Which mnemonics are what. An allow-list: what is missing here is `unknown`, and refused.
private enum Mnemonics {
  static let conditions: Set<Substring> = [
    "o", "no", "b", "c", "nae", "ae", "nb", "nc", "e", "z", "ne", "nz", "be", "na", "a", "nbe",
    "s", "ns", "p", "pe", "np", "po", "l", "nge", "ge", "nl", "le", "ng", "g", "nle",
  ]

  static let system: Set<String> = ["syscall", "sysenter", "int", "int3", "int1", "into"]

  /// May carry a size suffix.
  private static let sized: Set<Substring> = [
    "mov", "movabs", "lea", "push", "pop", "nop",
    "add", "adc", "sub", "sbb", "inc", "dec", "neg", "mul", "imul", "div", "idiv", "mulx",
    "and", "andn", "or", "xor", "not", "test", "cmp",
    "shl", "sal", "shr", "sar", "rol", "ror", "shld", "shrd", "shlx", "shrx", "sarx", "rorx",
    "bt", "bts", "btr", "bsf", "bsr", "tzcnt", "lzcnt", "popcnt", "bswap", "bextr", "bzhi",
  ]

  /// Stand as they are.
  private static let exact: Set<String> = [
    "movzbl", "movzwl", "movzbw", "movzbq", "movzwq", "movsbl", "movswl", "movsbw", "movsbq",
    "movswq", "movslq", "cltq", "cqto", "cltd", "cwtl", "endbr64",
    "movups", "movaps", "movupd", "movapd", "movdqu", "movdqa", "movd", "movlps", "movhps",
    "xorps", "xorpd", "pxor", "por", "pand", "paddq", "psubq", "psrldq", "pslldq", "punpcklqdq",
    "pshufd", "shufps", "movlhps", "movhlps",
  ]

  static func isPlain(_ mnemonic: String) -> Bool {
    if exact.contains(mnemonic) || sized.contains(mnemonic[...]) { return true }
    if "bwlq".contains(mnemonic.last ?? " "), sized.contains(mnemonic.dropLast()) { return true }
    if mnemonic.hasPrefix("set") { return conditions.contains(mnemonic.dropFirst(3)) }
    guard mnemonic.hasPrefix("cmov") else { return false }
    let condition = mnemonic.dropFirst(4)
    return conditions.contains(condition) || conditions.contains(condition.dropLast())
  }

  static func isSuffixed(_ mnemonic: String, _ name: String) -> Bool {
    mnemonic.hasPrefix(name) && mnemonic.count == name.count + 1
      && "bwlq".contains(mnemonic.last ?? " ")
  }

  /// %rax to %r15, not %eax or %r15d.
  static func isWideRegister(_ operand: String) -> Bool {
    operand.hasPrefix("%r") && !"bwd".contains(operand.last ?? " ")
  }
}

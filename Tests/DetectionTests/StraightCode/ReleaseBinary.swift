// The release binary under test, and its machine code as objdump prints it.

import Foundation

enum ReleaseBinary {
  /// Why the machine code can't be looked at in this test run; nil: it can. Says so on stderr, since
  /// a skipped test is easily overlooked.
  static let obstacle: String? = {
    guard let reason = reasonToSkip() else { return nil }
    let notice = """
      NOT CHECKED: that the live machine's fast path is straight code, and that nothing drains the \
      store buffer between put and the next entry: \(reason)

      """
    FileHandle.standardError.write(Data(notice.utf8))
    return reason
  }()

  /// The functions that tests look at; read once.
  static let code = Result { try disassemble() }

  private static func reasonToSkip() -> String? {
    #if !arch(x86_64)
      return "the landmarks and the rules are x86-64's"
    #elseif DEBUG
      return "this is a debug build; run `swift test -c release --filter StraightCode`"
    #else
      if isSanitized { return "sanitizers put calls of their own between the instructions" }
      return objdump == nil ? "neither objdump nor llvm-objdump is in PATH" : nil
    #endif
  }

  private static var isSanitized: Bool {
    guard let process = dlopen(nil, RTLD_NOW) else { return false }
    return ["__tsan_init", "__asan_init"].contains { (name: String) in dlsym(process, name) != nil }
  }

  private static var objdump: URL? {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return ["objdump", "llvm-objdump"].lazy.flatMap { name in folders.map { "\($0)/\(name)" } }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
      .map { URL(fileURLWithPath: $0) }
  }

  private static func disassemble() throws -> Disassembly {
    // The tests run from a bundle in the folder that holds the product. A check of the project may
    // name the one that ships instead: it is built without what the tests need.
    if let named = ProcessInfo.processInfo.environment["VMIDTORTURE_BINARY"] {
      return try disassemble(named)
    }
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let binary = URL(fileURLWithPath: tests).deletingLastPathComponent()
      .appendingPathComponent("vmidtorture").path
    return try disassemble(binary)
  }

  private static func disassemble(_ binary: String) throws -> Disassembly {
    guard FileManager.default.isExecutableFile(atPath: binary) else {
      throw ReleaseBinaryError.missing(binary)
    }
    guard let objdump else { throw ReleaseBinaryError.noObjdump }
    return Disassembly(
      try output(of: objdump, ["-d", "--no-show-raw-insn", binary] + hexadecimal(objdump)),
      keeping: LiveLoop.needs)
  }

  /// LLVM's prints displacements in decimal unless told otherwise; GNU's doesn't know the option.
  private static func hexadecimal(_ objdump: URL) throws -> [String] {
    try output(of: objdump, ["--version"]).contains("LLVM") ? ["--print-imm-hex"] : []
  }

  private static func output(of program: URL, _ arguments: [String]) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = program
    process.arguments = arguments
    process.standardOutput = pipe
    try process.run()
    let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ReleaseBinaryError.failed(program.path, status: process.terminationStatus)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Why there is no listing. In a release test run on x86-64 that is a failure, not a skip.
enum ReleaseBinaryError: Error, CustomStringConvertible {
  case missing(String)
  case noObjdump
  case failed(String, status: Int32)

  var description: String {
    switch self {
    case .missing(let path): "there should be a release binary to disassemble at \(path)"
    case .noObjdump: "objdump has gone from PATH since the run began"
    case .failed(let program, let status): "\(program) ended with status \(status)"
    }
  }
}

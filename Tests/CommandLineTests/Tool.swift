import Foundation

/// The built command line, run as a user runs it: as a process of its own.
enum Tool {
  /// What a finished process left.
  struct Outcome {
    let exitCode: Int32
    let stdout: String
    let stderr: String

    /// The JSON object on the last line of stdout.
    var json: [String: Any] {
      let last = stdout.split(separator: "\n").last.map(String.init) ?? ""
      return (try? JSONSerialization.jsonObject(with: Data(last.utf8))) as? [String: Any] ?? [:]
    }
  }

  /// The binary beside the tests that run now.
  static let path: String = {
    let tests = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0])
    var folder = tests.deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appendingPathComponent("vmidtorture")
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder),
        !isFolder.boolValue
      {
        return candidate.path
      }
      folder.deleteLastPathComponent()
    }
    fatalError("no vmidtorture binary beside \(tests.path); build the package first")
  }()

  /// Runs it to its end.
  static func run(
    _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:]
  ) throws -> Outcome {
    let running = try start(arguments, in: folder, environment: environment)
    return running.finish()
  }

  /// Starts it.
  static func start(
    _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:]
  ) throws -> Running {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let out = Pipe()
    let err = Pipe()
    process.standardOutput = out
    process.standardError = err
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return Running(process: process, out: out, err: err)
  }

  /// A process that runs.
  struct Running {
    let process: Process
    let out: Pipe
    let err: Pipe

    func finish() -> Outcome {
      let stdout = out.fileHandleForReading.readDataToEndOfFile()
      let stderr = err.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return Outcome(
        exitCode: process.terminationStatus, stdout: String(decoding: stdout, as: UTF8.self),
        stderr: String(decoding: stderr, as: UTF8.self))
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }
  }

  /// A folder for one test; the caller removes it.
  static func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("vmidtorture-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}

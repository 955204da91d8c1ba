import Foundation
import Testing

@Suite("Scenario files on the command line") struct ScenarioFileErrorTests {
  private func soak(_ text: String) throws -> Tool.Outcome {
    let folder = try Tool.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("own.json5")
    try text.write(to: file, atomically: true, encoding: .utf8)
    return try Tool.run(["soak", file.path, "--duration", "100ms", "--json"])
  }

  @Test(arguments: [
    ("{ summary: 'x', pcpus: }", "is wanted"),
    ("{ summary: 'x', pcpuz: 2 }", "did you mean pcpus?"),
    ("{ summary: 'x', pcpus: 'two' }", "takes a whole number"),
    ("{ summary: 'x', vms: 0 }", "a run has 1 to 4096 VMs"),
    ("{ summary: 'x', system: 'nobody' }", "no system is called 'nobody'"),
    ("{ pcpus: 2 }", "summary is missing"),
  ])
  func `what is wrong in a file is said, and nothing runs`(_ text: String, _ part: String) throws {
    let outcome = try soak(text)
    #expect(outcome.exitCode == 2)
    #expect(outcome.stderr.contains(part), "\(outcome.stderr)")
    #expect(outcome.stdout.isEmpty)
  }

  @Test func `a file of one gigabyte is refused without being read`() throws {
    let folder = try Tool.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("huge.json5")
    try Data().write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: 1 << 30)
    try handle.close()
    let outcome = try Tool.run(["soak", file.path])
    #expect(outcome.exitCode == 2)
    #expect(outcome.stderr.contains("1073741824 bytes"))
  }

  @Test func `a file that is not there, and a folder, are refused`() throws {
    #expect(try Tool.run(["soak", "/nowhere/x.json5"]).exitCode == 2)
    let folder = try Tool.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let outcome = try Tool.run(["soak", folder.path + "/"])
    #expect(outcome.exitCode == 2)
    #expect(outcome.stderr.contains("it is a directory"))
  }

  @Test func `a file of one's own runs from any folder`() throws {
    let folder = try Tool.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = "{ summary: 'mine', vms: 3, tagBits: 3 } // JSON5"
    try text.write(
      to: folder.appendingPathComponent("mine.json5"), atomically: true, encoding: .utf8)
    let outcome = try Tool.run(
      ["soak", "./mine.json5", "--duration", "200ms", "--json"], in: folder)
    #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    #expect(outcome.json["scenario"] as? String == "mine")
    #expect(outcome.json["vms"] as? Int == 3)
  }

  @Test func `the built-in scenarios are found from any folder`() throws {
    let folder = try Tool.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let outcome = try Tool.run(["soak", "small", "--duration", "200ms", "--json"], in: folder)
    #expect(outcome.exitCode == 0)
    #expect(outcome.json["scenario"] as? String == "small")
  }
}

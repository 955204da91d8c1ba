import Foundation
import Testing

@Suite("Help") struct HelpTests {
  @Test(arguments: [
    "soak", "bench", "explore", "replay", "shrink", "selftest", "list", "plan",
  ])
  func `each command explains itself`(_ command: String) throws {
    let outcome = try Tool.run([command, "--help"])
    #expect(outcome.exitCode == 0)
    #expect(outcome.stderr.isEmpty)
    try expectGolden(command, is: outcome.stdout)
  }

  @Test func `the overview names every command`() throws {
    let outcome = try Tool.run(["--help"])
    #expect(outcome.exitCode == 0)
    try expectGolden("overview", is: outcome.stdout)
  }

  @Test func `without a command the overview is shown and nothing runs`() throws {
    let outcome = try Tool.run([])
    #expect(outcome.exitCode == 2)
    try expectGolden("overview", is: outcome.stdout)
  }

  @Test func `help wins over what is wrong with the rest`() throws {
    #expect(try Tool.run(["soak", "--nonsense", "--help"]).exitCode == 0)
  }

  @Test func `the version is one line`() throws {
    let outcome = try Tool.run(["--version"])
    #expect(outcome.exitCode == 0)
    #expect(outcome.stdout == "vmidtorture 0.1.0\n")
  }

  @Test func `the list of systems, faults and scenarios is as it was`() throws {
    try expectGolden("list-output", is: try Tool.run(["list"]).stdout)
  }

  @Test(arguments: ["arm64-vmid", "kvm-arm-bare"])
  func `the site table of a system is as it was`(_ system: String) throws {
    try expectGolden("sites-\(system)", is: try Tool.run(["list", "--sites", system]).stdout)
  }
}

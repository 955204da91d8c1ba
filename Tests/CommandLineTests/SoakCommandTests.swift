import Foundation
import Testing

@Suite("soak", .serialized) struct SoakCommandTests {
  @Test func `a clean run says so in text, JSON and exit code`() throws {
    let outcome = try Tool.run(["soak", "small", "--duration", "300ms", "--json", "--seed", "7"])
    #expect(outcome.exitCode == 0)
    #expect(outcome.stderr.isEmpty, "progress in a pipe")
    #expect(outcome.stdout.split(separator: "\n").count == 1)
    let json = outcome.json
    #expect(json["command"] as? String == "soak")
    #expect(json["verdict"] as? String == "clean")
    #expect(json["exitCode"] as? Int == 0)
    #expect(json["seed"] as? String == "0x7")
    #expect(json["pcpus"] as? Int == 2)
    #expect((json["guestEntries"] as? Int ?? 0) > 1000)
    let checks = json["oracleChecks"] as? [String: Int] ?? [:]
    #expect(checks["O1"] == json["guestEntries"] as? Int)
    #expect(checks["O5"] == json["rollovers"] as? Int)
    let lookups = (json["tlbHits"] as? Int ?? 0) + (json["tlbFills"] as? Int ?? 0)
    #expect(checks["O3"] == lookups)
    #expect((json["findings"] as? [Any])?.isEmpty == true)

    let text = try Tool.run(["soak", "small", "--duration", "200ms"])
    #expect(text.stdout.hasPrefix("soak small: arm64-vmid, 2 pCPUs"))
    #expect(text.stdout.contains("\nclean: no oracle saw anything"))
    #expect(!text.stdout.contains("\u{1B}"), "colour in a pipe")
  }

  @Test func `who waits for calls gets as many pCPUs as there are cores, or as it is told`() throws
  {
    let words = ["soak", "d06", "--system", "kvm-arm", "--duration", "50ms", "--json"]
    let fitted = try Tool.run(words).json
    let pcpus = min(8, max(2, ProcessInfo.processInfo.activeProcessorCount))
    #expect(fitted["pcpus"] as? Int == pcpus)
    let rerun = fitted["rerun"] as? String ?? ""
    #expect(rerun.contains(" --pcpus \(pcpus) ") == (pcpus < 8), "\(rerun)")
    #expect(try Tool.run(words + ["--pcpus", "3"]).json["pcpus"] as? Int == 3)
    let other = try Tool.run(["soak", "d06", "--duration", "50ms", "--json"]).json
    #expect(other["pcpus"] as? Int == 8)
  }

  @Test func `a fault is found, told and exits with 1`() throws {
    let outcome = try Tool.run(
      ["soak", "small", "--fault", "b09", "--duration", "30s", "--json"])
    #expect(outcome.exitCode == 1)
    #expect(outcome.json["verdict"] as? String == "bug")
    #expect(outcome.json["fault"] as? String == "B09-no-flush-at-rollover")
    let findings = outcome.json["findings"] as? [[String: Any]] ?? []
    #expect(findings.contains { $0["oracle"] as? String == "O5" })
    // It stopped soon after the first finding and not after 30 s.
    #expect((outcome.json["durationSeconds"] as? Double ?? 30) < 15)
  }

  @Test func `keep-going goes on after a finding`() throws {
    let outcome = try Tool.run(
      ["soak", "small", "--fault", "B09", "--duration", "1500ms", "--keep-going", "--json"])
    #expect(outcome.exitCode == 1)
    #expect((outcome.json["durationSeconds"] as? Double ?? 0) >= 1.5)
  }

  @Test func `nothing checked is not clean`() throws {
    let outcome = try Tool.run(
      ["soak", "small", "--oracles", "off", "--duration", "200ms", "--json"])
    #expect(outcome.exitCode == 7)
    #expect(outcome.json["verdict"] as? String == "nothing-checked")
  }

  @Test func `a stall is told with what each pCPU waits for`() throws {
    let outcome = try Tool.run(
      ["soak", "small", "--fault", "H03", "--stall-after", "500ms", "--duration", "30s"])
    #expect(outcome.exitCode == 6)
    #expect(outcome.stdout.contains("STALL"))
    #expect(outcome.stdout.contains("waits for the lock at slow-lock, held by pCPU"))
    #expect(outcome.stdout.contains("O9"))
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends a run with its summary`(_ number: Int32) throws {
    let running = try Tool.start(["soak", "small", "--duration", "1h", "--json"])
    Thread.sleep(forTimeInterval: 1)
    running.signal(number)
    let outcome = running.finish()
    #expect(outcome.exitCode == 0)
    #expect(outcome.json["verdict"] as? String == "clean")
    #expect((outcome.json["guestEntries"] as? Int ?? 0) > 0)
  }

  @Test func `SIGUSR1 prints a status and the run goes on`() throws {
    let running = try Tool.start(["soak", "small", "--duration", "2s", "--json"])
    Thread.sleep(forTimeInterval: 1)
    running.signal(SIGUSR1)
    let outcome = running.finish()
    #expect(outcome.exitCode == 0)
    #expect(outcome.stderr.contains("entries "))
    #expect(outcome.stderr.contains("findings 0"))
    #expect((outcome.json["durationSeconds"] as? Double ?? 0) >= 2)
  }

  @Test func `a stdout that closes ends the run, the verdict on stderr and in the exit code`()
    throws
  {
    let running = try Tool.start(["soak", "small", "--duration", "1h"])
    Thread.sleep(forTimeInterval: 0.5)
    try running.out.fileHandleForReading.close()
    let stderr = running.err.fileHandleForReading.readDataToEndOfFile()
    running.process.waitUntilExit()
    #expect(running.process.terminationStatus == 0)
    #expect(
      String(decoding: stderr, as: UTF8.self)
        == "vmidtorture: stdout was closed; verdict: clean (exit code 0)\n")
  }

  @Test func `the command that a report names repeats the run`() throws {
    let first = try Tool.run(["soak", "small", "--duration", "200ms", "--vms", "5", "--json"])
    let rerun = (first.json["rerun"] as? String ?? "").split(separator: " ").map(String.init)
    let second = try Tool.run(Array(rerun.dropFirst()) + ["--json"])
    for key in ["scenario", "seed", "vms", "pcpus", "tagBits"] {
      #expect("\(first.json[key] ?? "")" == "\(second.json[key] ?? "-")")
    }
  }
}

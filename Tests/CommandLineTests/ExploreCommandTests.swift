import Foundation
import Testing

@Suite("explore, replay, shrink", .serialized) struct ExploreCommandTests {
  /// A folder in which a test leaves its findings.
  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = try Tool.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func findings(_ outcome: Tool.Outcome) -> [[String: Any]] {
    outcome.json["findings"] as? [[String: Any]] ?? []
  }

  /// The options of a search that finds B01.
  private static let b01 = ["explore", "m1-r2", "--fault", "B01", "--seed", "5"]

  @Test func `the JSON has the keys that scripts read and no others`() throws {
    try inFolder { folder in
      let outcome = try Tool.run(Self.b01 + ["--json"], in: folder)
      #expect(outcome.exitCode == 1, "\(outcome.stderr)")
      #expect(
        Set(outcome.json.keys) == [
          "command", "scenario", "system", "fault", "strategy", "model", "seed", "carrier", "jobs",
          "schedules", "events", "distinctTraces", "traceHash", "complete", "bound", "seconds",
          "schedulesPerSecond", "eventsPerSecond", "verdict", "exitCode", "findings",
          "coverage",
        ])
      #expect(outcome.json["verdict"] as? String == "bug")
      let finding = try #require(findings(outcome).first)
      #expect(
        Set(finding.keys) == [
          "oracle", "grade", "summary", "strategy", "index", "seed", "replayFile", "eventsBefore",
          "eventsAfter", "preemptionsBefore", "preemptionsAfter",
        ])
      #expect((finding["eventsAfter"] as? Int ?? 99) <= 25)
      #expect((finding["preemptionsAfter"] as? Int ?? 99) <= 3)
      #expect(outcome.json["schedules"] as? Int == (finding["index"] as? Int ?? 0) + 1)

      let file = finding["replayFile"] as? String ?? ""
      for carrier in ["fiber", "thread"] {
        let replay = try Tool.run(
          ["replay", file, "--carrier", carrier, "--times", "3", "--json"], in: folder)
        #expect(replay.exitCode == 1, "\(replay.stderr)")
        #expect(
          Set(replay.json.keys) == ["verdict", "reproduced", "diverged", "events", "traceHash"])
        #expect(replay.json["reproduced"] as? Bool == true)
      }
    }
  }

  @Test func `a clean search says what it has covered, never that it passed`() throws {
    let outcome = try Tool.run(["explore", "m1-r1", "--schedules", "2000", "--seed", "1"])
    #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    #expect(outcome.stdout.hasPrefix("explore m1-r1: arm64-vmid, strategy portfolio"))
    let last = outcome.stdout.split(separator: "\n").last ?? ""
    #expect(last.hasPrefix("covered  2000 schedules, not a complete search; a bug of depth d"))
    #expect(!outcome.stdout.contains("passed"))
  }

  @Test(arguments: [
    ("e2 --strategy dpor", "complete: every schedule, up to the order of independent steps ("),
    (
      "m1-r1 --strategy dfs --bound 1",
      "complete: every schedule with at most 1 preemption ("
    ),
    ("m1-r1 --strategy delay --bound 1", "complete: every schedule with at most 1 delay ("),
  ])
  func `an exhaustive search says within which bound it is complete`(
    _ line: String, _ bound: String
  ) throws {
    let outcome = try Tool.run(
      ["explore"] + line.split(separator: " ").map(String.init) + ["--json"])
    #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    #expect(outcome.json["complete"] as? Bool == true)
    let text = outcome.json["bound"] as? String ?? ""
    #expect(text.hasPrefix(bound), "\(text)")
    // More than one: a search that gives up what it has not seen would be complete as well.
    #expect((outcome.json["distinctTraces"] as? Int ?? 0) > 10)
  }

  @Test func `an exhaustive search finds, repeats and shrinks, too`() throws {
    try inFolder { folder in
      let outcome = try Tool.run(
        ["explore", "m1-r2", "--fault", "B01", "--strategy", "dfs", "--json"], in: folder)
      #expect(outcome.exitCode == 1, "\(outcome.stderr)")
      let file = findings(outcome).first?["replayFile"] as? String ?? ""
      #expect(file.hasSuffix("-short.json"))
      #expect(try Tool.run(["replay", file], in: folder).exitCode == 1)
    }
  }

  @Test func `the result of so many schedules does not depend on the jobs`() throws {
    try inFolder { folder in
      for line in [["--fault", "B02"], ["--fault", "B02", "--keep-going"], []] {
        let results = try ["1", "2", "3"].map { jobs in
          try Tool.run(
            ["explore", "m1-r2", "--schedules", "3000", "--seed", "9", "--jobs", jobs, "--json"]
              + line, in: folder)
        }
        for key in [
          "schedules", "events", "distinctTraces", "traceHash", "verdict", "bound", "findings",
        ] {
          let values = results.map { [key: $0.json[key] ?? ""] as NSDictionary }
          #expect(values[0] == values[1], "\(key) \(line)")
          #expect(values[0] == values[2], "\(key) \(line)")
        }
      }
    }
  }

  @Test func `two processes run the same schedules`() throws {
    func run(seed: String) throws -> [String: Any] {
      let outcome = try Tool.run(
        ["explore", "m1-r2-tlb", "--schedules", "2000", "--seed", seed, "--json"])
      #expect(outcome.exitCode == 0, "\(outcome.stderr)")
      return outcome.json
    }
    // What the clock decides differs from run to run, and nothing else does.
    let clocked: Set = ["seconds", "schedulesPerSecond", "eventsPerSecond"]
    func repeated(_ json: [String: Any]) -> NSDictionary {
      json.filter { !clocked.contains($0.key) } as NSDictionary
    }
    let first = try run(seed: "7")
    let hash = first["traceHash"] as? String ?? ""
    #expect(hash.hasPrefix("0x") && hash.count > 10, "\(hash)")
    #expect(first["schedules"] as? Int == 2000)
    #expect(repeated(first) == repeated(try run(seed: "7")))
    #expect(try run(seed: "8")["traceHash"] as? String != hash)
  }

  @Test func `seed and index repeat one schedule`() throws {
    try inFolder { folder in
      let first = try #require(try findings(Tool.run(Self.b01 + ["--json"], in: folder)).first)
      let again = try Tool.run(
        Self.b01 + ["--index", "\(first["index"] ?? "")", "--json"], in: folder)
      #expect(again.json["schedules"] as? Int == 1)
      let second = try #require(findings(again).first)
      #expect(second["summary"] as? String == first["summary"] as? String)
      #expect(second["eventsBefore"] as? Int == first["eventsBefore"] as? Int)
    }
  }

  @Test func `the story of a finding is as it was`() throws {
    try inFolder { folder in
      let outcome = try Tool.run(Self.b01 + ["--trace", "t.json", "--json"], in: folder)
      let file = findings(outcome).first?["replayFile"] as? String ?? ""
      try expectGolden("story-b01", is: try Tool.run(["replay", file], in: folder).stdout)
      let trace = try JSONSerialization.jsonObject(
        with: Data(contentsOf: folder.appendingPathComponent("t.json")))
      let events = (trace as? [String: Any])?["traceEvents"] as? [[String: Any]] ?? []
      #expect(events.contains { $0["ph"] as? String == "X" })
      #expect(events.contains { $0["ph"] as? String == "f" })
    }
  }

  @Test func `shrink makes a recorded finding shorter`() throws {
    try inFolder { folder in
      _ = try Tool.run(Self.b01, in: folder)
      let names = try FileManager.default.contentsOfDirectory(
        atPath: folder.appendingPathComponent("vmidtorture-findings").path)
      let long = try #require(names.first { !$0.hasSuffix("-short.json") })
      let outcome = try Tool.run(
        ["shrink", "vmidtorture-findings/\(long)", "--out", "s.json", "--json"], in: folder)
      #expect(outcome.exitCode == 1, "\(outcome.stderr)")
      #expect(
        outcome.json["eventsAfter"] as? Int ?? 99 < outcome.json["eventsBefore"] as? Int ?? 0)
      #expect(try Tool.run(["replay", "s.json"], in: folder).exitCode == 1)
    }
  }

  @Test func `a signal ends a search with its summary`() throws {
    let running = try Tool.start(["explore", "m1-r2", "--time", "1h", "--json"])
    Thread.sleep(forTimeInterval: 0.5)
    running.signal(SIGINT)
    let outcome = running.finish()
    #expect(outcome.exitCode == 0)
    #expect((outcome.json["schedules"] as? Int ?? 0) > 0)
  }

  // MARK: Replay files that are wrong

  private func replay(_ change: (String) -> String) throws -> Tool.Outcome {
    var outcome: Tool.Outcome?
    try inFolder { folder in
      let found = try findings(Tool.run(Self.b01 + ["--json"], in: folder))
      let file = folder.appendingPathComponent(found.first?["replayFile"] as? String ?? "")
      let text = try String(contentsOf: file, encoding: .utf8)
      try change(text).write(to: file, atomically: true, encoding: .utf8)
      outcome = try Tool.run(["replay", file.path], in: folder)
    }
    return try #require(outcome)
  }

  @Test(arguments: [
    ("\"fast-claim\"", "\"fast-clam\"", "the site 'fast-clam', but there is none; did you mean"),
    ("\"generation\"", "\"generatoin\"", "the object 'generatoin', but there is none; did you"),
    ("[\"pcpu1\"", "[\"pcpu9\"", "the agent 'pcpu9', but there is none"),
    ("\"load\"", "\"laod\"", "the kind of step 'laod', but there is none; record it again"),
    ("\"vmidtorture-replay\":1", "\"vmidtorture-replay\":7", "version 7 of the format"),
    ("\"vmidtorture-replay\":1", "\"other\":1", "so it is no replay file"),
    ("B01-fast-path-stores", "B99-nothing", "the fault 'B99-nothing', which this build does not"),
    ("\"system\":\"arm64-vmid\"", "\"system\":\"nobody\"", "nobody"),
    ("\"traceHash\":\"0x", "\"traceHash\":\"zz", "a hexadecimal number with 0x is wanted"),
    ("\"choices\":[[", "\"choices\":[[1],[", "choice 1 is not [agent, kind, object, site, value]"),
    ("\"seed\":", "\"sead\":", "its key seed is missing"),
    ("\"vms\":3", "\"vms\":0", "its scenario cannot run"),
  ])
  func `what is wrong in a replay file is said, and nothing runs`(
    _ old: String, _ new: String, _ part: String
  ) throws {
    let outcome = try replay { text in
      #expect(text.contains(old), "\(old)")
      return text.replacingOccurrences(of: old, with: new)
    }
    #expect(outcome.exitCode == 2, "\(outcome.stdout)")
    #expect(outcome.stderr.contains(part), "\(outcome.stderr)")
    #expect(outcome.stdout.isEmpty)
  }

  @Test func `a truncated replay file is refused`() throws {
    let outcome = try replay { String($0.prefix($0.count / 2)) }
    #expect(outcome.exitCode == 2)
    #expect(outcome.stderr.contains("it is cut off or damaged"))
  }

  @Test func `a replay file of one gigabyte is refused without being read`() throws {
    try inFolder { folder in
      let file = folder.appendingPathComponent("huge.json")
      try Data().write(to: file)
      let handle = try FileHandle(forWritingTo: file)
      try handle.truncate(atOffset: 1 << 30)
      try handle.close()
      let outcome = try Tool.run(["replay", file.path])
      #expect(outcome.exitCode == 2)
      #expect(outcome.stderr.contains("1073741824 bytes, but a replay file has at most 67108864"))
    }
  }

  @Test func `a replay that goes another way stops there and shows both sides`() throws {
    // Without the fault the fast path claims by compare-exchange.
    let outcome = try replay {
      $0.replacingOccurrences(of: "\"fault\":\"B01-fast-path-stores\",", with: "")
    }
    #expect(outcome.exitCode == 4, "\(outcome.stderr)")
    #expect(outcome.stdout.contains("DIVERGED"))
    #expect(outcome.stdout.contains("recorded: pcpu1 store active[1] at fast-claim"))
    #expect(outcome.stdout.contains("pcpu1 compareExchange active[1] at fast-claim"))
  }
}

import Foundation
import Testing

@Suite("bench, selftest, list", .serialized) struct OtherCommandTests {
  @Test func `bench measures every case that is asked for`() throws {
    let outcome = try Tool.run([
      "bench", "--floor", "--case", "floor,clock,fast,fast-false-shared,slow,rollover",
      "--pcpus", "1", "--rounds", "3", "--json",
    ])
    #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    let rows = outcome.json["rows"] as? [[String: Any]] ?? []
    #expect(
      rows.map { $0["case"] as? String } == [
        "floor", "clock", "fast", "fast-false-shared", "slow", "rollover",
      ])
    for row in rows {
      let p50 = row["p50"] as? Int ?? 0
      #expect(p50 > 0 && p50 <= row["max"] as? Int ?? 0)
    }
    // Whatever the machine does, the locked path costs more than the bare instruction.
    let slow = rows[4]["ratioToFloor"] as? Double ?? 0
    #expect(slow > 1)
  }

  @Test func `bench puts systems side by side`() throws {
    let outcome = try Tool.run([
      "bench", "arm64-vmid", "template-global-lock", "--case", "fast", "--pcpus", "1",
      "--rounds", "3", "--json",
    ])
    let rows = outcome.json["rows"] as? [[String: Any]] ?? []
    #expect(rows.map { $0["system"] as? String } == ["arm64-vmid", "template-global-lock"])
  }

  @Test func `bench compares systems, one line of JSON each`() throws {
    let outcome = try Tool.run([
      "bench", "--compare", "arm64-vmid", "template-global-lock", "--rounds", "3", "--time",
      "200ms",
      "--json",
    ])
    #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    let rows = try outcome.stdout.split(separator: "\n").map { line in
      try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
    try #require(rows.map { $0["system"] as? String } == ["arm64-vmid", "template-global-lock"])
    for row in rows {
      #expect(
        Set(row.keys) == [
          "command", "comparison", "system", "verdict", "host", "fast", "slow", "rollover",
          "slicesPerRollover", "tlbEntriesLostPerRollover", "flushes", "d06", "v3AgainstV4",
          "idleVMs",
        ])
      for load in ["d06", "v3AgainstV4", "idleVMs"] {
        let figures = row[load] as? [String: Any] ?? [:]
        #expect(figures["guestEntries"] as? Int ?? 0 > 0)
        let share = figures["fastPathShare"] as? Double ?? -1
        #expect(share >= 0 && share <= 1)
      }
    }
    #expect(rows[0]["rollover"] is [String: Any])
    #expect(rows[1]["rollover"] is NSNull)
  }

  @Test func `selftest finds what it is asked to find`() throws {
    let outcome = try Tool.run(["selftest", "--only", "B09,B11-number-zero", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.stdout)")
    let faults = outcome.json["faults"] as? [[String: Any]] ?? []
    #expect(faults.map { $0["id"] as? String } == ["B09", "B11"])
    #expect(faults.allSatisfy { $0["found"] as? Bool == true })
    #expect(outcome.json["score"] as? Double == 1)
  }

  @Test func `selftest fails when a fault is missed`() throws {
    // No time to find it: a selftest that cannot fail would pass here.
    let outcome = try Tool.run(["selftest", "--only", "B02", "--time", "1us", "--json"])
    #expect(outcome.exitCode == 1)
    #expect(outcome.json["score"] as? Double == 0)
  }

  @Test func `plan shows the operations for a range`() throws {
    let outcome = try Tool.run(["plan", "0x40000", "0x200000", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    #expect(outcome.json["verdict"] as? String == "covered")
    let operations = outcome.json["operations"] as? [[String: Any]] ?? []
    #expect(operations.map { $0["operand"] as? String } == ["0x00007f8000040000"])
  }

  @Test func `plan fails where a version misses pages`() throws {
    let line = ["plan", "0x40000", "0x200000", "--version", "decreasing-masked"]
    let outcome = try Tool.run(line + ["--json"])
    #expect(outcome.exitCode == 1)
    #expect(outcome.json["verdict"] as? String == "under-covered")
    #expect(outcome.json["missing"] as? Int == 1_966_080)
    let text = try Tool.run(line).stdout
    #expect(text.contains("0xffff708000040000"))
    #expect(text.contains("UNDER-COVERED: 1,966,080 of 2,097,152 pages are missed"))
  }

  @Test func `plan shows as many rows as can be read`() throws {
    let outcome = try Tool.run(["plan", "1", "134217728", "--lpa2", "--quiet"])
    #expect(outcome.exitCode == 0)
    #expect(outcome.stdout.contains("more; --json has all of them"))
    #expect(outcome.stdout.split(separator: "\n").count < 50)
    #expect(try Tool.run(["plan", "1", "134217729", "--lpa2"]).exitCode == 2)
  }

  @Test func `list has systems, faults and scenarios as JSON`() throws {
    let outcome = try Tool.run(["list", "--json"])
    let systems = outcome.json["systems"] as? [[String: Any]] ?? []
    #expect(systems.contains { $0["name"] as? String == "arm64-vmid" })
    let faults = outcome.json["faults"] as? [[String: Any]] ?? []
    let ids = faults.compactMap { $0["id"] as? String }
    for id in ["B01", "B02", "B04", "B06", "B09", "B11", "B19", "B22", "B24", "B28"] {
      #expect(ids.contains(id))
    }
    let scenarios = outcome.json["scenarios"] as? [[String: Any]] ?? []
    let names = scenarios.compactMap { $0["name"] as? String }
    #expect(names.starts(with: ["d06", "small", "no-switch-barrier", "m1-r1"]))
  }
}

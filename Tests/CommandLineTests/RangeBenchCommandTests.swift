import Testing

@Suite("bench --range") struct RangeBenchCommandTests {
  @Test func `it prints the thread's tables`() throws {
    let outcome = try Tool.run(["bench", "--range", "--memory", "1", "--vcpus", "1,128"])
    #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    #expect(outcome.stdout.contains("Unmap VM, 4 KiB backing, vCPUs: 1\n"))
    #expect(outcome.stdout.contains("Unmap VM, 2 MiB backing, vCPUs: 128\n"))
    #expect(outcome.stdout.contains("ADJUST_MAPPINGS, 2 MiB backing\n"))
  }

  @Test func `each row is a line of JSON`() throws {
    let outcome = try Tool.run(
      ["bench", "--range", "--memory", "1", "--vcpus", "1,2", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    #expect(outcome.stdout.split(separator: "\n").count == 2 + 1 + 1)
    #expect(outcome.json["measure"] as? String == "Unmap VM")
    #expect(outcome.json["backing"] as? String == "4 KiB")
    let ratio = try #require(outcome.json["threadRatio"] as? Double)
    #expect(abs(ratio - 0.54 / 0.13) < 1e-9)
  }

  @Test func `other features have no figures of the thread beside them`() throws {
    let outcome = try Tool.run(
      ["bench", "--range", "--memory", "1", "--vcpus", "1", "--features", "tlbirange", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    #expect(!outcome.stdout.contains("\"threadRatio\":4"))
    #expect(outcome.json["features"] as? String == "tlbirange")
  }
}

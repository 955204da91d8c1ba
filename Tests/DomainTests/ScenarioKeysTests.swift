// The table of keys and the scenario's properties say the same.

import Domain
import Foundation
import Testing

@Suite("The table of scenario keys") struct ScenarioKeysTests {
  @Test func `every property but the name has exactly one row`() {
    let properties = Mirror(reflecting: Scenario(name: "", summary: "")).children.compactMap(
      \.label)
    #expect(properties.filter { $0 != "name" }.sorted() == Scenario.keys.map(\.name).sorted())
  }

  @Test func `every coded key but the name has exactly one row`() throws {
    let encoded = try JSONEncoder().encode(SmallScenario.everythingSet)
    let keys = try JSONDecoder().decode([String: ScenarioValue].self, from: encoded).keys
    #expect(keys.filter { $0 != "name" }.sorted() == Scenario.keys.map(\.name).sorted())
  }

  @Test(arguments: Scenario.keys.map(\.name))
  func `a row fits into a line and says everything`(_ name: String) throws {
    let key = try #require(Scenario.key(name))
    #expect((1...80).contains(key.meaning.count), "\(key.meaning.count) characters")
    #expect(!key.range.isEmpty)
    #expect(!key.defaultText.isEmpty)
  }

  @Test(
    arguments: [
      ("system", "--system", "arm64-vmid", "a name that `list` shows"),
      ("pcpus", "--pcpus", "2", "1 ... 64 pCPUs"),
      ("vcpusPerVM", "--vcpus", "2", "1 ... 64 vCPUs"),
      ("tagBits", "--tag-bits", "4", "1 ... 16 bits"),
      ("usableTags", "--usable-tags", "2^tagBits - 1", "1 ... 2^tagBits - 1 tags"),
      ("fewTags", "--few-tags", "false", "true or false"),
      (
        "entriesPerSlice", "--entries-per-slice", "[1, 16]",
        "[fewest, most], 1 <= fewest <= most <= 1024"
      ),
      ("pagesPerVM", "--pages-per-vm", "16", "1 ... 4096 pages"),
      ("longStayEvery", "--long-stay-every", "32", "0 ... 1000000000 slices (0 = never)"),
      ("suspendEvery", "--suspend-every", "4096", "0 ... 1000000000 slices (0 = never)"),
      ("contextSwitchBarrier", "--context-switch-barrier", "true", "true or false"),
      ("duration", "--duration", "10s", "1ms ... 366d"),
      ("perturb", "--perturb", "off", "off, light or heavy"),
      ("oracles", "--oracles", "exact", "exact, sampled or off"),
      ("stallAfter", "--stall-after", "10s", "100ms ... 1h"),
      ("watchdogEvery", "--watchdog-every", "1ms", "10us ... 1s"),
    ])
  func `a row derives option, default and range`(
    _ name: String, _ option: String, _ defaultText: String, _ range: String
  ) throws {
    let key = try #require(Scenario.key(name))
    #expect(key.option == option)
    #expect(key.defaultText == defaultText)
    #expect(key.range == range)
  }

  @Test func `only what an option cannot say has none`() {
    let without = Scenario.keys.filter { $0.option == nil }.map(\.name)
    #expect(without == ["summary", "initialState", "script", "program"])
  }

  @Test func `a default that is shown and read back is the default`() throws {
    var scenario = Scenario(name: "a", summary: "b")
    let fresh = scenario
    let follow = ["usableTags", "hardwareTagBits"]
    for key in Scenario.keys where key.option != nil && !follow.contains(key.name) {
      let text = key.name == "entriesPerSlice" ? "1,16" : key.defaultText
      try scenario.set(key, to: text)
    }
    #expect(scenario == fresh)
  }
}

@Suite("Nearest names") struct NearestNameTests {
  private static let names = Scenario.keys.map(\.name)

  @Test(
    arguments: [
      ("tagbits", "tagBits"), ("tag_bits", "tagBits"), ("tag-bits", "tagBits"),
      ("pcpu", "pcpus"), ("vcpus", "vcpusPerVM"), ("vm", "vms"), ("perturbation", "perturb"),
      ("vmsAlive", "vms"),
      ("sumary", "summary"), ("contextSwitchBarier", "contextSwitchBarrier"),
      ("TAGBITS", "tagBits"), ("unmapEvry", "unmapEvery"),
    ])
  func `a slip of the hand is understood`(_ given: String, _ meant: String) {
    #expect(nearestName(to: given, among: Self.names) == meant)
  }

  @Test(arguments: ["", "-", "x", "colour", String(repeating: "a", count: 100_000)])
  func `what is near nothing gets no suggestion`(_ given: String) {
    #expect(nearestName(to: given, among: Self.names) == nil)
  }
}

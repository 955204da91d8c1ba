// What a scenario may be: each check is seen to pass on one side of its border and to fail on the
// other, with the exact text.

import Domain
import Foundation
import Testing

@Suite("A scenario's values alone") struct ScenarioValueRangeTests {
  @Test func `the defaults are valid`() throws { try SmallScenario.fresh.validate() }

  @Test func `a scenario with every key set is valid`() throws {
    try SmallScenario.everythingSet.validate()
  }

  /// Key, lowest and highest value, and the text's middle part. fewTags is on, so that pcpus and
  /// tagBits can reach their borders alone.
  static let limits: [(String, Int, Int, String)] = [
    ("pcpus", 1, 64, "a run has 1 to 64 pCPUs; give --pcpus 1 ... 64"),
    ("vms", 1, 4096, "a run has 1 to 4096 VMs; give --vms 1 ... 4096"),
    ("vcpusPerVM", 1, 64, "a VM has 1 to 64 vCPUs; give --vcpus 1 ... 64"),
    ("tagBits", 1, 16, "a tag has 1 to 16 bits; give --tag-bits 1 ... 16"),
    ("pagesPerVM", 1, 4096, "a VM maps 1 to 4096 pages; give --pages-per-vm 1 ... 4096"),
    (
      "accessesPerEntry", 0, 64,
      "an entry makes 0 to 64 accesses; give --accesses-per-entry 0 ... 64"
    ),
    (
      "longStayEvery", 0, 1_000_000_000,
      "it counts 0 to 1000000000 slices; give --long-stay-every 0 ... 1000000000 (0 = never)"
    ),
    (
      "longStayAccesses", 0, 100_000,
      "a long stay makes 0 to 100000 accesses; give --long-stay-accesses 0 ... 100000"
    ),
    (
      "hackbenchRuns", 1, 1_000_000,
      "a VM makes 1 to 1000000 runs; give --hackbench-runs 1 ... 1000000"
    ),
    (
      "messagesPerRun", 1, 1_000_000_000,
      "a hackbench run sends 1 to 1000000000 messages; give --messages-per-run 1 ... 1000000000"
    ),
    (
      "messageEvery", 0, 1_000_000_000,
      "it counts 0 to 1000000000 entries; give --message-every 0 ... 1000000000 (0 = never)"
    ),
    (
      "channelCapacity", 1, 1_000_000,
      "a channel holds 1 to 1000000 messages; give --channel-capacity 1 ... 1000000"
    ),
    (
      "unmapEvery", 0, 1_000_000_000,
      "it counts 0 to 1000000000 slices; give --unmap-every 0 ... 1000000000 (0 = never)"
    ),
    (
      "speculateEvery", 0, 1_000_000_000,
      "it counts 0 to 1000000000 entries; give --speculate-every 0 ... 1000000000 (0 = never)"
    ),
    (
      "suspendEvery", 0, 1_000_000_000,
      "it counts 0 to 1000000000 slices; give --suspend-every 0 ... 1000000000 (0 = never)"
    ),
    (
      "migrateEvery", 0, 1_000_000_000,
      "it counts 0 to 1000000000 slices; give --migrate-every 0 ... 1000000000 (0 = never)"
    ),
  ]

  @Test(arguments: limits)
  func `a number may be at either end of its range and not beyond`(
    _ name: String, _ lowest: Int, _ highest: Int, _ text: String
  ) throws {
    let key = try #require(Scenario.key(name))
    var scenario = SmallScenario.changed { $0.fewTags = true }
    for value in [lowest, highest] {
      try scenario.set(key, to: "\(value)")
      #expect(throws: Never.self) { try scenario.validate() }
    }
    for value in [lowest - 1, highest + 1, Int.min, Int.max] {
      try scenario.set(key, to: "\(value)")
      let error = #expect(throws: ScenarioError.self) { try scenario.validate() }
      #expect(error?.description == "\(name) is \(value), but \(text)")
    }
  }

  @Test(
    arguments: [
      ("duration", ["1ms", "366d"], ["999us"], "give --duration 1ms ... 366d"),
      ("stallAfter", ["100ms", "1h"], ["99ms", "3601s"], "give --stall-after 100ms ... 1h"),
      ("watchdogEvery", ["10us", "1s"], ["9us", "1001ms"], "give --watchdog-every 10us ... 1s"),
    ])
  func `a duration may be at either end of its range and not beyond`(
    _ name: String, _ good: [String], _ bad: [String], _ advice: String
  ) throws {
    let key = try #require(Scenario.key(name))
    var scenario = SmallScenario.fresh
    for value in good {
      try scenario.set(key, to: value)
      #expect(throws: Never.self) { try scenario.validate() }
    }
    for value in bad {
      try scenario.set(key, to: value)
      let error = #expect(throws: ScenarioError.self) { try scenario.validate() }
      let wanted = "\(name) is \(value), which is out of its range; \(advice)"
      #expect(error?.description == wanted)
    }
  }

  @Test func `a duration that was set to more than a year or to nothing is refused`() {
    #expect(
      SmallScenario.complaint { $0.duration = .seconds(366 * 86_400 + 1) }
        == "duration is 31622401s, which is out of its range; give --duration 1ms ... 366d")
    #expect(
      SmallScenario.complaint { $0.duration = .zero }
        == "duration is 0s, which is out of its range; give --duration 1ms ... 366d")
  }

  @Test(arguments: [("", ""), (" \t", " \\t"), ("a\nb", "a\\nb")])
  func `a summary is one line of text`(_ summary: String, _ shown: String) {
    #expect(
      SmallScenario.complaint { $0.summary = summary }
        == "summary is \"\(shown)\", but it is one line of text; say what the scenario shows")
  }

  @Test(arguments: [[1, 1], [1024, 1024], [1, 1024]])
  func `entries per slice may be at either end`(_ pair: [Int]) {
    #expect(SmallScenario.complaint { $0.entriesPerSlice = pair } == nil)
    let range = SmallScenario.changed { $0.entriesPerSlice = pair }.entriesPerSliceRange
    #expect([range.lowerBound, range.upperBound] == pair)
  }

  @Test(
    arguments: [
      ([], "[]"), ([1], "[1]"), ([0, 1], "[0, 1]"), ([2, 1], "[2, 1]"), ([1, 1025], "[1, 1025]"),
      ([1, 2, 3], "[1, 2, 3]"),
    ])
  func `entries per slice are a fewest and a most`(_ pair: [Int], _ shown: String) {
    #expect(
      SmallScenario.complaint { $0.entriesPerSlice = pair }
        == "entriesPerSlice is \(shown), but a fewest and a most are wanted; "
        + "write for example entriesPerSlice: [1, 16] or give --entries-per-slice 1,16")
  }
}

@Suite("A scenario's values together") struct ScenarioTogetherTests {
  @Test func `usable tags default to all that the tag bits give`() {
    #expect(SmallScenario.fresh.usableTagCount == 15)
    #expect(SmallScenario.changed { $0.usableTags = 7 }.usableTagCount == 7)
    #expect(SmallScenario.changed { $0.tagBits = 16 }.usableTagCount == 65_535)
  }

  @Test(arguments: [(3, 15), (15, 15)])
  func `usable tags may be as many as tags are needed and as there are`(_ tags: Int, _ all: Int) {
    #expect(SmallScenario.complaint { $0.usableTags = tags } == nil)
  }

  @Test(arguments: [-1, 0, 16])
  func `usable tags are among the tags`(_ tags: Int) {
    #expect(
      SmallScenario.complaint { $0.usableTags = tags }
        == "usableTags is \(tags), but tagBits 4 gives 15; "
        + "give --usable-tags 1 ... 15, or leave usableTags out for all of them")
  }

  @Test func `too few tag bits for the pCPUs are refused`() {
    let text =
      "8 pCPUs need at least 9 usable tags (one more than pCPUs), but tagBits 3 gives 7; raise "
      + "tagBits, lower pcpus, or set fewTags: true to run into exhaustion on purpose"
    #expect(SmallScenario.complaint { ($0.pcpus, $0.tagBits) = (8, 3) } == text)
    #expect(SmallScenario.complaint { ($0.pcpus, $0.tagBits) = (6, 3) } == nil)
  }

  @Test func `cores are whole`() {
    #expect(
      SmallScenario.complaint { ($0.pcpus, $0.threadsPerCore) = (3, 2) }
        == "threadsPerCore is 2, but 3 pCPUs are no whole number of such cores; give pcpus as a "
        + "multiple of threadsPerCore")
    #expect(SmallScenario.complaint { ($0.pcpus, $0.threadsPerCore) = (4, 2) } == nil)
  }

  @Test func `too few usable tags for the pCPUs are refused`() {
    let text =
      "2 pCPUs need at least 3 usable tags (one more than pCPUs), but usableTags is 2; raise "
      + "usableTags, lower pcpus, or set fewTags: true to run into exhaustion on purpose"
    #expect(SmallScenario.complaint { $0.usableTags = 2 } == text)
  }

  @Test func `one pCPU needs two tags`() {
    let text =
      "1 pCPU needs at least 2 usable tags (one more than pCPUs), but tagBits 1 gives 1; raise "
      + "tagBits, lower pcpus, or set fewTags: true to run into exhaustion on purpose"
    #expect(SmallScenario.complaint { ($0.pcpus, $0.tagBits) = (1, 1) } == text)
  }

  @Test func `too few tags may be meant`() {
    #expect(SmallScenario.complaint { ($0.usableTags, $0.fewTags) = (1, true) } == nil)
    #expect(SmallScenario.complaint { ($0.pcpus, $0.tagBits, $0.fewTags) = (64, 1, true) } == nil)
  }

  @Test(arguments: [[0, 0, 0, 0], [1, 2, 3, 15], [0, 15, 0, 1]])
  func `initial numbers may be any usable tags, or none yet`(_ numbers: [Int]) {
    #expect(SmallScenario.complaint { $0.initialState = .init(numbers: numbers) } == nil)
  }

  @Test(
    arguments: [
      (
        [1, 2, 3],
        "initialState has 3 numbers, but there are 4 VMs; give one number per VM (0 = none yet)"
      ),
      (
        [1],
        "initialState has 1 number, but there are 4 VMs; give one number per VM (0 = none yet)"
      ),
      (
        [0, 0, 16, 0],
        "initialState gives VM 2 the number 16, but usable tags end at 15; "
          + "give 0 (none yet) or 1 ... 15"
      ),
      (
        [-1, 0, 0, 0],
        "initialState gives VM 0 the number -1, but usable tags end at 15; "
          + "give 0 (none yet) or 1 ... 15"
      ),
      (
        [3, 0, 3, 0],
        "initialState gives the number 3 to VM 0 and to VM 2, but no two VMs share one; "
          + "give another, or 0 (none yet)"
      ),
    ])
  func `initial numbers are one per VM, usable, and different`(_ numbers: [Int], _ text: String) {
    #expect(SmallScenario.complaint { $0.initialState = .init(numbers: numbers) } == text)
  }

  @Test func `usable tags bound the initial numbers`() {
    let text =
      "initialState gives VM 3 the number 6, but usable tags end at 5; "
      + "give 0 (none yet) or 1 ... 5"
    let state = Scenario.InitialState(numbers: [0, 1, 5, 6], full: true)
    #expect(SmallScenario.complaint { ($0.usableTags, $0.initialState) = (5, state) } == text)
  }

  @Test func `a number of VMs that was overridden must still fit the initial numbers`() {
    let state = Scenario.InitialState(numbers: [0, 0, 0, 0])
    #expect(
      SmallScenario.complaint { ($0.initialState, $0.vms) = (state, 1) }
        == "initialState has 4 numbers, but there is 1 VM; give one number per VM (0 = none yet)")
  }

  @Test func `a script names a vCPU for every pCPU`() throws {
    let scenario = SmallScenario.changed { $0.script = [["0.0", "3.1", "0.0"], ["0.1"]] }
    try scenario.validate()
    let names = try #require(try scenario.scriptedVCPUs()).map { $0.map(\.description) }
    #expect(names == [["0.0", "3.1", "0.0"], ["0.1"]])
    #expect(try SmallScenario.fresh.scriptedVCPUs() == nil)
  }

  @Test(
    arguments: [
      ([], "script has 0 lists, but there are 2 pCPUs; give one list per pCPU"),
      ([["0.0"]], "script has 1 list, but there are 2 pCPUs; give one list per pCPU"),
      (
        [["0.0"], []],
        "script has no vCPU for pCPU 1; give it at least one, such as \"1.0\""
      ),
      (
        [["4.0"], ["0.0"]],
        "script of pCPU 0 has \"4.0\", but the last vCPU is \"3.1\" (both count from 0); "
          + "name one that is there"
      ),
      (
        [["0.0"], ["0.2"]],
        "script of pCPU 1 has \"0.2\", but the last vCPU is \"3.1\" (both count from 0); "
          + "name one that is there"
      ),
      (
        [["0.0", "1.1"], ["2.0", "1.1"]],
        "script has \"1.1\" on pCPU 0 and on pCPU 1, but a vCPU stays on one pCPU; "
          + "delete one of the two"
      ),
    ])
  func `a script fits the pCPUs and VMs`(_ script: [[String]], _ text: String) {
    #expect(SmallScenario.complaint { $0.script = script } == text)
  }

  @Test(
    arguments: [
      "", ".", "0", "0.", ".0", "0.0.0", "-1.0", "+1.0", "a.b", " 0.0", "99999999999999999999.0",
    ])
  func `a vCPU of a script is named by two numbers`(_ name: String) {
    #expect(
      SmallScenario.complaint { $0.script = [["0.0"], [name]] }
        == "script of pCPU 1 has \"\(name)\", but a vCPU is named as VM.vCPU; "
        + "write for example \"0.1\" for vCPU 1 of VM 0")
  }
}

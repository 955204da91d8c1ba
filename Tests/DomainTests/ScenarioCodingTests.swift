// A scenario goes through JSON and options unchanged, and what is of the wrong type is refused.

import Domain
import Foundation
import Testing

@Suite("A scenario as JSON") struct ScenarioCodingTests {
  @Test(arguments: [SmallScenario.fresh, SmallScenario.everythingSet])
  func `a scenario is decoded as it was encoded`(_ scenario: Scenario) throws {
    let encoded = try JSONEncoder().encode(scenario)
    #expect(try JSONDecoder().decode(Scenario.self, from: encoded) == scenario)
  }

  @Test func `durations are encoded as text`() throws {
    let values = SmallScenario.everythingSet.values
    #expect(values["duration"] == .text("1500ms"))
    #expect(values["watchdogEvery"] == .text("10us"))
  }

  @Test func `what holds nothing is left out`() {
    let names = Scenario.keys.map(\.name).filter { SmallScenario.fresh.values[$0] == nil }
    #expect(names == ["usableTags", "hardwareTagBits", "initialState", "script", "program"])
  }

  @Test func `what is not said is at its default`() throws {
    let scenario = try Scenario(name: "small", values: ["summary": .text("two pCPUs")])
    #expect(scenario == SmallScenario.fresh)
  }

  @Test func `reports see texts without quotes`() throws {
    let pcpus = try #require(Scenario.key("pcpus"))
    let system = try #require(Scenario.key("system"))
    let script = try #require(Scenario.key("script"))
    #expect(SmallScenario.fresh.text(of: pcpus) == "2")
    #expect(SmallScenario.fresh.text(of: system) == "arm64-vmid")
    #expect(SmallScenario.fresh.text(of: script) == nil)
  }

  /// A key's value, and what is said of it.
  static let misfits: [(String, ScenarioValue, String)] = [
    (
      "pcpus", .text("eight"),
      "pcpus is \"eight\", but it takes a whole number; give --pcpus 1 ... 64"
    ),
    ("pcpus", .real(8.5), "pcpus is 8.5, but it takes a whole number; give --pcpus 1 ... 64"),
    (
      "vms", .real(.infinity),
      "vms is Infinity, but it takes a whole number; give --vms 1 ... 4096"
    ),
    (
      "vms", .real(-.infinity),
      "vms is -Infinity, but it takes a whole number; give --vms 1 ... 4096"
    ),
    ("vms", .real(.nan), "vms is NaN, but it takes a whole number; give --vms 1 ... 4096"),
    ("vms", .null, "vms is null, but it takes a whole number; give --vms 1 ... 4096"),
    ("vms", .flag(true), "vms is true, but it takes a whole number; give --vms 1 ... 4096"),
    (
      "usableTags", .list([]),
      "usableTags is [], but it takes a whole number; give --usable-tags 1 ... 2^tagBits - 1 tags"
    ),
    (
      "fewTags", .integer(1),
      "fewTags is 1, but it takes true or false; give --few-tags true or false"
    ),
    (
      "summary", .integer(1),
      "summary is 1, but it takes a text in quotes; write summary: one line of text"
    ),
    (
      "system", .object(["a": .null]),
      "system is {a: ...}, but it takes a text in quotes; give --system a name that `list` shows"
    ),
    (
      "duration", .integer(10),
      "duration is 10, but it takes a duration in quotes; give --duration 1ms ... 366d"
    ),
    (
      "duration", .text("10"),
      "duration: \"10\" has no unit; write a number and a unit (ns, us, ms, s, m, h or d), such as "
        + "500ms, 30s, 1.5h or 4d"
    ),
    (
      "perturb", .text("hard"),
      "perturb is \"hard\", but there is no such choice; give --perturb off, light or heavy"
    ),
    (
      "oracles", .flag(false),
      "oracles is false, but it takes a text in quotes; give --oracles exact, sampled or off"
    ),
    (
      "entriesPerSlice", .integer(5),
      "entriesPerSlice is 5, but it takes a list of whole numbers; "
        + "write for example entriesPerSlice: [1, 16] or give --entries-per-slice 1,16"
    ),
    (
      "entriesPerSlice", .list([.integer(1), .text("x")]),
      "entriesPerSlice[1] is \"x\", but it takes a whole number; "
        + "write for example entriesPerSlice: [1, 16] or give --entries-per-slice 1,16"
    ),
    (
      "initialState", .list((1...6).map(ScenarioValue.integer)),
      "initialState is [1, 2, 3, 4, ...], but it takes an object with numbers and full; "
        + "write initialState: { numbers: [one per VM, 0 = none yet], full: false }"
    ),
    (
      "initialState", .object(["numbers": .list([.list([.null])])]),
      "initialState.numbers[0] is [null], but it takes a whole number; "
        + "write initialState: { numbers: [one per VM, 0 = none yet], full: false }"
    ),
    (
      "initialState", .object(["numbers": .list([]), "full": .integer(1)]),
      "initialState.full is 1, but it takes true or false; "
        + "write initialState: { numbers: [one per VM, 0 = none yet], full: false }"
    ),
    (
      "initialState", .object(["full": .flag(true)]),
      "initialState has no numbers; give one number per VM (0 = none yet)"
    ),
    (
      "initialState", .object(["numbers": .list([]), "ful": .flag(true)]),
      "\"ful\" is no key of initialState; did you mean full?"
    ),
    (
      "initialState", .object(["colour": .flag(true)]),
      "\"colour\" is no key of initialState; its keys are numbers, full"
    ),
    (
      "script", .text("0.0"),
      "script is \"0.0\", but it takes a list of lists of texts; "
        + "write script: [[\"VM.vCPU\", ...], one list per pCPU]"
    ),
    (
      "script", .list([.text("0.0")]),
      "script[0] is \"0.0\", but it takes a list of texts in quotes; "
        + "write script: [[\"VM.vCPU\", ...], one list per pCPU]"
    ),
    (
      "script", .list([.list([.text("0.0"), .real(0.5)])]),
      "script[0][1] is 0.5, but it takes a text in quotes; "
        + "write script: [[\"VM.vCPU\", ...], one list per pCPU]"
    ),
    (
      "program", .list([.list([]), .text("0.0")]),
      "program[1] is \"0.0\", but it takes a list of texts in quotes; "
        + "write program: [[\"VM.vCPU*entries\", \"unmap VM:page\", \"end VM\", ...], "
        + "one list per pCPU]"
    ),
    ("tagbits", .integer(4), "\"tagbits\" is no key of a scenario; did you mean tagBits?"),
    (
      "colour", .integer(4),
      "\"colour\" is no key of a scenario; its keys are summary, system, pcpus, vms, vcpusPerVM, "
        + "tagBits, usableTags, hardwareTagBits, threadsPerCore, fewTags, pagesPerVM, entriesPerSlice, "
        + "accessesPerEntry, longStayEvery, longStayAccesses, hackbenchRuns, messagesPerRun, "
        + "messageEvery, channelCapacity, tableLevels, tableBits, rootBits, pageStride, blockLevel, "
        + "tablePages, memslots, memoryBlocks, mapped, features, changeEvery, unmapEvery, speculateEvery, suspendEvery, offlineEvery, "
        + "pinEvery, failEvery, nestedEvery, migrateEvery, "
        + "contextSwitchBarrier, putBeforeContextDead, directSwitch, claimAfterPut, duration, perturb, oracles, stallAfter, "
        + "watchdogEvery, initialState, script, program"
    ),
  ]

  @Test(arguments: misfits)
  func `a misfit is refused with its key`(_ key: String, _ value: ScenarioValue, _ text: String) {
    var values: [String: ScenarioValue] = ["summary": .text("a")]
    values[key] = value
    let error = #expect(throws: ScenarioError.self) { try Scenario(name: "a", values: values) }
    #expect(error?.description == text)
  }

  @Test func `a summary is required`() {
    let error = #expect(throws: ScenarioError.self) { try Scenario(name: "a", values: [:]) }
    let text = "summary is missing, but every scenario has one; say in one line what it shows"
    #expect(error?.description == text)
  }

  @Test func `of several unknown keys the first in the alphabet is reported`() {
    let values: [String: ScenarioValue] = ["zz": .null, "yy": .null, "xx": .null]
    let error = #expect(throws: ScenarioError.self) { try Scenario(name: "a", values: values) }
    #expect(error?.keys == ["xx"])
  }
}

@Suite("A scenario's options") struct ScenarioOptionTests {
  @Test(
    arguments: [
      ("pcpus", "8", ScenarioValue.integer(8)), ("fewTags", "true", .flag(true)),
      ("usableTags", "9", .integer(9)), ("duration", "4d", .text("4d")),
      ("perturb", "heavy", .text("heavy")), ("oracles", "sampled", .text("sampled")),
      ("entriesPerSlice", "2,8", .list([.integer(2), .integer(8)])),
      ("system", "x86-asid", .text("x86-asid")),
    ])
  func `an option's text sets its key`(_ name: String, _ text: String, _ value: ScenarioValue)
    throws
  {
    let key = try #require(Scenario.key(name))
    var scenario = SmallScenario.fresh
    try scenario.set(key, to: text)
    #expect(scenario.values[name] == value)
  }

  @Test(
    arguments: [
      (
        "pcpus", "eight",
        "pcpus is \"eight\", but it takes a whole number; give --pcpus 1 ... 64"
      ),
      ("pcpus", "", "pcpus is \"\", but it takes a whole number; give --pcpus 1 ... 64"),
      (
        "fewTags", "yes",
        "fewTags is \"yes\", but it takes true or false; give --few-tags true or false"
      ),
      (
        "entriesPerSlice", "1,,2",
        "entriesPerSlice is \"1,,2\", but it takes a list of whole numbers; "
          + "write for example entriesPerSlice: [1, 16] or give --entries-per-slice 1,16"
      ),
    ])
  func `an option's text of the wrong kind is refused`(
    _ name: String, _ given: String, _ text: String
  ) throws {
    let key = try #require(Scenario.key(name))
    var scenario = SmallScenario.fresh
    let error = #expect(throws: ScenarioError.self) { try scenario.set(key, to: given) }
    #expect(error?.description == text)
    #expect(scenario == SmallScenario.fresh)
  }
}

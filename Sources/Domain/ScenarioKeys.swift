// The table of a scenario's keys: what each means, what it may be, and where it is kept. Files,
// options, checks, messages, help and the README's table all read it.

/// One row of the table.
public struct ScenarioKey: Sendable {
  /// The key in a file; the property of `Scenario` has the same name.
  public let name: String
  /// What it means, in at most 80 characters.
  public let meaning: String
  /// What it may be, with the unit.
  public let range: String
  /// What it is if nobody says anything; "required" if somebody must.
  public let defaultText: String
  /// The option of the command line that overrides it, such as `--tag-bits`; nil if none does.
  /// `Scenario.set(_:to:)` takes the option's value.
  public let option: String?
  /// Where a scenario keeps it.
  let slot: ScenarioSlot
}

/// Where a scenario keeps a value, and what kind of value it is.
enum ScenarioSlot: Sendable {
  typealias Path<Value> = WritableKeyPath<Scenario, Value> & Sendable

  case text(Path<String>)
  case flag(Path<Bool>)
  case number(Path<Int>, NumberLimit)
  case optionalNumber(Path<Int?>)
  case duration(Path<Duration>, ClosedRange<Duration>)
  case perturbation
  case oracleMode
  case mappedAtFirst
  case pair(Path<[Int]>)
  case initialState
  case lists(Path<[[String]]?>)
}

/// What a number may be: "a tag has" 1 to 16 "bits".
struct NumberLimit: Sendable {
  let range: ClosedRange<Int>
  let holder: String
  let unit: String
  /// Said behind the range, such as " (0 = never)".
  let note: String
}

extension Scenario {
  /// The most entries that a slice may have.
  static let mostEntriesPerSlice = 1024

  /// Every key of a scenario file, in the order in which reports show them.
  public static let keys: [ScenarioKey] =
    whatRuns + whatGuestsDo + whatTablesAre + whatGoesOnAround + howItIsWatched

  /// The row of `name`; nil if there is none.
  public static func key(_ name: String) -> ScenarioKey? { keys.first { $0.name == name } }

  private static let whatRuns: [ScenarioKey] = [
    ScenarioKey(
      name: "summary", meaning: "what the scenario shows", range: "one line of text",
      defaultText: "required", option: nil, slot: .text(\.summary)),
    ScenarioKey(
      "system", "the allocator under test", range: "a name that `list` shows",
      .text(\.system)),
    .number("pcpus", \.pcpus, 1...64, "a run has", "pCPUs", "physical CPUs, one pthread each"),
    .number("vms", \.vms, 1...4096, "a run has", "VMs", "VMs alive at a time"),
    .number("vcpusPerVM", \.vcpusPerVM, 1...64, "a VM has", "vCPUs", "virtual CPUs of each VM"),
    .number("tagBits", \.tagBits, 1...16, "a tag has", "bits", "bits of a TLB tag"),
    ScenarioKey(
      name: "usableTags", meaning: "tags that may be handed out; tag 0 is not among them",
      range: "1 ... 2^tagBits - 1 tags", defaultText: "2^tagBits - 1", option: "--usable-tags",
      slot: .optionalNumber(\.usableTags)),
    ScenarioKey(
      name: "hardwareTagBits", meaning: "bits of a tag that the hardware looks at",
      range: "0 ... tagBits bits", defaultText: "tagBits", option: "--hardware-tag-bits",
      slot: .optionalNumber(\.hardwareTagBits)),
    .number(
      "threadsPerCore", \.threadsPerCore, 1...8, "a core has", "pCPUs",
      "pCPUs that share a TLB; in controlled runs only"),
    .flag("fewTags", \.fewTags, "allow fewer than pcpus + 1 usable tags, to run into exhaustion"),
  ]

  private static let whatGuestsDo: [ScenarioKey] = [
    .number("pagesPerVM", \.pagesPerVM, 1...4096, "a VM maps", "pages", "pages that a VM maps"),
    ScenarioKey(
      "entriesPerSlice", "the fewest and the most guest entries between load and put",
      range: "[fewest, most], 1 <= fewest <= most <= \(mostEntriesPerSlice)",
      .pair(\.entriesPerSlice)),
    .number(
      "accessesPerEntry", \.accessesPerEntry, 0...64, "an entry makes", "accesses",
      "page accesses of the guest in one entry"),
    .every(
      "longStayEvery", \.longStayEvery, "slices", "one slice in so many stays in long at first"),
    .number(
      "longStayAccesses", \.longStayAccesses, 0...100_000, "a long stay makes", "accesses",
      "page accesses of a long stay"),
    .number(
      "hackbenchRuns", \.hackbenchRuns, 1...1_000_000, "a VM makes", "runs",
      "hackbench runs of a VM before it exits and another one starts"),
    .number(
      "messagesPerRun", \.messagesPerRun, 1...1_000_000_000, "a hackbench run sends", "messages",
      "messages of one hackbench run"),
    .every(
      "messageEvery", \.messageEvery, "entries", "one entry in so many sends or gets a message"),
    .number(
      "channelCapacity", \.channelCapacity, 1...1_000_000, "a channel holds", "messages",
      "messages that a channel holds before its sender blocks"),
  ]

  private static let whatTablesAre: [ScenarioKey] = [
    .number(
      "tableLevels", \.tableLevels, 0...4, "a table has", "levels",
      "levels of each VM's stage-2 table", note: " (0 = flat)"),
    .number(
      "tableBits", \.tableBits, 1...9, "a table's index has", "bits",
      "index bits of a table below the root"),
    .number(
      "rootBits", \.rootBits, 1...13, "the root's index has", "bits", "index bits of the root table"
    ),
    .number(
      "pageStride", \.pageStride, 1...1 << 30, "guests touch one page in", "pages",
      "guests touch page 0 and every so-manieth one behind it"),
    .number(
      "blockLevel", \.blockLevel, 1...3, "blocks are of", "(level)",
      "level of the blocks that faults map; 3 for pages"),
    .number(
      "tablePages", \.tablePages, 1...1 << 20, "the host has", "tables",
      "tables below the roots, of all VMs together"),
    .number(
      "memslots", \.memslots, 1...64, "a VM has", "slots",
      "memory slots of a VM, logged each by itself"),
    .number(
      "memoryBlocks", \.memoryBlocks, 0...1 << 20, "the host has", "blocks",
      "blocks of memory of all VMs together", note: " (0 = each VM has its own)"),
    ScenarioKey(
      "mapped", "what tables map when a VM begins",
      range: alternatives(MappedAtFirst.allCases.map(\.rawValue)), .mappedAtFirst),
    ScenarioKey(
      "features", "what the CPUs can do about ranges",
      range: "words of tlbirange, fwb, lpa2 with commas between", .text(\.features)),
    .every(
      "changeEvery", \.changeEvery, "slices",
      "one slice in so many changes its VM's tables with levels"),
  ]

  private static let whatGoesOnAround: [ScenarioKey] = [
    .every(
      "unmapEvery", \.unmapEvery, "slices", "one slice in so many unmaps a page, reuses its frame"),
    .every(
      "speculateEvery", \.speculateEvery, "entries", "one entry in so many fills the TLB unasked"),
    .every("suspendEvery", \.suspendEvery, "slices", "one slice in so many suspends its pCPU"),
    .every("offlineEvery", \.offlineEvery, "slices", "one slice in so many: the pCPU goes offline"),
    .every(
      "pinEvery", \.pinEvery, "slices", "one slice in so many pins or unpins its VM for a device"),
    .every(
      "failEvery", \.failEvery, "steps", "one fallible step of the allocator in so many fails"),
    .every(
      "nestedEvery", \.nestedEvery, "exits",
      "one exit in so many: the guest runs a guest of its own"),
    .every(
      "migrateEvery", \.migrateEvery, "slices", "one slice in so many runs another pCPU's vCPU"),
    .flag(
      "contextSwitchBarrier", \.contextSwitchBarrier,
      "a full barrier between two slices, as a context switch has"),
    .flag(
      "putBeforeContextDead", \.putBeforeContextDead, "put a vCPU while its context is still live"),
    .flag(
      "directSwitch", \.directSwitch,
      "no put between two slices, the old context live until it is replaced"),
    .flag(
      "claimAfterPut", \.claimAfterPut,
      "claim the next vCPU after put: wrong on purpose, hides a race"),
  ]

  private static let howItIsWatched: [ScenarioKey] = [
    .duration(
      "duration", \.duration, .milliseconds(1)...DurationText.longest, "how long the run lasts"),
    ScenarioKey(
      "perturb", "seeded pauses at the allocator's operations",
      range: alternatives(Perturbation.allCases.map(\.rawValue)), .perturbation),
    ScenarioKey(
      "oracles", "how residency is checked: by a ledger, by samples, not at all",
      range: alternatives(OracleMode.allCases.map(\.rawValue)), .oracleMode),
    .duration(
      "stallAfter", \.stallAfter, .milliseconds(100) ... .seconds(3600),
      "no progress for so long is a stall"),
    .duration(
      "watchdogEvery", \.watchdogEvery, .microseconds(10) ... .seconds(1),
      "how often the watchdog looks"),
    ScenarioKey(
      name: "initialState", meaning: "the VMs' tag numbers at the start; full: every number taken",
      range: "{ numbers: [one per VM, 0 = none yet], full: false }", defaultText: "none",
      option: nil, slot: .initialState),
    ScenarioKey(
      name: "script", meaning: "what each pCPU runs, again and again, instead of seeded choices",
      range: "[[\"VM.vCPU\", ...], one list per pCPU]", defaultText: "none",
      option: nil, slot: .lists(\.script)),
    ScenarioKey(
      name: "program", meaning: "what each pCPU does, once, under controlled execution",
      range: "[[\"VM.vCPU*entries\", \"unmap VM:page\", \"end VM\", ...], one list per pCPU]",
      defaultText: "none", option: nil, slot: .lists(\.program)),
  ]
}

extension ScenarioKey {
  /// A row whose option and default follow from its name and its slot.
  fileprivate init(_ name: String, _ meaning: String, range: String, _ slot: ScenarioSlot) {
    let fresh = Scenario(name: "", summary: "")
    self.init(
      name: name, meaning: meaning, range: range,
      defaultText: fresh.value(in: slot)?.plainText ?? "none",
      option: "--" + (Self.shortOptions[name] ?? Self.hyphenated(name)), slot: slot)
  }

  fileprivate static func number(
    _ name: String, _ path: ScenarioSlot.Path<Int>, _ range: ClosedRange<Int>,
    _ holder: String, _ unit: String, _ meaning: String, note: String = ""
  ) -> ScenarioKey {
    ScenarioKey(
      name, meaning, range: "\(range.lowerBound) ... \(range.upperBound) \(unit)\(note)",
      .number(path, NumberLimit(range: range, holder: holder, unit: unit, note: note)))
  }

  /// A row of something that happens once in so many times.
  fileprivate static func every(
    _ name: String, _ path: ScenarioSlot.Path<Int>, _ unit: String, _ meaning: String
  ) -> ScenarioKey {
    .number(name, path, 0...1_000_000_000, "it counts", unit, meaning, note: " (0 = never)")
  }

  fileprivate static func flag(
    _ name: String, _ path: ScenarioSlot.Path<Bool>, _ meaning: String
  ) -> ScenarioKey {
    ScenarioKey(name, meaning, range: "true or false", .flag(path))
  }

  fileprivate static func duration(
    _ name: String, _ path: ScenarioSlot.Path<Duration>, _ range: ClosedRange<Duration>,
    _ meaning: String
  ) -> ScenarioKey {
    let low = DurationText.exact(range.lowerBound)
    let high = DurationText.exact(range.upperBound)
    return ScenarioKey(name, meaning, range: "\(low) ... \(high)", .duration(path, range))
  }

  /// Options that are typed often.
  private static let shortOptions = ["vcpusPerVM": "vcpus"]

  /// `tagBits` as an option writes it: `tag-bits`.
  private static func hyphenated(_ name: String) -> String {
    var words = ""
    var previous: Character = "A"
    for character in name {
      if character.isUppercase && previous.isLowercase { words += "-" }
      words += character.lowercased()
      previous = character
    }
    return words
  }
}

// What can be wrong with a scenario, as data first and as text once.
//
// Each text says what was wanted, what was given and what to do.

/// Why a scenario cannot be run.
public indirect enum ScenarioError: Error, Equatable, Sendable {
  /// Something is wrong in a file; the line if it is known.
  case inFile(path: String, line: Int?, ScenarioError)

  // Getting at the file.
  case unreadable(reason: String)
  case isDirectory
  case notARegularFile
  case fileTooLarge(bytes: Int, most: Int)
  case notUTF8(offset: Int)
  /// `found` is nil at the end of the file.
  case notJSON5(column: Int, wanted: String, found: Unicode.Scalar?)
  case notAnObject(given: ScenarioValue)

  // Keys, and the types of their values.
  case duplicateKey(String, firstLine: Int)
  /// `owner` is the key that holds the object; nil for the scenario itself.
  case unknownKey(String, of: String?, nearest: String?)
  case nameIsNoKey
  case missingSummary
  case missingInitialNumbers
  case wrongType(key: String, wanted: Kind, given: ScenarioValue)
  case badDuration(key: String, DurationTextError)
  case notAChoice(key: String, given: String)

  // Values alone.
  case outOfRange(key: String, value: Int)
  case durationOutOfRange(key: String, value: Duration)
  case summaryNotOneLine(String)
  case entriesPerSlice([Int])

  // Values together.
  case usableTagsOutOfRange(Int, tagBits: Int)
  case hardwareTagBitsOutOfRange(Int, tagBits: Int)
  case brokenCore(pcpus: Int, threadsPerCore: Int)
  case tooFewTags(pcpus: Int, tagBits: Int, usableTags: Int?)
  case addressSpaceTooLarge(pages: Int, most: Int)
  case pagesBeyondAddressSpace(Int, stride: Int, space: Int)
  case tooManyVMsWithTables(Int, most: Int)
  case unevenMemslots(Int, pages: Int)
  case tooMuchMemory(blocks: Int, most: Int)
  case initialNumbersCount(Int, vms: Int)
  case initialNumberOutOfRange(Int, vm: Int, usableTags: Int)
  case initialNumberTwice(Int, first: Int, second: Int)
  case scriptCount(Int, pcpus: Int)
  case scriptEmpty(pcpu: Int)
  case scriptText(String, pcpu: Int)
  case scriptNoSuchVCPU(Scenario.ScriptedVCPU, pcpu: Int, vms: Int, vcpusPerVM: Int)
  case scriptSharesVCPU(Scenario.ScriptedVCPU, first: Int, second: Int)
  case programCount(Int, pcpus: Int)
  case programPCPUs(Int, most: Int)
  case programEmpty
  case programOnline(Scenario.ProgramStep, pcpu: Int, isOnline: Bool)
  case programText(String, pcpu: Int)
  /// `text` is nothing that L1 can do.
  case programNestedText(String, pcpu: Int)
  case programNestedActions(Scenario.ProgramStep, pcpu: Int, most: Int)
  case programNestedFlush(Scenario.ProgramStep, pcpu: Int)
  case programNestedStay(Scenario.ProgramStep, pcpu: Int)
  case programEntries(Scenario.ProgramStep, pcpu: Int, most: Int)
  case programNoSuchVCPU(Scenario.ProgramStep, pcpu: Int, vms: Int, vcpusPerVM: Int)
  case programNoSuchVM(Scenario.ProgramStep, pcpu: Int, vms: Int)
  case programNoSuchPage(Scenario.ProgramStep, pcpu: Int, pagesPerVM: Int)
  case programFlatTables(Scenario.ProgramStep, pcpu: Int)
  case programNoSuchAddress(Scenario.ProgramStep, pcpu: Int, pages: Int)
  /// The VM that pCPU `pcpu` unmaps a page of, or pins, may be gone: pCPU `ending` ends it.
  case programUsesEndingVM(Scenario.ProgramStep, pcpu: Int, ending: Int)

  // Finding one by its name.
  case unknownScenario(String, names: [String])

  /// What kind of value a key takes, in the words of messages.
  public enum Kind: String, Sendable {
    case flag = "true or false"
    case number = "a whole number"
    case text = "a text in quotes"
    case duration = "a duration in quotes"
    case numbers = "a list of whole numbers"
    case texts = "a list of texts in quotes"
    case initialState = "an object with numbers and full"
    case lists = "a list of lists of texts"
  }
}

extension ScenarioError {
  /// The keys that the error is about, the likeliest first: `initialState.numbers[2]`.
  public var keys: [String] {
    switch self {
    case .inFile(_, _, let error): error.keys
    case .unreadable, .isDirectory, .notARegularFile, .fileTooLarge, .notUTF8, .notJSON5,
      .notAnObject, .missingSummary, .unknownScenario:
      []
    case .duplicateKey(let key, _), .wrongType(let key, _, _), .badDuration(let key, _),
      .notAChoice(let key, _), .outOfRange(let key, _), .durationOutOfRange(let key, _),
      .unknownKey(let key, nil, _):
      [key]
    case .unknownKey(let key, let owner?, _): ["\(owner).\(key)"]
    case .nameIsNoKey: ["name"]
    case .summaryNotOneLine: ["summary"]
    case .entriesPerSlice: ["entriesPerSlice"]
    case .usableTagsOutOfRange: ["usableTags"]
    case .hardwareTagBitsOutOfRange: ["hardwareTagBits", "tagBits"]
    case .brokenCore: ["threadsPerCore", "pcpus"]
    case .tooFewTags: ["usableTags", "tagBits", "pcpus"]
    case .addressSpaceTooLarge: ["tableLevels", "rootBits", "tableBits"]
    case .pagesBeyondAddressSpace: ["pageStride", "pagesPerVM", "rootBits", "tableLevels"]
    case .tooManyVMsWithTables: ["vms", "tableLevels"]
    case .unevenMemslots: ["memslots", "rootBits", "tableLevels"]
    case .tooMuchMemory: ["memoryBlocks", "blockLevel"]
    case .missingInitialNumbers: ["initialState"]
    case .initialNumbersCount, .initialNumberOutOfRange, .initialNumberTwice:
      ["initialState.numbers"]
    case .scriptCount, .scriptEmpty, .scriptText, .scriptNoSuchVCPU, .scriptSharesVCPU: ["script"]
    case .programPCPUs: ["pcpus", "program"]
    case .programOnline, .programCount, .programEmpty, .programText, .programEntries,
      .programNestedText, .programNestedActions, .programNestedFlush, .programNestedStay,
      .programNoSuchVCPU,
      .programNoSuchVM, .programNoSuchPage, .programFlatTables, .programNoSuchAddress,
      .programUsesEndingVM:
      ["program"]
    }
  }
}

extension ScenarioError: CustomStringConvertible {
  /// What was wanted, what was given, what to do; behind path and line if it is about a file.
  public var description: String {
    switch self {
    case .inFile(let path, let line, let error):
      return printable(path, limit: 4096) + (line.map { ":\($0)" } ?? "") + ": \(error)"

    case .unreadable(let reason):
      return "it cannot be read (\(reason)); give the path of a scenario file"
    case .isDirectory:
      return "it is a directory, but a scenario is one file; give the path of a file in it"
    case .notARegularFile:
      return "it is a pipe or a device, but a scenario is a regular file; copy it into one"
    case .fileTooLarge(let bytes, let most):
      return "it has \(bytes) bytes, but a scenario file has at most \(most); give a smaller one"
    case .notUTF8(let offset):
      return "byte \(offset) is not UTF-8, but a scenario is UTF-8 text; save it as such"
    case .notJSON5(let column, let wanted, let found):
      let found = found.map { quoted(String($0)) } ?? "the end of the file"
      return "column \(column): \(wanted) is wanted, but \(found) was found; see json5.org"
    case .notAnObject(let given):
      return "it holds \(given), but a scenario is an object; put { and } around its keys"

    case .duplicateKey(let key, let firstLine):
      return "\(printable(key)) stands in line \(firstLine) already; delete one of the two"
    case .unknownKey(let key, let owner, let nearest):
      let place = owner ?? "a scenario"
      let names = owner == nil ? Scenario.keys.map(\.name) : ["numbers", "full"]
      let advice =
        nearest.map { "did you mean \($0)?" } ?? "its keys are \(names.joined(separator: ", "))"
      return "\(quoted(key)) is no key of \(place); \(advice)"
    case .nameIsNoKey:
      return "name is no key: a scenario is called as its file; rename the file and delete the key"
    case .missingSummary:
      return "summary is missing, but every scenario has one; say in one line what it shows"
    case .missingInitialNumbers:
      return "initialState has no numbers; give one number per VM (0 = none yet)"
    case .wrongType(let key, let wanted, let given):
      return "\(key) is \(given), but it takes \(wanted.rawValue); \(Self.advice(for: key))"
    case .badDuration(let key, let error):
      return "\(key): \(error)"
    case .notAChoice(let key, let given):
      return "\(key) is \(quoted(given)), but there is no such choice; \(Self.advice(for: key))"

    case .outOfRange(let key, let value):
      return "\(key) is \(value), but \(Self.limit(of: key)); \(Self.advice(for: key))"
    case .durationOutOfRange(let key, let value):
      let given = DurationText.exact(value)
      return "\(key) is \(given), which is out of its range; \(Self.advice(for: key))"
    case .summaryNotOneLine(let text):
      return "summary is \(quoted(text)), but it is one line of text; say what the scenario shows"
    case .entriesPerSlice(let given):
      let given = "[" + given.map(String.init).joined(separator: ", ") + "]"
      return "entriesPerSlice is \(given), but a fewest and a most are wanted; "
        + Self.advice(for: "entriesPerSlice")

    case .usableTagsOutOfRange(let given, let tagBits):
      let all = (1 << tagBits) - 1
      return "usableTags is \(given), but tagBits \(tagBits) gives \(all); "
        + "give --usable-tags 1 ... \(all), or leave usableTags out for all of them"
    case .hardwareTagBitsOutOfRange(let given, let tagBits):
      return
        "hardwareTagBits is \(given), but tagBits is \(tagBits), and hardware that looks at more "
        + "bits than there are changes nothing; give --hardware-tag-bits 0 ... \(tagBits), or leave "
        + "it out for all of them"
    case .addressSpaceTooLarge(let pages, let most):
      return
        "tables of that many levels and bits span \(pages) pages, but \(most) is the most that an "
        + "entry can name; lower tableLevels, rootBits or tableBits"
    case .pagesBeyondAddressSpace(let pages, let stride, let space):
      return
        "guests touch \(pages) pages, one in \(stride), but the address space has \(space); lower "
        + "pagesPerVM or pageStride, or raise rootBits or tableLevels"
    case .tooManyVMsWithTables(let vms, let most):
      return
        "\(vms) VMs have tables with levels, but an entry can name \(most) owners; lower vms, or "
        + "give tableLevels 0"
    case .unevenMemslots(let memslots, let pages):
      return
        "memslots is \(memslots), but \(pages) pages are no whole number of such slots; give a "
        + "divisor of it"
    case .tooMuchMemory(let blocks, let most):
      return "memoryBlocks is \(blocks), but an entry can name \(most) of that level; lower "
        + "memoryBlocks or raise blockLevel"
    case .brokenCore(let pcpus, let threadsPerCore):
      return "threadsPerCore is \(threadsPerCore), but \(pcpus) pCPUs are no whole number of such "
        + "cores; give pcpus as a multiple of threadsPerCore"
    case .tooFewTags(let pcpus, let tagBits, let usableTags):
      let given =
        usableTags.map { "usableTags is \($0)" }
        ?? "tagBits \(tagBits) gives \((1 << tagBits) - 1)"
      let raise = usableTags == nil ? "tagBits" : "usableTags"
      let need = pcpus == 1 ? "needs" : "need"
      return "\(counted(pcpus, "pCPU")) \(need) at least \(pcpus + 1) usable tags "
        + "(one more than pCPUs), but \(given); raise \(raise), lower pcpus, or set "
        + "fewTags: true to run into exhaustion on purpose"
    case .initialNumbersCount(let given, let vms):
      return "initialState has \(counted(given, "number")), but \(Self.thereAre(vms, "VM")); "
        + "give one number per VM (0 = none yet)"
    case .initialNumberOutOfRange(let number, let vm, let usableTags):
      return "initialState gives VM \(vm) the number \(number), but usable tags end at "
        + "\(usableTags); give 0 (none yet) or 1 ... \(usableTags)"
    case .initialNumberTwice(let number, let first, let second):
      return "initialState gives the number \(number) to VM \(first) and to VM \(second), but no "
        + "two VMs share one; give another, or 0 (none yet)"
    case .scriptCount(let given, let pcpus):
      return "script has \(counted(given, "list")), but \(Self.thereAre(pcpus, "pCPU")); "
        + "give one list per pCPU"
    case .scriptEmpty(let pcpu):
      return "script has no vCPU for pCPU \(pcpu); give it at least one, such as \"\(pcpu).0\""
    case .scriptText(let text, let pcpu):
      return "script of pCPU \(pcpu) has \(quoted(text)), but a vCPU is named as VM.vCPU; "
        + "write for example \"0.1\" for vCPU 1 of VM 0"
    case .scriptNoSuchVCPU(let vcpu, let pcpu, let vms, let vcpusPerVM):
      return "script of pCPU \(pcpu) has \"\(vcpu)\", but the last vCPU is "
        + "\"\(vms - 1).\(vcpusPerVM - 1)\" (both count from 0); name one that is there"
    case .scriptSharesVCPU(let vcpu, let first, let second):
      return "script has \"\(vcpu)\" on pCPU \(first) and on pCPU \(second), but a vCPU stays on "
        + "one pCPU; delete one of the two"

    case .programCount(let given, let pcpus):
      return "program has \(counted(given, "list")), but \(Self.thereAre(pcpus, "pCPU")); "
        + "give at least one list per pCPU, [] to one that does nothing"
    case .programPCPUs(let pcpus, let most):
      return "pcpus is \(pcpus), but a program has at most \(counted(most, "pCPU")); lower pcpus, "
        + "or leave program out"
    case .programOnline(let step, let pcpu, let isOnline):
      return
        "program of pCPU \(pcpu) has \"\(step)\" while it is \(isOnline ? "on" : "off")line; a pCPU "
        + "goes \"offline\" and does nothing before it comes \"online\""
    case .programEmpty:
      return "program has no step; give one pCPU at least one, such as \"0.0\""
    case .programText(let text, let pcpu):
      return "program of pCPU \(pcpu) has \(quoted(text)), but a step is VM.vCPU, "
        + "VM.vCPU*entries, unmap VM:page, end VM, pin VM or unpin VM, and where tables have levels "
        + "unmap VM:page+pages, protect VM:page+pages, collapse VM:page or split VM:page; write for "
        + "example \"0.1*2\" for two entries of vCPU 1 of VM 0"
    case .programNestedText(let text, let pcpu):
      return
        "program of pCPU \(pcpu) lets a hypervisor do \(quoted(text)), but what it does is L1, "
        + "a, a*entries, a!, a..., edit a:page, invlpga a:page, renew a, flush or flush all (its guests are a "
        + "and b, L1 is itself); write for example \"0.0: L1, a, invlpga a:0, a\""
    case .programNestedActions(let step, let pcpu, let most):
      return
        "program of pCPU \(pcpu) has \"\(step)\", but a hypervisor does at most \(most) things in "
        + "a slice; make two slices of it"
    case .programNestedFlush(let step, let pcpu):
      return
        "program of pCPU \(pcpu) has \"\(step)\", but a flush goes with the next guest that is run "
        + "in the slice; write one behind it, such as \"flush, a\""
    case .programNestedStay(let step, let pcpu):
      return
        "program of pCPU \(pcpu) has \"\(step)\", but a guest that is there when the vCPU is put is "
        + "the last one of its slice; write what follows into the next slice"
    case .programEntries(let step, let pcpu, let most):
      return "program of pCPU \(pcpu) has \"\(step)\", but a slice of a program has 1 to \(most) "
        + "entries; write so many behind the *"
    case .programNoSuchVCPU(let step, let pcpu, let vms, let vcpusPerVM):
      return "program of pCPU \(pcpu) has \"\(step)\", but the last vCPU is "
        + "\"\(vms - 1).\(vcpusPerVM - 1)\" (both count from 0); name one that is there"
    case .programNoSuchVM(let step, let pcpu, let vms):
      return "program of pCPU \(pcpu) has \"\(step)\", but the last VM is \(vms - 1) (they count "
        + "from 0); name one that is there"
    case .programNoSuchPage(let step, let pcpu, let pagesPerVM):
      return "program of pCPU \(pcpu) has \"\(step)\", but a VM's last page is \(pagesPerVM - 1) "
        + "(they count from 0); name one that is there, or raise pagesPerVM"
    case .programFlatTables(let step, let pcpu):
      return
        "program of pCPU \(pcpu) has \"\(step)\", but the VMs' tables are flat; give tableLevels, or "
        + "\"unmap VM:page\""
    case .programNoSuchAddress(let step, let pcpu, let pages):
      return
        "program of pCPU \(pcpu) has \"\(step)\", but a VM's last page is \(pages - 1) (they count "
        + "from 0); name one that is there, or raise rootBits or tableLevels"
    case .programUsesEndingVM(let step, let pcpu, let ending):
      return
        "program of pCPU \(pcpu) has \"\(step)\", but pCPU \(ending) ends that VM, and whoever "
        + "\(step.verb) must know that it is there; put both on one pCPU"

    case .unknownScenario(let name, let names):
      let nearest = nearestName(to: name, among: names).map { "did you mean \($0)? " } ?? ""
      return "no scenario is called \(quoted(name)); \(nearest)there are "
        + "\(firstNames(names)); a file is given by a path with / or .json5 in it"
    }
  }

  /// How to get the value of `key` right: with its option if it has one.
  private static func advice(for key: String) -> String {
    let name = key.prefix { $0 != "." && $0 != "[" }
    guard let row = Scenario.key(String(name)) else { return "correct it" }
    guard let option = row.option else { return "write \(row.name): \(row.range)" }
    return switch row.slot {
    // A range without its unit is what can be typed behind the option.
    case .number(_, let limit):
      "give \(option) \(limit.range.lowerBound) ... \(limit.range.upperBound)\(limit.note)"
    case .pair: "write for example \(row.name): \(row.defaultText) or give \(option) 1,16"
    default: "give \(option) \(row.range)"
    }
  }

  private static func limit(of key: String) -> String {
    guard case .number(_, let limit)? = Scenario.key(key)?.slot else { return "that is too much" }
    return "\(limit.holder) \(limit.range.lowerBound) to \(limit.range.upperBound) \(limit.unit)"
  }

  private static func thereAre(_ count: Int, _ noun: String) -> String {
    "there \(count == 1 ? "is" : "are") \(counted(count, noun))"
  }
}

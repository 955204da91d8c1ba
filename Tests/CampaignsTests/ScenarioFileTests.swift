// What is read as a scenario file, and what is refused before and while it is read.

import Campaigns
import Domain
import Foundation
import Testing

@Suite("Scenario files") struct ScenarioFileTests {
  private func load(_ text: String) throws(ScenarioError) -> Scenario {
    try ScenarioFile.parse(Array(text.utf8), name: "a", path: "a.json5")
  }

  @Test func `a file in full JSON5 is read`() throws {
    let scenario = try load(
      """
      // A comment, and JSON5's freedoms.
      {
        summary: 'it\\'s "quoted"',  /* as \\x41 */
        "pcpus": 0x8, tagBits: +5, 'vms': 5e1,
        vcpusPerVM: 4.0,
        usableTags: 9,
        entriesPerSlice: [1, 8,],
        oracles: "sampled",
        duration: "1.5h",
        $schema_: 1,
      }
      """.replacing("  $schema_: 1,\n", with: ""))
    #expect(scenario.name == "a")
    #expect(scenario.summary == "it's \"quoted\"")
    #expect(scenario.pcpus == 8)
    #expect(scenario.tagBits == 5)
    #expect(scenario.vms == 50)
    #expect(scenario.vcpusPerVM == 4)
    #expect(scenario.usableTagCount == 9)
    #expect(scenario.entriesPerSliceRange == 1...8)
    #expect(scenario.oracles == .sampled)
    #expect(scenario.duration == .seconds(5400))
  }

  @Test func `initial state and script are read`() throws {
    let scenario = try load(
      """
      { summary: "s", pcpus: 2, vms: 3, vcpusPerVM: 1, tagBits: 2,
        initialState: { numbers: [1, 0, 3], full: true },
        script: [["0.0", "2.0"], ["1.0"]] }
      """)
    #expect(scenario.initialState == .init(numbers: [1, 0, 3], full: true))
    #expect(scenario.script == [["0.0", "2.0"], ["1.0"]])
  }

  @Test func `a scenario is called as its file`() throws {
    let folder = try ScenarioFolder()
    let file = try folder.write("{summary: 's'}".utf8, to: "two.words.json5")
    #expect(try ScenarioFile.load(path: file).name == "two.words")
  }

  /// A text and what is said of it, path and line included.
  static let misfits: [(String, String)] = [
    ("[1]", "a.json5: it holds [1], but a scenario is an object; put { and } around its keys"),
    (
      "{\n summary: 's',\n name: 'x' }",
      "a.json5:3: name is no key: a scenario is called as its file; rename the file and delete the "
        + "key"
    ),
    (
      "{ pcpus: 2 }",
      "a.json5: summary is missing, but every scenario has one; say in one line what it shows"
    ),
    (
      "{ summary: 's',\n\n tagbits: 4 }",
      "a.json5:3: \"tagbits\" is no key of a scenario; did you mean tagBits?"
    ),
    (
      "{ summary: 's',\n tagBits: 4,\n tagBits: 5 }",
      "a.json5:3: tagBits stands in line 2 already; delete one of the two"
    ),
    (
      "{ summary: 's',\n tagBits: 17 }",
      "a.json5:2: tagBits is 17, but a tag has 1 to 16 bits; give --tag-bits 1 ... 16"
    ),
    (
      "{ summary: 's', pcpus: 8,\n tagBits: 3 }",
      "a.json5:2: 8 pCPUs need at least 9 usable tags (one more than pCPUs), but tagBits 3 gives "
        + "7; raise tagBits, lower pcpus, or set fewTags: true to run into exhaustion on purpose"
    ),
    (
      "{ summary: 's',\n initialState: {\n  numbers: [0],\n  numbers: [1] } }",
      "a.json5:4: initialState.numbers stands in line 3 already; delete one of the two"
    ),
    (
      "{ summary: 's',\n initialState: {\n  numbers: [0, 'x'] } }",
      "a.json5:3: initialState.numbers[1] is \"x\", but it takes a whole number; "
        + "write initialState: { numbers: [one per VM, 0 = none yet], full: false }"
    ),
    (
      "{ summary: 's',\n initialState: {\n  numbers: [0],\n  fulll: true } }",
      "a.json5:4: \"fulll\" is no key of initialState; did you mean full?"
    ),
    (
      "{ summary: 's',\r\n script: [['0.0']] }",
      "a.json5:2: script has 1 list, but there are 2 pCPUs; give one list per pCPU"
    ),
    (
      "{ summary: 's', vms: 1e30 }",
      "a.json5:1: vms is 1e+30, but it takes a whole number; give --vms 1 ... 4096"
    ),
    (
      "{ summary: 's', duration: '10' }",
      "a.json5:1: duration: \"10\" has no unit; write a number and a unit (ns, us, ms, s, m, h or "
        + "d), such as 500ms, 30s, 1.5h or 4d"
    ),
    (
      "",
      "a.json5:1: column 1: a value (text stands in quotes) is wanted, but the end of the file "
        + "was found; see json5.org"
    ),
  ]

  @Test(arguments: misfits)
  func `a misfit is refused with path and line`(_ text: String, _ wanted: String) {
    #expect(complaint { () throws(ScenarioError) in try load(text) } == wanted)
  }

  @Test(
    arguments: [
      ([0x7B, 0xFF, 0x7D], 1), ([0x7B, 0x22, 0xC3], 2), ([0xFF, 0xFE, 0x7B, 0x00], 0),
      ([0x7B, 0xC3, 0xA9, 0xED, 0xA0, 0x80], 3),
    ] as [([UInt8], Int)])
  func `what is not UTF-8 is refused with the place`(_ bytes: [UInt8], _ offset: Int) {
    let text = complaint { () throws(ScenarioError) in
      try ScenarioFile.parse(bytes, name: "a", path: "a.json5")
    }
    let wanted = "byte \(offset) is not UTF-8, but a scenario is UTF-8 text; save it as such"
    #expect(text == "a.json5: \(wanted)")
  }
}

@Suite("Getting at scenario files") struct ScenarioFileAccessTests {
  private func complaintAbout(_ path: String) -> String? {
    complaint { () throws(ScenarioError) in try ScenarioFile.load(path: path) }
  }

  @Test func `a file that is not there is refused`() {
    #expect(
      complaintAbout("/nowhere/a.json5")
        == "/nowhere/a.json5: it cannot be read (No such file or directory); "
        + "give the path of a scenario file")
  }

  @Test(.enabled(if: getuid() != 0, "root may read everything"))
  func `a file that may not be read is refused`() throws {
    let folder = try ScenarioFolder()
    let file = try folder.write("{}".utf8, to: "a.json5")
    #expect(chmod(file, 0) == 0)
    #expect(
      complaintAbout(file)
        == "\(file): it cannot be read (Permission denied); give the path of a scenario file")
  }

  @Test func `a directory is refused`() throws {
    let folder = try ScenarioFolder()
    #expect(
      complaintAbout(folder.path)
        == "\(folder.path): it is a directory, but a scenario is one file; "
        + "give the path of a file in it")
  }

  @Test func `a device and a pipe are refused without being read`() throws {
    let folder = try ScenarioFolder()
    let pipe = "\(folder.path)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in ["/dev/zero", pipe] {
      #expect(
        complaintAbout(path)
          == "\(path): it is a pipe or a device, but a scenario is a regular file; "
          + "copy it into one")
    }
  }

  /// Whoever read it first would need more memory than there is.
  @Test func `a tebibyte is refused unread`() throws {
    let folder = try ScenarioFolder()
    let file = try folder.write([], to: "big.json5")
    #expect(truncate(file, 1 << 40) == 0)
    #expect(
      complaintAbout(file)
        == "\(file): it has 1099511627776 bytes, but a scenario file has at most 1048576; "
        + "give a smaller one")
  }

  @Test func `a mebibyte is read, and not a byte more`() throws {
    let folder = try ScenarioFolder()
    let text = "{summary: 's'}"
    let blanks = repeatElement(UInt8(ascii: " "), count: ScenarioFile.mostBytes - text.utf8.count)
    let file = try folder.write(Array(text.utf8) + blanks, to: "a.json5")
    #expect(complaintAbout(file) == nil)
    let longer = try folder.write(Array(text.utf8) + blanks + [32], to: "b.json5")
    #expect(
      complaintAbout(longer)
        == "\(longer): it has 1048577 bytes, but a scenario file has at most 1048576; "
        + "give a smaller one")
  }

  @Test func `what would disturb a terminal is escaped`() {
    #expect(
      complaintAbout("/nowhere/\u{1B}[31m")
        == "/nowhere/\\u{1B}[31m: it cannot be read (No such file or directory); "
        + "give the path of a scenario file")
  }
}

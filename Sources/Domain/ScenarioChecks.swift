// Which values of a scenario go together.

extension Scenario {
  /// Checks every value alone and then together. To be called after the last override.
  ///
  /// - Throws: the first thing that is wrong.
  public func validate() throws(ScenarioError) {
    for key in Self.keys { try checkRange(of: key) }
    try checkSummary()
    try checkEntriesPerSlice()
    try checkUsableTags()
    if pcpus % threadsPerCore != 0 {
      throw .brokenCore(pcpus: pcpus, threadsPerCore: threadsPerCore)
    }
    try checkTables()
    try checkInitialState()
    _ = try scriptedVCPUs()
    _ = try programSteps()
  }

  private func checkRange(of key: ScenarioKey) throws(ScenarioError) {
    switch key.slot {
    case .number(let path, let limit):
      let value = self[keyPath: path]
      if !limit.range.contains(value) { throw .outOfRange(key: key.name, value: value) }
    case .duration(let path, let range):
      let value = self[keyPath: path]
      if !range.contains(value) { throw .durationOutOfRange(key: key.name, value: value) }
    default:
      break
    }
  }

  private func checkSummary() throws(ScenarioError) {
    let isBlank = summary.allSatisfy(\.isWhitespace)
    // Control characters include the line breaks; the other two are Unicode's own.
    let hasControls = summary.unicodeScalars.contains { scalar in
      scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}"
    }
    if isBlank || hasControls { throw .summaryNotOneLine(summary) }
  }

  private func checkEntriesPerSlice() throws(ScenarioError) {
    guard entriesPerSlice.count == 2, entriesPerSlice[0] >= 1,
      entriesPerSlice[0] <= entriesPerSlice[1],
      entriesPerSlice[1] <= Self.mostEntriesPerSlice
    else { throw .entriesPerSlice(entriesPerSlice) }
  }

  private func checkTables() throws(ScenarioError) {
    guard tableLevels > 0 else { return }
    let pages = addressSpacePages
    if pages > Self.mostFrames / vms {
      throw .addressSpaceTooLarge(pages: pages, most: Self.mostFrames / vms)
    }
    // The product may be beyond what a number holds.
    if pageStride > pages || (pagesPerVM - 1) * pageStride >= pages {
      throw .pagesBeyondAddressSpace(pagesPerVM, stride: pageStride, space: pages)
    }
    if pages % memslots != 0 { throw .unevenMemslots(memslots, pages: pages) }
    // Without a level for blocks of that size they are as large as the root allows.
    let blocks = Self.mostFrames >> ((3 - max(blockLevel, 4 - tableLevels)) * tableBits)
    if memoryBlocks > blocks { throw .tooMuchMemory(blocks: memoryBlocks, most: blocks) }
    if vms > Self.mostVMsWithTables {
      throw .tooManyVMsWithTables(vms, most: Self.mostVMsWithTables)
    }
  }

  /// An entry has 28 bits for a frame, and each VM has its own.
  static let mostFrames = 1 << 28
  /// An entry has 8 bits for its owner.
  static let mostVMsWithTables = 255

  /// Pages of each VM's address space, where tables have levels.
  public var addressSpacePages: Int {
    1 << (rootBits + max(0, tableLevels - 1) * tableBits)
  }

  private func checkUsableTags() throws(ScenarioError) {
    if let hardwareTagBits, !(0...tagBits).contains(hardwareTagBits) {
      throw .hardwareTagBitsOutOfRange(hardwareTagBits, tagBits: tagBits)
    }
    if let usableTags, !(1...allTags).contains(usableTags) {
      throw .usableTagsOutOfRange(usableTags, tagBits: tagBits)
    }
    if usableTagCount < pcpus + 1 && !fewTags {
      throw .tooFewTags(pcpus: pcpus, tagBits: tagBits, usableTags: usableTags)
    }
  }

  private func checkInitialState() throws(ScenarioError) {
    guard let numbers = initialState?.numbers else { return }
    guard numbers.count == vms else { throw .initialNumbersCount(numbers.count, vms: vms) }
    var owners: [Int: Int] = [:]
    for (vm, number) in numbers.enumerated() where number != 0 {
      guard (1...usableTagCount).contains(number) else {
        throw .initialNumberOutOfRange(number, vm: vm, usableTags: usableTagCount)
      }
      if let owner = owners.updateValue(vm, forKey: number) {
        throw .initialNumberTwice(number, first: owner, second: vm)
      }
    }
  }
}

// The program of a scenario: what each pCPU does once, step by step, when a scheduler decides who
// goes next. A script is run for ever by real threads; a program ends.

extension Scenario {
  /// The most pCPUs that a program may have. The ways in which their steps may follow one another
  /// grow faster than anybody can look at them.
  static let mostProgramPCPUs = 8
  /// The most guest entries of one slice of a program.
  static let mostProgramEntries = 16

  /// One step of a pCPU's program.
  public enum ProgramStep: Hashable, Sendable {
    /// One slice of a vCPU, with so many guest entries: `1.0`, `1.0*2`. With `!` the first entry is
    /// aborted once at its last look: `1.0!`, `1.0!*2`.
    case run(ScriptedVCPU, entries: Int, abortsFirst: Bool = false)
    /// An MMU notifier takes a page from a VM: `unmap 0:1`.
    case unmap(VMSlot, page: Int)
    /// The host changes a VM's tables with levels: `unmap 0:4+8`, `protect 0:0+8`, `collapse 0:5`,
    /// `split 0:5`.
    case change(VMSlot, TableStep)
    /// A VM ends, and a new one takes its slot: `end 2`.
    case end(VMSlot)
    /// The pCPU goes offline: `offline`.
    case offline
    /// It comes back: `online`.
    case online
    /// A device shares a VM's address space from here on, if its number can be pinned: `pin 0`.
    case pin(VMSlot)
    /// A device no longer does: `unpin 0`.
    case unpin(VMSlot)
    /// One slice of a vCPU whose guest is a hypervisor, with what that does:
    /// `0.0: L1, a, edit a:0, invlpga a:0, a`.
    case nest(ScriptedVCPU, [NestedAction])
  }

  /// What the host does to the tables of a VM. Pages are of the VM's address space.
  public enum TableStep: Hashable, Sendable {
    /// Takes so many pages.
    case unmap(first: Int, pages: Int)
    /// Write-protects so many pages, and logs what is written from then on.
    case protect(first: Int, pages: Int)
    /// Maps the block around the page; nothing is logged any more.
    case collapse(page: Int)
    /// Makes pages of the block around the page.
    case split(page: Int)

    /// The last page that it names.
    var lastPage: Int {
      switch self {
      case .unmap(let first, let pages), .protect(let first, let pages): first + pages - 1
      case .collapse(let page), .split(let page): page
      }
    }
  }

  /// The program, one list per pCPU; nil if there is none. A list may be empty, but not all.
  ///
  /// A vCPU may stand on several pCPUs: it migrates. Lists behind those of the pCPUs are further
  /// tasks: list `i` runs on pCPU `i % pcpus`, when no other task does.
  ///
  /// - Throws: what is wrong with the program; nothing for a scenario that is valid.
  public func programSteps() throws(ScenarioError) -> [[ProgramStep]]? {
    guard let program else { return nil }
    let tasks = max(pcpus, program.count)
    if tasks > Self.mostProgramPCPUs { throw .programPCPUs(tasks, most: Self.mostProgramPCPUs) }
    guard program.count >= pcpus else { throw .programCount(program.count, pcpus: pcpus) }
    if program.allSatisfy(\.isEmpty) { throw .programEmpty }
    var lists: [[ProgramStep]] = []
    for (pcpu, texts) in program.enumerated() {
      var list: [ProgramStep] = []
      for text in texts { list.append(try programStep(text, pcpu: pcpu)) }
      lists.append(list)
    }
    for (pcpu, list) in lists.enumerated() { try checkOnline(list, pcpu: pcpu) }
    try checkVMsInUse(lists)
    return lists
  }

  private func programStep(_ text: String, pcpu: Int) throws(ScenarioError) -> ProgramStep {
    if let action = ProgramStep.wrongNestedAction(in: text) {
      throw .programNestedText(action, pcpu: pcpu)
    }
    guard let step = ProgramStep(parsing: text) else { throw .programText(text, pcpu: pcpu) }
    switch step {
    case .run(let vcpu, let entries, _):
      try check(vcpu, of: step, pcpu: pcpu)
      guard (1...Self.mostProgramEntries).contains(entries) else {
        throw .programEntries(step, pcpu: pcpu, most: Self.mostProgramEntries)
      }
    case .unmap(let vm, let page):
      guard vm.index < vms else { throw .programNoSuchVM(step, pcpu: pcpu, vms: vms) }
      guard page < pagesPerVM else {
        throw .programNoSuchPage(step, pcpu: pcpu, pagesPerVM: pagesPerVM)
      }
    case .change(let vm, let change):
      guard vm.index < vms else { throw .programNoSuchVM(step, pcpu: pcpu, vms: vms) }
      guard tableLevels > 0 else { throw .programFlatTables(step, pcpu: pcpu) }
      guard change.lastPage < addressSpacePages else {
        throw .programNoSuchAddress(step, pcpu: pcpu, pages: addressSpacePages)
      }
    case .end(let vm), .pin(let vm), .unpin(let vm):
      guard vm.index < vms else { throw .programNoSuchVM(step, pcpu: pcpu, vms: vms) }
    case .offline, .online: break
    case .nest(let vcpu, let actions):
      try check(vcpu, of: step, pcpu: pcpu)
      try check(actions, of: step, pcpu: pcpu)
    }
    return step
  }

  private func check(
    _ vcpu: ScriptedVCPU, of step: ProgramStep, pcpu: Int
  ) throws(ScenarioError) {
    guard vcpu.vm.index < vms, vcpu.index < vcpusPerVM else {
      throw .programNoSuchVCPU(step, pcpu: pcpu, vms: vms, vcpusPerVM: vcpusPerVM)
    }
  }

  private func check(
    _ actions: [NestedAction], of step: ProgramStep, pcpu: Int
  ) throws(ScenarioError) {
    guard actions.count <= Self.mostNestedActions else {
      throw .programNestedActions(step, pcpu: pcpu, most: Self.mostNestedActions)
    }
    let lastFlush = actions.lastIndex { $0 == .flushGuest || $0 == .flushAll }
    if let lastFlush, !actions[lastFlush...].contains(where: { $0.entries != nil }) {
      throw .programNestedFlush(step, pcpu: pcpu)
    }
    if actions.dropLast().contains(where: \.isLast) {
      throw .programNestedStay(step, pcpu: pcpu)
    }
    for action in actions {
      if let page = action.page, page >= pagesPerVM {
        throw .programNoSuchPage(step, pcpu: pcpu, pagesPerVM: pagesPerVM)
      }
      if let entries = action.entries, !(1...Self.mostProgramEntries).contains(entries) {
        throw .programEntries(step, pcpu: pcpu, most: Self.mostProgramEntries)
      }
    }
  }

  /// Who is offline comes back before it does anything else.
  private func checkOnline(_ list: [ProgramStep], pcpu: Int) throws(ScenarioError) {
    var isOnline = true
    for step in list {
      if step == (isOnline ? .online : .offline) || (!isOnline && step != .online) {
        throw .programOnline(step, pcpu: pcpu, isOnline: isOnline)
      }
      if step == .offline { isOnline = false }
      if step == .online { isOnline = true }
    }
  }

  /// An MMU notifier holds a reference to its VM, and so does a device. A program says so by the order
  /// on one pCPU.
  private func checkVMsInUse(_ lists: [[ProgramStep]]) throws(ScenarioError) {
    for (pcpu, list) in lists.enumerated() {
      for step in list {
        guard let vm = step.vmInUse else { continue }
        let ending = lists.indices.first { $0 != pcpu && lists[$0].contains(.end(vm)) }
        if let ending { throw .programUsesEndingVM(step, pcpu: pcpu, ending: ending) }
      }
    }
  }
}

extension Scenario.ProgramStep {
  /// The VM of which it must be known that it is there; nil if the step itself waits for it.
  fileprivate var vmInUse: VMSlot? {
    switch self {
    case .unmap(let vm, _), .change(let vm, _), .pin(let vm), .unpin(let vm): vm
    case .run, .nest, .end, .offline, .online: nil
    }
  }

  /// What whoever takes the step does.
  var verb: String {
    switch self {
    case .run, .nest: "runs"
    case .unmap: "unmaps"
    case .change: "changes"
    case .end: "ends"
    case .pin: "pins"
    case .unpin: "unpins"
    case .offline: "takes away"
    case .online: "brings back"
    }
  }
}

extension Scenario.ProgramStep: CustomStringConvertible {
  /// The step that `text` writes; nil if it writes none. Whether what it names is there,
  /// `programSteps()` says.
  public init?(parsing text: String) {
    if let slice = Self.nested(parsing: text) {
      self = slice
      return
    }
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    if let change = Self.change(parsing: words) {
      self = change
      return
    }
    switch (words.first, words.count) {
    case ("unmap", 2):
      let parts = words[1].split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let vm = wholeNumber(parts[0]), let page = wholeNumber(parts[1])
      else { return nil }
      self = .unmap(VMSlot(vm), page: page)
    case ("end", 2), ("pin", 2), ("unpin", 2):
      guard let vm = wholeNumber(words[1]) else { return nil }
      switch words[0] {
      case "end": self = .end(VMSlot(vm))
      case "pin": self = .pin(VMSlot(vm))
      default: self = .unpin(VMSlot(vm))
      }
    case ("offline", 1): self = .offline
    case ("online", 1): self = .online
    case (_, 1):
      let parts = text.split(separator: "*", omittingEmptySubsequences: false)
      let aborts = parts[0].hasSuffix("!")
      let name = String(aborts ? parts[0].dropLast() : parts[0])
      guard let vcpu = Scenario.ScriptedVCPU(parsing: name) else { return nil }
      switch parts.count {
      case 1: self = .run(vcpu, entries: 1, abortsFirst: aborts)
      case 2:
        guard let entries = wholeNumber(parts[1]) else { return nil }
        self = .run(vcpu, entries: entries, abortsFirst: aborts)
      default: return nil
      }
    default: return nil
    }
  }

  /// As a program writes it.
  public var description: String {
    switch self {
    case .run(let vcpu, let entries, let aborts):
      "\(vcpu)" + (aborts ? "!" : "") + (entries == 1 ? "" : "*\(entries)")
    case .unmap(let vm, let page): "unmap \(vm.index):\(page)"
    case .change(let vm, .unmap(let first, let pages)): "unmap \(vm.index):\(first)+\(pages)"
    case .change(let vm, .protect(let first, let pages)): "protect \(vm.index):\(first)+\(pages)"
    case .change(let vm, .collapse(let page)): "collapse \(vm.index):\(page)"
    case .change(let vm, .split(let page)): "split \(vm.index):\(page)"
    case .end(let vm): "end \(vm.index)"
    case .offline: "offline"
    case .online: "online"
    case .pin(let vm): "pin \(vm.index)"
    case .unpin(let vm): "unpin \(vm.index)"
    case .nest(let vcpu, let actions):
      "\(vcpu): " + actions.map(\.description).joined(separator: ", ")
    }
  }
}

extension Scenario.ProgramStep {
  /// A change of tables: a word, and `VM:page` or `VM:first+pages`, at least one page.
  private static func change(parsing words: [Substring]) -> Self? {
    guard words.count == 2 else { return nil }
    let parts = words[1].split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let vm = wholeNumber(parts[0]) else { return nil }
    let range = parts[1].split(separator: "+", omittingEmptySubsequences: false)
    let first = wholeNumber(range[0])
    let pages = range.count == 2 ? wholeNumber(range[1]) : nil
    switch (words[0], first, pages, range.count) {
    case ("unmap", let first?, let pages?, 2) where pages > 0:
      return .change(VMSlot(vm), .unmap(first: first, pages: pages))
    case ("protect", let first?, let pages?, 2) where pages > 0:
      return .change(VMSlot(vm), .protect(first: first, pages: pages))
    case ("collapse", let page?, nil, 1): return .change(VMSlot(vm), .collapse(page: page))
    case ("split", let page?, nil, 1): return .change(VMSlot(vm), .split(page: page))
    default: return nil
    }
  }
}

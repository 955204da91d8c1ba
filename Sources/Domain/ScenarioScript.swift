// The script of a scenario: which vCPU each pCPU runs, where seeded choices would leave it to luck.

extension Scenario {
  /// A vCPU as a script names it: `3.0` is vCPU 0 of VM 3.
  public struct ScriptedVCPU: Hashable, Sendable, CustomStringConvertible {
    /// Whose vCPU it is.
    public let vm: VMSlot
    /// Position among the VM's vCPUs.
    public let index: Int

    /// vCPU `index` of `vm`.
    public init(vm: VMSlot, index: Int) {
      self.vm = vm
      self.index = index
    }

    /// The vCPU that `text` names; nil if it names none.
    public init?(parsing text: String) {
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, let vm = wholeNumber(parts[0]), let index = wholeNumber(parts[1])
      else { return nil }
      self.init(vm: VMSlot(vm), index: index)
    }

    /// As a script names it.
    public var description: String { "\(vm.index).\(index)" }
  }

  /// The script, one list per pCPU; nil if there is none.
  ///
  /// - Throws: what is wrong with the script; nothing for a scenario that is valid.
  public func scriptedVCPUs() throws(ScenarioError) -> [[ScriptedVCPU]]? {
    guard let script else { return nil }
    guard script.count == pcpus else { throw .scriptCount(script.count, pcpus: pcpus) }
    var homes: [ScriptedVCPU: Int] = [:]
    var lists: [[ScriptedVCPU]] = []
    for (pcpu, texts) in script.enumerated() {
      if texts.isEmpty { throw .scriptEmpty(pcpu: pcpu) }
      var list: [ScriptedVCPU] = []
      for text in texts {
        let vcpu = try scriptedVCPU(text, pcpu: pcpu)
        let home = homes[vcpu, default: pcpu]
        if home != pcpu { throw .scriptSharesVCPU(vcpu, first: home, second: pcpu) }
        homes[vcpu] = pcpu
        list.append(vcpu)
      }
      lists.append(list)
    }
    return lists
  }

  private func scriptedVCPU(_ text: String, pcpu: Int) throws(ScenarioError) -> ScriptedVCPU {
    guard let vcpu = ScriptedVCPU(parsing: text) else {
      throw .scriptText(text, pcpu: pcpu)
    }
    guard vcpu.vm.index < vms, vcpu.index < vcpusPerVM else {
      throw .scriptNoSuchVCPU(vcpu, pcpu: pcpu, vms: vms, vcpusPerVM: vcpusPerVM)
    }
    return vcpu
  }
}

/// The number that `text` writes with digits alone; nil if there is anything else.
func wholeNumber(_ text: Substring) -> Int? {
  text.allSatisfy { $0.isASCII && $0.isWholeNumber } ? Int(text) : nil
}

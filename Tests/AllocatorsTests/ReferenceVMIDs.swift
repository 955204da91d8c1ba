// The reference for the exhaustive search: what a VMID allocator with rollover decides, told in
// sets of VMs and numbers. No ids, no generations, no bitmap: it shares no idea with the allocator
// but the rules.

/// How a VM came to its number at an entry.
enum Branch: CaseIterable {
  /// Without the lock.
  case fast
  /// Under the lock, and nothing was to be done.
  case alreadyCurrent
  /// It ran through the rollover.
  case renewed
  /// Nobody had taken its old number.
  case kept
  /// A free number, without a rollover.
  case fresh
  /// A free number after a rollover.
  case freshAfterRollover
}

/// What the allocator must know, whatever way it writes it down.
struct ReferenceVMIDs: Hashable {
  /// What a rollover would find at a pCPU.
  enum Trace: Hashable {
    /// An earlier rollover was here, and nobody entered or left since.
    case emptied
    /// Whoever was here has left.
    case left
    /// This VM entered and has not left.
    case entered(Int)
  }

  /// Who a rollover found at a pCPU.
  enum Found: Hashable {
    case nobody
    case vm(Int)
    /// A VM that is gone since.
    case somebodyGone
  }

  private(set) var traces: [Trace]
  private(set) var found: [Found]
  /// Numbers that nobody else may get before the next rollover.
  private(set) var taken: Set<Int> = []
  /// The number that each VM had last.
  private(set) var numbers: [Int: Int] = [:]
  /// VMs whose number is good without asking.
  private(set) var current: Set<Int> = []
  /// Searches never look below the last number that they found.
  private(set) var lastFound = 1
  let highest: Int

  init(pcpus: Int, highest: Int) {
    traces = Array(repeating: .emptied, count: pcpus)
    found = Array(repeating: .nobody, count: pcpus)
    self.highest = highest
  }

  /// How an entry of `vm` on `pcpu` must go.
  func branch(_ vm: Int, on pcpu: Int) -> Branch {
    if current.contains(vm) { return traces[pcpu] == .emptied ? .alreadyCurrent : .fast }
    if found.contains(.vm(vm)) { return .renewed }
    if let old = numbers[vm], !taken.contains(old) { return .kept }
    return free(from: lastFound).isEmpty ? .freshAfterRollover : .fresh
  }

  /// The numbers that it may get; none if the allocator has run out of them.
  func candidates(_ vm: Int, on pcpu: Int) -> Set<Int> {
    switch branch(vm, on: pcpu) {
    case .fast, .alreadyCurrent, .renewed, .kept: Set(numbers[vm].map { [$0] } ?? [])
    case .fresh: free(from: lastFound)
    case .freshAfterRollover: afterRollover().free(from: 1)
    }
  }

  /// The entry was made and ended with `number`, one of the candidates.
  mutating func enter(_ vm: Int, on pcpu: Int, number: Int) {
    let branch = branch(vm, on: pcpu)
    if branch == .freshAfterRollover { self = afterRollover() }
    if branch == .fresh || branch == .freshAfterRollover { lastFound = number }
    taken.insert(number)
    numbers[vm] = number
    current.insert(vm)
    traces[pcpu] = .entered(vm)
  }

  mutating func put(on pcpu: Int) { traces[pcpu] = .left }

  /// A new VM, without a number, takes the place of one that is on no pCPU.
  mutating func recreate(_ vm: Int) {
    numbers[vm] = nil
    current.remove(vm)
    found = found.map { $0 == .vm(vm) ? .somebodyGone : $0 }
  }

  private func free(from lowest: Int) -> Set<Int> {
    guard lowest <= highest else { return [] }
    return Set(lowest...highest).subtracting(taken)
  }

  private func afterRollover() -> ReferenceVMIDs {
    var next = self
    for pcpu in traces.indices {
      switch traces[pcpu] {
      case .emptied: break
      case .left: next.found[pcpu] = .nobody
      case .entered(let vm): next.found[pcpu] = .vm(vm)
      }
      next.traces[pcpu] = .emptied
    }
    next.taken = Set(
      next.found.compactMap { if case .vm(let vm) = $0 { numbers[vm] } else { nil } })
    next.current = []
    return next
  }
}

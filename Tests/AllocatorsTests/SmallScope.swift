// Every sequence of operations of a small world: sizes, operations, and what may be wrong.

/// The size of a world.
struct SmallScope: CustomStringConvertible {
  let pcpus: Int
  let vms: Int
  /// Usable numbers.
  let tags: Int
  /// Whether a pCPU may enter another VM without having put the last one, as a scheduler that
  /// switches directly does.
  var switchesDirectly = false

  var description: String {
    "\(pcpus) pCPUs, \(vms) VMs, \(tags) tags" + (switchesDirectly ? ", direct switches" : "")
  }
}

/// One operation of one pCPU, or of whoever makes VMs.
enum ScopeOperation: Hashable {
  case enter(vm: Int, pcpu: Int)
  case put(pcpu: Int)
  case recreate(vm: Int)
}

/// What was seen to be wrong. The first four break the contract, whatever the algorithm.
enum ScopeViolation: Hashable {
  /// A number is 0 or above the highest.
  case outOfRange
  /// Two VMs have one number in the current generation, or are in the guest with it.
  case sharedNumber
  /// A VM in the guest has another number now.
  case numberLost
  /// A rollover without a complete flush.
  case noFlush
  /// The number of a guest, or of a current id, has no bit.
  case notMarked
  /// The bits are not those of the numbers that the reference has taken.
  case wrongBits
  /// The fast path was taken or left out, against id and slot.
  case wrongPath
  /// Another branch than the reference's, or another moment for a rollover.
  case wrongBranch
  /// A number that the reference would not give.
  case wrongNumber
  /// The lock is held, or interrupts are off, after an operation.
  case notRestored
}

/// How a search ended.
enum ScopeResult: Equatable {
  /// No violation: all states were seen, or all within the limit of operations; and the branches
  /// that were taken on the way.
  case clean(states: Int, isComplete: Bool, branches: Set<Branch>)
  case violation(ScopeViolation, after: [ScopeOperation])
}

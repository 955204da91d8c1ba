// One operation of a recording machine, as a value that a test compares and prints.

import Domain

/// What was done. The names are those of the site tables.
public enum RecordedKind: String, Sendable, CaseIterable {
  // Words and cells.
  case load, store, exchange, add, or, compareExchange, fence, read, write
  // Waiting.
  case wait, acquire, release, acquireSleeping, releaseSleeping
  // Execution.
  case maskInterrupts, restoreInterrupts, disablePreemption, enablePreemption, preemptionPoint
  case call, waitForCalls
  // Translation.
  case invalidate, waitForInvalidations, install, leaveGuest, clearContext, translate, speculate
  // Watching and the environment.
  case note, observe, observeContext, observeFlushes, rolloverBegins, rolloverEnds, bug
  case mayFail, choose, retire, revive
  case writeBackCache, firmware
}

/// A place in a recording machine's memory, as its maker named it.
public struct RecordedObject: Hashable, Sendable {
  /// What `named:` said.
  public let name: String
  /// Its position among all places of that name, in the order in which they were made.
  public let index: Int

  /// The place of this name and position.
  public init(_ name: String, _ index: Int = 0) {
    self.name = name
    self.index = index
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension RecordedObject: CustomStringConvertible {
  public var description: String { "\(name)[\(index)]" }
}

/// One operation, with all that went in and came out.
public struct RecordedStep: Equatable, Sendable {
  /// Who made it.
  public let pcpu: PCPU
  /// What it was.
  public let kind: RecordedKind
  /// Where; nil for what has no site.
  public let site: Site?
  /// The ordering as its enum spells it, `-` if none. A lock's are `acquire` and `release`.
  public let order: String
  /// Of a compare-exchange: the ordering of its failure.
  public let failureOrder: String
  /// The place it was made to; nil if it was made to none.
  public let object: RecordedObject?
  /// The values that went in, in the order of the parameters.
  public let input: [UInt64]
  /// The value that came out; nil if none did.
  public let output: UInt64?
  /// What is no number: the target of an invalidation, a condition, a counter, a message.
  public let detail: String

  /// The operation with these parts.
  public init(
    pcpu: PCPU, kind: RecordedKind, site: Site?, order: String = "-", failureOrder: String = "-",
    object: RecordedObject? = nil, input: [UInt64] = [], output: UInt64? = nil,
    detail: String = ""
  ) {
    self.pcpu = pcpu
    self.kind = kind
    self.site = site
    self.order = order
    self.failureOrder = failureOrder
    self.object = object
    self.input = input
    self.output = output
    self.detail = detail
  }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension RecordedStep: CustomStringConvertible {
  public var description: String {
    var parts = ["\(pcpu):", kind.rawValue]
    if let object { parts.append("\(object)") }
    if !detail.isEmpty { parts.append(detail) }
    if order != "-" { parts.append(order) }
    if failureOrder != "-" { parts.append("or else \(failureOrder)") }
    if !input.isEmpty { parts.append("(" + input.map(String.init).joined(separator: ", ") + ")") }
    if let output { parts.append("-> \(output)") }
    if let site { parts.append("at site \(site.number)") }
    return parts.joined(separator: " ")
  }
}

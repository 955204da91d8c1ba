// How an execution ended, without numbers that change from run to run: what two executions must
// share to show the same bug.

import Domain
import Machines

/// The kind of an outcome: which oracle spoke, on which class of object.
///
/// Leaves out which pCPU and which tag it was: a shorter execution with the same bug may show it on
/// others.
public struct Verdict: Hashable, Sendable {
  /// The case of the outcome or of the violation, such as `finished` or `twoVMs`.
  public let name: String
  /// Whose rule is broken; nil if none is.
  public let oracle: OracleID?
  /// The class of the object, or the message and site of a bug; empty if the name says it all.
  public let subject: String

  /// A verdict of these parts.
  public init(name: String, oracle: OracleID?, subject: String) {
    self.name = name
    self.oracle = oracle
    self.subject = subject
  }

  /// Every pCPU has run its program, and no oracle said anything.
  public static let finished = Verdict(name: "finished", oracle: nil, subject: "")
  /// Too many steps.
  public static let stepLimit = Verdict(name: "stepLimit", oracle: nil, subject: "")
  /// Given up by the strategy.
  public static let abandoned = Verdict(name: "abandoned", oracle: nil, subject: "")

  /// Whether an oracle has spoken.
  public var isFailure: Bool { oracle != nil }
}

extension Verdict: CustomStringConvertible {
  /// Such as `O2 twoVMs`, `RACE race on reserved`.
  public var description: String {
    guard let oracle else { return name }
    return "\(oracle.rawValue) \(name)" + (subject.isEmpty ? "" : " on \(subject)")
  }
}

extension Engine {
  /// The kind of `outcome`, which an execution of this program had.
  public func verdict(of outcome: Outcome) -> Verdict {
    switch outcome {
    case .finished: .finished
    case .stepLimit: .stepLimit
    case .abandoned: .abandoned
    case .violation(let violation):
      Verdict(name: violation.name, oracle: violation.oracle, subject: subject(of: violation))
    }
  }

  private func subject(of violation: Violation) -> String {
    switch violation {
    case .race(_, let cell, _, _):
      // The class of a cell: `reserved[2]` is one of `reserved`, `VM 3 id` is a `VM id`.
      String(
        program.memory.cellNames[cell].filter { !$0.isNumber && $0 != "[" && $0 != "]" })
    case .bug(_, let message, let length, let site):
      "site \(site.number): \(Violation.text(message, length))"
    default: ""
    }
  }
}

extension Violation {
  /// The name of the case.
  public var name: String {
    switch self {
    case .twoTags: "twoTags"
    case .twoVMs: "twoVMs"
    case .twoOwners: "twoOwners"
    case .staleHit: "staleHit"
    case .foreignUse: "foreignUse"
    case .revokedWrite: "revokedWrite"
    case .underCover: "underCover"
    case .noFlush: "noFlush"
    case .lostTag: "lostTag"
    case .outOfRange: "outOfRange"
    case .generationBack: "generationBack"
    case .tagChanged: "tagChanged"
    case .freedTwice: "freedTwice"
    case .freedInUse: "freedInUse"
    case .linesLeft: "linesLeft"
    case .tagLeft: "tagLeft"
    case .otherVCPU: "otherVCPU"
    case .otherLevel: "otherLevel"
    case .staleInner: "staleInner"
    case .lostWrite: "lostWrite"
    case .bug: "bug"
    case .deadlock: "deadlock"
    case .race: "race"
    }
  }

  /// The message of a bug: a static string's place and length.
  static func text(_ place: UInt64, _ length: UInt64) -> String {
    guard let start = UnsafePointer<UInt8>(bitPattern: UInt(place)) else { return "" }
    return String(
      decoding: UnsafeBufferPointer(start: start, count: Int(length)), as: UTF8.self)
  }
}

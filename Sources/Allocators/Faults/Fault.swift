// Faults: named ways to be wrong, by which the tester is tested. Correct code knows nothing of
// them: a fault is another `Rules` type, or an environment that misbehaves.

import Domain

/// One row of the catalogue.
public struct Fault: Sendable {
  /// The row, such as `B01`.
  public let id: String
  /// The row and a name, such as `B01-fast-path-stores`.
  public let name: String
  /// What goes wrong, in a sentence.
  public let summary: String
  /// Where it comes from: a commit, a thread, or `synthetic`.
  public let origin: String
  /// The oracles of which one must see it; empty for an equivalent mutant, which none may.
  public let oracles: [OracleID]
  /// The scenario that is soaked for it.
  public let soakScenario: String
  /// The scenario whose schedules are searched for it: the smallest one in which an oracle of the
  /// row sees it. For an equivalent mutant, one in which it must stay clean.
  public let explorationScenario: String
  /// The oracles of which one must see it there: those of the row, and those that see it in
  /// controlled runs only.
  public let explorationOracles: [OracleID]
  /// How it is put in.
  public let kind: Kind
  /// The pauses that a soak may need to find it; nil: none.
  public let needsPauses: Bool
  /// How a live run can show it.
  public let detection: Detection

  /// How a fault gets into a run.
  public enum Kind: Sendable {
    /// A version of the system with a step replaced.
    case system(TagSystem)
    /// A version as it once was, of a system whose scenarios fit it.
    case version(TagSystem, of: TagSystem)
    /// The right system in a world that misbehaves.
    case world(@Sendable (inout WorldKnobs) -> Void, TagSystem)

    /// The system that runs.
    public var system: TagSystem {
      switch self {
      case .system(let system), .version(let system, _), .world(_, let system): system
      }
    }

    /// Whether it goes into scenarios of the system called `name`.
    public func fits(_ name: String) -> Bool {
      if case .version(_, let right) = self, right.name == name { return true }
      return system.name == name
    }
  }

  /// How a live run can show a fault.
  public enum Detection: String, Sendable {
    /// By an oracle.
    case oracle
    /// Not in time, or not at all: in controlled runs only.
    case exploration
    /// In soaks only: by an oracle that counts over a whole run, or by one that needs what a real
    /// store buffer does.
    case soak
    /// Not at all: it behaves like the right code.
    case equivalent
    /// By a build with the thread sanitizer only: no run on this host looks wrong.
    case threadSanitizer
  }

  init(
    _ id: String, _ name: String, _ summary: String, origin: String, oracles: [OracleID],
    soakedIn soakScenario: String = "small", exploredIn scenario: String,
    by controlled: [OracleID] = [],
    needsPauses: Bool = false, detection: Detection = .oracle, _ kind: Kind
  ) {
    self.id = id
    self.name = "\(id)-\(name)"
    self.summary = summary
    self.origin = origin
    self.oracles = oracles
    self.soakScenario = soakScenario
    explorationScenario = scenario
    explorationOracles = detection == .soak ? [] : oracles + controlled
    self.needsPauses = needsPauses
    self.detection = detection
    self.kind = kind
  }
}

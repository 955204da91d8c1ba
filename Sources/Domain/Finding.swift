// What an oracle says when it has seen something.

/// The oracles. Their meanings are in the README's table.
public enum OracleID: String, CaseIterable, Sendable, Codable {
  case o1 = "O1"
  case o2 = "O2"
  case o3 = "O3"
  case o4 = "O4"
  case o5 = "O5"
  case o6 = "O6"
  case o7 = "O7"
  case o8 = "O8"
  case o9 = "O9"
  case o10 = "O10"
  case o11 = "O11"
  case o12 = "O12"
  case o13 = "O13"
  case o14 = "O14"
  /// Plain memory that two pCPUs touch unordered; controlled runs only.
  case race = "RACE"

  /// Those that apply to any allocator that lets a machine's pCPUs share its tags.
  public static let common: Set<OracleID> = [.o1, .o2, .o3, .o4, .o5, .o6, .o7, .o8, .o9]

  /// The one-word name.
  public var name: String {
    switch self {
    case .o1: "SameTag"
    case .o2: "UniqueTag"
    case .o3: "UniqueTagPerTLB"
    case .o4: "NoStaleHit"
    case .o5: "FlushComplete"
    case .o6: "ReservedSound"
    case .o7: "RangeOK"
    case .o8: "GenerationMonotonic"
    case .o9: "Progress"
    case .o10: "RangeCover"
    case .o11: "Accounting"
    case .o12: "CrossVCPU"
    case .o13: "NestedIsolation"
    case .o14: "LoggedWrite"
    case .race: "DataRace"
    }
  }
}

/// How bad a finding is. After jcstress: forbidden, or allowed but worth reading.
public enum Grade: String, Sendable, Codable {
  /// A bug: the allocator broke its contract, beyond doubt.
  case forbidden = "FORBIDDEN"
  /// Allowed by the contract, but worth reading.
  case suspicious = "SUSPICIOUS"
}

/// One thing that an oracle saw. A finding is not an error: it is a value that flows to the report.
public struct Finding: Sendable, Equatable {
  /// Who saw it.
  public let oracle: OracleID
  /// How bad it is.
  public let grade: Grade
  /// One sentence with the names and numbers in it.
  public let summary: String
  /// Where it was seen; nil if it concerns the whole machine.
  public let pcpu: PCPU?
  /// When, since the start of the run.
  public let elapsed: Duration

  /// A finding by `oracle`.
  public init(
    oracle: OracleID, grade: Grade, summary: String, pcpu: PCPU?, elapsed: Duration
  ) {
    self.oracle = oracle
    self.grade = grade
    self.summary = summary
    self.pcpu = pcpu
    self.elapsed = elapsed
  }
}

extension Duration {
  /// This duration in seconds.
  public var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

// The versions by name, for whoever chooses one at run time.

/// A version of the planner.
public enum PlannerVersion: String, CaseIterable, Sendable {
  case current
  case argumentsAdvanced = "arguments-advanced"
  case decreasingMasked = "decreasing-masked"
  case increasing
  case increasingUnmasked = "increasing-unmasked"

  /// The version called `name`.
  ///
  /// - Throws: `RangeError.unknownVersion` if there is none.
  public init(named name: String) throws(RangeError) {
    guard let version = PlannerVersion(rawValue: name) else { throw .unknownVersion(name) }
    self = version
  }

  /// What it does, and on what it fails, in a line.
  public var summary: String {
    switch self {
    case .current: "decreasing scale, a single last page; never fails"
    case .argumentsAdvanced: "the same, but its caller's range is empty afterwards"
    case .decreasingMasked: "NUM ends at 30: fails on 2,097,152 pages"
    case .increasing: "fails on 2,097,152 pages, and with LPA2 off 64 KiB boundaries"
    case .increasingUnmasked: "NUM up to 31: fails on most lengths above 65 pages"
    }
  }

  /// Where it comes from.
  public var source: String {
    switch self {
    case .current: "Linux arch/arm64/include/asm/tlbflush.h, e3ba51ab24fd and f7edb07ad7c6"
    case .argumentsAdvanced: "Linux 6bbd42e2df8f up to f7edb07ad7c6"
    case .decreasingMasked: "Linux e2768b798a19 up to e3ba51ab24fd"
    case .increasing: "Linux d1d3aa98b1d4 (v5.9) up to e2768b798a19"
    case .increasingUnmasked: "a 6.6-stable candidate: e3ba51ab24fd without e2768b798a19"
    }
  }

  /// Plans the flush of a range of any length.
  public func plan(
    _ range: PageRange, features: RangeFeatures, hint: LevelHint = .unknown
  ) -> RangePlan {
    switch self {
    case .current: RangePlan(range, DecreasingScale.self, features, hint)
    case .argumentsAdvanced: RangePlan(range, ArgumentsAdvanced.self, features, hint)
    case .decreasingMasked: RangePlan(range, MaskedDecreasingScale.self, features, hint)
    case .increasing: RangePlan(range, IncreasingScale.self, features, hint)
    case .increasingUnmasked: RangePlan(range, UnmaskedIncreasingScale.self, features, hint)
    }
  }
}

/// A whole plan, to look at. Allocates: running code uses `RangePlanner`.
public struct RangePlan: Sendable {
  /// The operations, and for which chunk (counted from 0) each is.
  public private(set) var operations: [(chunk: Int, operation: RangeOperation)] = []
  /// How planning ended.
  public private(set) var outcome: PlanOutcome
  /// What O10 says.
  public let verdict: RangeCoverVerdict
  /// The range that the MMU notifiers are told of.
  public let toldRange: PageRange

  init<Rules: PlannerRules>(
    _ range: PageRange, _ rules: Rules.Type, _ features: RangeFeatures, _ hint: LevelHint
  ) {
    let planner = RangePlanner<Rules>(features: features, hint: hint)
    var cover = RangeCover(wanted: range)
    var operations: [(chunk: Int, operation: RangeOperation)] = []
    outcome = planner.forEachOperation(flushing: range) { operation, chunk in
      operations.append(
        (Int((chunk.start - range.start) / RangeOperand.maxPages), operation))
      cover.add(operation, lpa2: features.contains(.lpa2))
    }
    self.operations = operations
    verdict = cover.verdict
    toldRange = Rules.callersRange(after: range)
  }
}

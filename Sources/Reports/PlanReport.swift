// How a range is invalidated, and what the operations cover.

/// A plan, and what O10 says of it.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of the JSON keys.
public struct PlanReport: Encodable, Sendable {
  public let command = "plan"
  public var version: String
  public var source: String
  public var lpa2: Bool
  public var start: UInt64
  public var pages: UInt64
  public var operations: [Operation]
  /// `covered`, `under-covered`, or `lost` if every page is covered but the loop lost its way.
  public let verdict: String
  public var missing: UInt64
  @OrNull public var firstMissing: UInt64?
  public var extra: UInt64
  public var isExact: Bool
  /// How the planner lost its way.
  @OrNull public var lost: String?
  /// Pages of the range that the MMU notifiers are told of.
  public var toldPages: UInt64

  /// One instruction: what its operand says to a CPU.
  public struct Operation: Encodable, Sendable {
    public var chunk: Int
    @Hexadecimal public var operand: UInt64
    @OrNull public var scale: Int?
    @OrNull public var num: Int?
    public var start: UInt64
    public var pages: UInt64

    /// A row; `scale` and `num` are nil for a single operation.
    public init(
      chunk: Int, operand: UInt64, scale: Int?, num: Int?, start: UInt64, pages: UInt64
    ) {
      self.chunk = chunk
      self.operand = operand
      self.scale = scale
      self.num = num
      self.start = start
      self.pages = pages
    }
  }

  /// A report of these parts.
  public init(
    version: String, source: String, lpa2: Bool, start: UInt64, pages: UInt64,
    operations: [Operation], missing: UInt64, firstMissing: UInt64?, extra: UInt64, isExact: Bool,
    lost: String?, toldPages: UInt64
  ) {
    self.version = version
    self.source = source
    self.lpa2 = lpa2
    self.start = start
    self.pages = pages
    self.operations = operations
    self.missing = missing
    self.extra = extra
    self.isExact = isExact
    self.toldPages = toldPages
    verdict = missing > 0 ? "under-covered" : lost == nil ? "covered" : "lost"
    self.firstMissing = firstMissing
    self.lost = lost
  }

  /// Whether every page is covered by a loop that ended as it should.
  public var isRight: Bool { verdict == "covered" }

  /// A table of the operations, and the verdict.
  public func text(style: TextStyle, withHeader: Bool = true) -> String {
    let range = "\(grouped(pages)) \(pages == 1 ? "page" : "pages") from page \(start)"
    let header = "plan \(range), \(version)\(lpa2 ? ", lpa2" : "") (\(source))"
    var lines = withHeader ? [header, ""] : []
    let shown = operations.prefix(Self.mostRows)
    let rows = [["", "operand", "scale", "num", "base page", "pages"]] + shown.map(row)
    lines += TextTable.render(rows, alignRight: [2, 3, 4, 5])
    if operations.count > shown.count {
      lines.append("... and \(operations.count - shown.count) more; --json has all of them")
    }
    lines += ["", "O10 RangeCover  " + cover(style)]
    if let lost { lines.append("O9  Progress    " + style.bad("LOST") + ": \(lost)") }
    if toldPages != pages {
      lines.append(
        "notifiers       " + style.warning("told of \(toldPages) pages")
          + " instead of \(grouped(pages)): the caller's range was advanced")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func row(_ operation: Operation) -> [String] {
    [
      operation.scale == nil ? "single" : "range", Hexadecimal.text(operation.operand),
      operation.scale.map(String.init) ?? "-", operation.num.map(String.init) ?? "-",
      "\(operation.start)", grouped(operation.pages),
    ]
  }

  private func cover(_ style: TextStyle) -> String {
    let count = "\(operations.count) \(operations.count == 1 ? "operation" : "operations")"
    let few = isExact ? "" : "at least "
    guard missing > 0 else {
      let extra = extra == 0 ? "nothing else" : "\(grouped(extra)) others, too"
      return style.good("covered") + ": every page, and \(extra), in \(count)"
    }
    let first = firstMissing.map { ", the first is page \($0)" } ?? ""
    return style.bad("UNDER-COVERED")
      + ": \(few)\(grouped(missing)) of \(grouped(pages)) pages are "
      + "missed\(first); \(grouped(extra)) others are covered"
  }

  private func grouped(_ value: UInt64) -> String { TextNumber.grouped(value) }

  /// As many rows as a terminal shows.
  private static let mostRows = 40
}

/// A number that is written as a text, 0x and 16 digits.
@propertyWrapper
public struct Hexadecimal: Encodable, Sendable {
  /// The number.
  public var wrappedValue: UInt64

  /// The number.
  public init(wrappedValue: UInt64) { self.wrappedValue = wrappedValue }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Self.text(wrappedValue))
  }

  static func text(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}

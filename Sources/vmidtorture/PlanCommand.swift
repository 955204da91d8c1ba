// vmidtorture plan.

import Host
import RangeInvalidation
import Reports

/// Shows how a range is invalidated.
enum PlanCommand: Command {
  static let name = "plan"
  static let summary = "the TLBIRANGE operations for a range of pages, and what they cover"
  static let synopsis = "START_PAGE PAGES [OPTIONS]"

  static let options = [
    Option("--version", "NAME", "a version of the planner (default current; they stand below)"),
    Option("--lpa2", nil, "range operands count units of 64 KiB (FEAT_LPA2)"),
    Option("--level", "1|2|3", "the level of the leaves, as a hint (default: none)"),
    Option("--ipa-bits", "N", "width of the address space (default 48, with --lpa2 52)"),
  ]

  static var notes: String {
    let versions = PlannerVersion.allCases.map { ["  " + $0.rawValue, $0.summary] }
    return """
      Pages have 4 KiB. Numbers are decimal or, with 0x, hexadecimal. What is covered is read from the
      operands' bits, as a CPU reads them. It exits with 1 if a page is missed or the planner loses
      its way.

      versions:
      \(TextTable.render(versions, alignRight: []).joined(separator: "\n"))

      examples:
        vmidtorture plan 0x40000 0x200000                              8 GiB in one operation
        vmidtorture plan 0x40000 0x200000 --version decreasing-masked  what KVM got instead
        vmidtorture plan 5 100 --lpa2                                  from within 64 KiB
      """
  }

  static func run(_ arguments: ParsedArguments, signals: Signals) throws -> Int32 {
    var features: RangeFeatures = .tlbiRange
    if arguments.has("--lpa2") { features.insert(.lpa2) }
    let version = try PlannerVersion(named: arguments["--version"] ?? "current")
    let range = try range(arguments, features)
    let plan = version.plan(range, features: features, hint: try hint(arguments))
    let report = report(plan, of: range, version, features)
    let text =
      arguments.has("--json")
      ? try JSONLine.render(report) + "\n"
      : report.text(style: Output.style, withHeader: !arguments.has("--quiet"))
    return deliver(text, verdict: report.verdict, exitCode: report.isRight ? 0 : 1)
  }

  private static func range(
    _ arguments: ParsedArguments, _ features: RangeFeatures
  ) throws -> PageRange {
    let words = arguments.words
    if words.count > 2 { throw UsageError.unexpectedWord(words[2], command: name) }
    let start = try number(words.first, "START_PAGE")
    let pages = try number(words.dropFirst().first, "PAGES")
    let bits = try arguments.number("--ipa-bits", in: 1...64) ?? features.mostIPABits
    try features.checkIPABits(bits)
    let range = try PageRange(checkingStart: start, count: pages, ipaBits: bits)
    guard pages <= mostPages else {
      throw UsageError.badValue("PAGES", words[1], wanted: "at most \(mostPages) (512 GiB)")
    }
    return range
  }

  private static func number(_ word: String?, _ placeholder: String) throws(UsageError) -> Int {
    guard let word else {
      throw .missingWords(placeholder, all: "START_PAGE PAGES", command: name)
    }
    let isHexadecimal = word.hasPrefix("0x") || word.hasPrefix("0X")
    guard let number = isHexadecimal ? Int(word.dropFirst(2), radix: 16) : Int(word) else {
      throw .badValue(placeholder, word, wanted: "a whole number, decimal or hexadecimal with 0x")
    }
    return number
  }

  private static func hint(_ arguments: ParsedArguments) throws(UsageError) -> LevelHint {
    switch try arguments.number("--level", in: 1...3) {
    case 1: .level1
    case 2: .level2
    case 3: .level3
    default: .unknown
    }
  }

  private static func report(
    _ plan: RangePlan, of range: PageRange, _ version: PlannerVersion, _ features: RangeFeatures
  ) -> PlanReport {
    let lpa2 = features.contains(.lpa2)
    let rows = plan.operations.map { chunk, operation in
      let covered = operation.covered(lpa2: lpa2)
      var row = PlanReport.Operation(
        chunk: chunk, operand: operation.bits, scale: nil, num: nil, start: covered.start,
        pages: covered.count)
      if case .range(let operand) = operation {
        row.scale = operand.scale
        row.num = operand.num
      }
      return row
    }
    return PlanReport(
      version: version.rawValue, source: version.source, lpa2: lpa2, start: range.start,
      pages: range.count, operations: rows, missing: plan.verdict.missing,
      firstMissing: plan.verdict.firstMissing, extra: plan.verdict.extra,
      isExact: plan.verdict.isExact, lost: lost(plan.outcome),
      toldPages: plan.toldRange.count)
  }

  private static func lost(_ outcome: PlanOutcome) -> String? {
    switch outcome {
    case .complete, .underway: nil
    case .leftScales(let scale): "it went on with scale \(scale), but there are 0 to 3"
    case .endless: "in a kernel this loop doesn't end"
    }
  }

  /// 64 of the longest ranges.
  private static let mostPages = 64 * Int(RangeOperand.maxPages)
}

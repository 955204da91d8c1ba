// Durations as people write them ("90s", "1.5h") and as people like to read them ("4d 2h").
//
// All arithmetic is in whole attoseconds, so what is written exactly is read back exactly.

/// Durations as text, in both directions.
public enum DurationText {
  /// What `parse` accepts, in words that fit behind "write".
  public static let acceptedForm =
    "a number and a unit (ns, us, ms, s, m, h or d), such as 500ms, 30s, 1.5h or 4d"

  /// The longest duration that `parse` accepts: a leap year.
  public static let longest = Duration.seconds(366 * 86_400)

  /// The duration that `text` names: one decimal number and one unit, nothing between them.
  ///
  /// - Throws: unless the duration is more than nothing and at most `longest`.
  public static func parse(_ text: String) throws(DurationTextError) -> Duration {
    let isNegative = text.hasPrefix("-")
    let unsigned = text.dropFirst(isNegative ? 1 : 0)
    let number = unsigned.prefix { isDigit($0) || $0 == "." }
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), !parts.contains(where: \.isEmpty) else {
      throw .notADuration(text)
    }
    if isNegative { throw .negative(text) }
    let unitName = unsigned.dropFirst(number.count)
    guard !unitName.isEmpty else { throw .missingUnit(text) }
    guard let unit = Unit(rawValue: String(unitName)) else {
      throw .unknownUnit(text, unit: String(unitName))
    }
    return try duration(whole: parts[0], fraction: parts.count == 2 ? parts[1] : "", unit, text)
  }

  /// `duration` in the largest unit that needs no fraction, such as "90s"; `parse` reads it back
  /// unchanged.
  public static func exact(_ duration: Duration) -> String {
    let magnitude = duration.attoseconds.magnitude
    let sign = duration < .zero ? "-" : ""
    guard magnitude != 0 else { return "0s" }
    for unit in Unit.allCases.reversed() where magnitude % unit.attoseconds.magnitude == 0 {
      return "\(sign)\(magnitude / unit.attoseconds.magnitude)\(unit.rawValue)"
    }
    let (nanoseconds, attoseconds) = magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
    let digits = "\(attoseconds)"
    let fraction = String(repeating: "0", count: mostDecimals - digits.count) + digits
    return "\(sign)\(nanoseconds).\(trimmed(fraction))ns"
  }

  /// `duration` for people, in at most two figures: "12.3 ms", "1m 30s", "4d 2h". Rounded.
  public static func rounded(_ duration: Duration) -> String {
    let magnitude = duration.attoseconds.magnitude
    let sign = duration < .zero ? "-" : ""
    guard magnitude != 0 else { return "0 s" }
    for step in steps {
      let count = (magnitude + step.grain / 2) / step.grain
      if count < step.limit { return sign + step.text(count) }
    }
    return sign + "\(magnitude / Unit.d.attoseconds.magnitude)d"
  }

  /// Decimals after the point that the smallest unit can still tell apart.
  private static let mostDecimals = 9

  private static func duration(
    whole: Substring, fraction: Substring, _ unit: Unit, _ text: String
  ) throws(DurationTextError) -> Duration {
    guard fraction.count <= mostDecimals else { throw .tooFine(text) }
    // Digits only, so what is no number is one beyond 64 bits.
    guard let wholeUnits = Int64(whole), wholeUnits <= longest.attoseconds / unit.attoseconds else {
      throw .tooLong(text)
    }
    // Every unit is a multiple of 10^9 attoseconds, so nothing is lost by the division.
    let scale = (0..<fraction.count).reduce(Int128(1)) { scale, _ in scale * 10 }
    let parts = Int128(wholeUnits) * scale + Int128(Int64(fraction) ?? 0)
    let duration = Duration(attoseconds: parts * (unit.attoseconds / scale))
    guard duration <= longest else { throw .tooLong(text) }
    guard duration > .zero else { throw .zero(text) }
    return duration
  }

  private static func isDigit(_ character: Character) -> Bool {
    character.isASCII && character.isWholeNumber
  }

  private static func trimmed(_ decimals: String) -> String {
    String(decimals.reversed().drop { $0 == "0" }.reversed())
  }

  /// The units, smallest first.
  private enum Unit: String, CaseIterable {
    case ns, us, ms, s, m, h, d

    var attoseconds: Int128 {
      switch self {
      case .ns: 1_000_000_000
      case .us: 1_000_000_000_000
      case .ms: 1_000_000_000_000_000
      case .s: 1_000_000_000_000_000_000
      case .m: 60_000_000_000_000_000_000
      case .h: 3_600_000_000_000_000_000_000
      case .d: 86_400_000_000_000_000_000_000
      }
    }
  }

  /// One way to write a rounded duration: counted in grains, and right while the count is below
  /// the limit. Judging the rounded count keeps "1000 ms" and "1m 60s" from being written.
  private struct Step {
    let grain: UInt128
    let limit: UInt128
    let text: (UInt128) -> String

    /// In tenths of `unit`.
    static func tenths(_ unit: Unit, below limit: UInt128) -> Step {
      Step(grain: unit.attoseconds.magnitude / 10, limit: limit * 10) { count in
        let tenths = count % 10 == 0 ? "" : ".\(count % 10)"
        return "\(count / 10)\(tenths) \(unit.rawValue)"
      }
    }

    /// In `unit` and the next smaller one, `ratio` of which make one.
    static func pair(
      _ unit: Unit, _ ratio: UInt128, _ smaller: Unit, below limit: UInt128
    ) -> Step {
      Step(grain: smaller.attoseconds.magnitude, limit: limit * ratio) { count in
        let rest = count % ratio == 0 ? "" : " \(count % ratio)\(smaller.rawValue)"
        return "\(count / ratio)\(unit.rawValue)\(rest)"
      }
    }
  }

  private static var steps: [Step] {
    [
      .tenths(.ns, below: 1000), .tenths(.us, below: 1000), .tenths(.ms, below: 1000),
      .tenths(.s, below: 60), .pair(.m, 60, .s, below: 60), .pair(.h, 60, .m, below: 24),
      .pair(.d, 24, .h, below: 1_000_000),
    ]
  }
}

/// Why a text is no duration.
public enum DurationTextError: Error, Equatable, Sendable {
  /// No number stands at its start.
  case notADuration(String)
  /// A number and nothing behind it.
  case missingUnit(String)
  /// What stands behind the number is no unit.
  case unknownUnit(String, unit: String)
  /// Less than nothing.
  case negative(String)
  /// Nothing at all.
  case zero(String)
  /// More than `DurationText.longest`.
  case tooLong(String)
  /// More decimals than are told apart.
  case tooFine(String)
}

extension DurationTextError: CustomStringConvertible {
  /// What was given, what is wrong with it, and what to write.
  public var description: String {
    let form = DurationText.acceptedForm
    return switch self {
    case .notADuration(let text): "\(quoted(text)) is no duration; write \(form)"
    case .missingUnit(let text): "\(quoted(text)) has no unit; write \(form)"
    case .unknownUnit(let text, let unit):
      "\(quoted(text)) has the unknown unit \(quoted(unit)); write \(form)"
    case .negative(let text): "\(quoted(text)) is negative; write \(form)"
    case .zero(let text): "\(quoted(text)) is no time at all; write \(form)"
    case .tooLong(let text): "\(quoted(text)) is longer than 366d; write \(form)"
    case .tooFine(let text): "\(quoted(text)) has more than 9 decimals; write \(form)"
    }
  }
}

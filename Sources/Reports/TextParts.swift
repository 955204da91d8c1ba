// What text reports are put together from: numbers, tables, and colour where it is wanted.

/// Whether and how words are coloured.
public struct TextStyle: Sendable {
  private let isColoured: Bool

  /// Coloured for a terminal, plain for everything else.
  public init(isColoured: Bool) { self.isColoured = isColoured }

  /// Green.
  public func good(_ text: String) -> String { paint(text, "32") }
  /// Red.
  public func bad(_ text: String) -> String { paint(text, "31;1") }
  /// Yellow.
  public func warning(_ text: String) -> String { paint(text, "33") }

  private func paint(_ text: String, _ code: String) -> String {
    isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}

/// Numbers for people.
public enum TextNumber {
  /// 12,345,678.
  public static func grouped(_ value: UInt64) -> String {
    var digits = ""
    for (position, digit) in String(value).reversed().enumerated() {
      if position > 0, position % 3 == 0 { digits.append(",") }
      digits.append(digit)
    }
    return String(digits.reversed())
  }

  /// 1.23 M: three digits and a unit.
  public static func short(_ value: Double) -> String {
    for (limit, unit) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] where value >= limit {
      let scaled = value / limit
      return fixed(scaled, scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2) + " " + unit
    }
    return value == value.rounded() ? "\(Int(value))" : fixed(value, 2)
  }

  /// `short`, per second.
  public static func rate(_ value: Double) -> String { short(value) + "/s" }

  /// 12.34 s, 5.6 ms, 789 us.
  public static func seconds(_ value: Double) -> String {
    if value >= 1 { return fixed(value, 2) + " s" }
    if value >= 1e-3 { return fixed(value * 1e3, 2) + " ms" }
    return fixed(value * 1e6, 0) + " us"
  }

  /// 12.3 MB (10^6 bytes).
  public static func megabytes(_ bytes: UInt64) -> String { fixed(Double(bytes) / 1e6, 1) + " MB" }

  /// `value` with so many digits behind the point.
  public static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let whole = scaled / Int64(scale)
    let sign = value < 0 && scaled != 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let fraction = String(scaled % Int64(scale))
    return "\(sign)\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}

/// Columns.
public enum TextTable {
  /// Items one after the other, two blanks apart, on lines of at most 100 characters. The first line
  /// starts with `label`, the others with as many blanks.
  public static func wrap(_ items: [String], label: String) -> [String] {
    let indent = String(repeating: " ", count: label.count)
    var lines = [label]
    for item in items {
      let isFirst = lines[lines.count - 1].count == label.count
      if !isFirst, lines[lines.count - 1].count + 2 + item.count > 100 {
        lines.append(indent + item)
      } else {
        lines[lines.count - 1] += (isFirst ? "" : "  ") + item
      }
    }
    return lines
  }

  /// Rows with their columns padded to one width; those in `alignRight` to the right.
  public static func render(_ rows: [[String]], alignRight: Set<Int>) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return alignRight.contains(column) ? padding + cell : cell + padding
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}

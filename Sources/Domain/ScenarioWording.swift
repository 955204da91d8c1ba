// The small pieces that messages are put together from.

/// The one of `names` that `given` was most likely meant to be; nil if none is near.
///
/// Case, `-` and `_` don't count. Nearest of all is a name that starts with what was given, or the
/// other way round.
public func nearestName(to given: String, among names: [String]) -> String? {
  let wanted = bareLetters(given)
  // Longer than any name: no typing mistake, and comparing would take its time.
  guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
  let ranked = names.map { name in
    let letters = bareLetters(name)
    let isStart =
      min(wanted.count, letters.count) >= 3
      && (letters.starts(with: wanted) || wanted.starts(with: letters))
    return (name: name, distance: isStart ? 0 : editDistance(wanted, letters))
  }
  guard let best = ranked.min(by: { $0.distance < $1.distance }),
    best.distance <= max(1, wanted.count / 3)
  else { return nil }
  return best.name
}

/// The fewest insertions, deletions and replacements that turn one into the other (Levenshtein).
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, left) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, right) in b.enumerated() {
      let replaced = diagonal + (left == right ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}

/// `text` in quotes, shortened, with what would disturb a terminal escaped.
func quoted(_ text: String) -> String { "\"\(printable(text))\"" }

/// `text` shortened, with what would disturb a terminal escaped.
func printable(_ text: String, limit: Int = 80) -> String {
  let escaped = text.unicodeScalars.prefix(limit).map { scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: scalar.escaped(asASCII: true)
    default: String(scalar)
    }
  }
  return escaped.joined() + (text.unicodeScalars.count > limit ? "..." : "")
}

/// "1 pCPU", "2 pCPUs".
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// "d06, small, leaving and 40 more (see vmidtorture list)".
public func firstNames(_ names: [String], _ count: Int = 3) -> String {
  let rest = names.count - count
  let first = names.prefix(count).joined(separator: ", ")
  return rest > 0 ? "\(first) and \(rest) more (see vmidtorture list)" : first
}

/// All names if they fit into a message, otherwise the first ones.
public func allOrFirstNames(_ names: [String]) -> String {
  names.count > 12 ? firstNames(names) : names.joined(separator: ", ")
}

/// "off, light or heavy".
func alternatives(_ names: [String]) -> String {
  guard let last = names.last, names.count > 1 else { return names.joined() }
  return names.dropLast().joined(separator: ", ") + " or " + last
}

private func bareLetters(_ name: String) -> [Character] {
  name.lowercased().filter { $0 != "-" && $0 != "_" }.map { $0 }
}

// A story as a table: one column for each pCPU, the steps that decide marked.

import Domain

extension Story {
  /// Rows that are shown; a story that nobody made shorter has its end shown, where the bug is.
  static let mostRows = 120

  /// The table, as lines.
  public func lines(style: TextStyle) -> [String] {
    let shown = rows.suffix(Self.mostRows)
    let header = [[" #", ""] + columns]
    let body = shown.map { row in
      [row.step.map { "\($0)" } ?? "", row.isCritical ? ">>" : ""]
        + columns.indices.map { $0 == row.column ? row.text : "" }
    }
    var lines = TextTable.render(header + body, alignRight: [0])
    // The marked steps stand out; the columns are laid out by then.
    for (place, row) in shown.enumerated() where row.isCritical {
      lines[place + 1] = style.warning(lines[place + 1])
    }
    if shown.count < rows.count {
      lines.insert("... \(rows.count - shown.count) rows before", at: 1)
    }
    return lines
  }
}

// One report as one line of JSON: what scripts read from the last line of stdout.

import Foundation

/// Renders reports as JSON.
public enum JSONLine {
  /// `report` as one object on one line, keys in alphabetical order.
  public static func render(_ report: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(report), as: UTF8.self)
  }
}

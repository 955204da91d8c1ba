import Foundation
import Testing

/// Holds `text` against a golden text beside this file. To renew them after a wanted change, run the
/// tests once with VMIDTORTURE_RENEW_GOLDEN=1 and read the difference.
func expectGolden(
  _ name: String, is text: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden/\(name).txt")
  if ProcessInfo.processInfo.environment["VMIDTORTURE_RENEW_GOLDEN"] == "1" {
    try text.write(to: file, atomically: true, encoding: .utf8)
  }
  #expect(
    text == (try String(contentsOf: file, encoding: .utf8)), sourceLocation: sourceLocation)
}

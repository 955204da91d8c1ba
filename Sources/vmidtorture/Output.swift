// Where words go: results to stdout, everything else to stderr.

import Domain
import Foundation
import Host
import Reports

/// The two streams of the process.
enum Output {
  /// Writes a result. False if nobody reads stdout any more.
  @discardableResult
  static func result(_ text: String) -> Bool { write(text, to: STDOUT_FILENO) }

  /// Writes a line for the person at the terminal.
  static func message(_ text: String) { _ = write(text + "\n", to: STDERR_FILENO) }

  /// Whether a live line may be shown: stderr is a terminal.
  static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }

  /// Colour on a terminal only, and not against the user's wish (no-color.org).
  static var style: TextStyle {
    let wish = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
    return TextStyle(isColoured: isatty(STDOUT_FILENO) == 1 && wish.isEmpty)
  }

  /// Shows `text` in place of the live line before it.
  static func progress(_ text: String) { _ = write("\r\u{1B}[K" + text, to: STDERR_FILENO) }

  /// Takes the live line away.
  static func endProgress() { _ = write("\r\u{1B}[K", to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 {
        if errno == EINTR { continue }
        return false
      }
      bytes = bytes.dropFirst(written)
    }
    return true
  }
}

/// Ends a run: the report to stdout or, if nobody reads that any more, the verdict to stderr.
func deliver(_ text: String, verdict: String, exitCode: Int32) -> Int32 {
  if readerIsGone(STDOUT_FILENO) || !Output.result(text) {
    Output.message("vmidtorture: stdout was closed; verdict: \(verdict) (exit code \(exitCode))")
  }
  return exitCode
}

// Preconditions of this module, for code that runs once per report.

/// Stops the program with `message` unless `condition` holds. `precondition` would do, but its
/// message is dropped in optimised code, and this module is optimised in debug builds too.
func require(
  _ condition: Bool, _ message: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  guard condition else { fatalError(message(), file: file, line: line) }
}

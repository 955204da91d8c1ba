// Files that tests read scenarios from.

import Domain
import Foundation

/// A folder of its own, gone when the last test that holds it has ended.
final class ScenarioFolder: Sendable {
  let path: String

  init() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("scenario-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    path = folder.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes `bytes` into the file `name` and gives its path.
  func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
    let file = "\(path)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}

/// The text of the error that `body` throws; nil if it throws none.
func complaint<Result>(_ body: () throws(ScenarioError) -> Result) -> String? {
  do {
    _ = try body()
    return nil
  } catch { return error.description }
}

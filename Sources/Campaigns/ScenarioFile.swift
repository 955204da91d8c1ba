// How a scenario file becomes a scenario: what is read, and what is refused before it is read.

import Domain
import Glibc

/// Scenario files: JSON5 in UTF-8, one object with the keys of `Scenario.keys`.
public enum ScenarioFile {
  /// What ends a scenario file's name.
  public static let suffix = ".json5"

  /// The most bytes that a scenario file may have.
  public static let mostBytes = 1 << 20

  /// The scenario in the file at `path`, valid, and called as the file.
  ///
  /// - Throws: `ScenarioError.inFile`, with the line where there is one.
  public static func load(path: String) throws(ScenarioError) -> Scenario {
    let bytes: [UInt8]
    do { bytes = try read(path, most: mostBytes) } catch {
      throw .inFile(path: path, line: nil, error)
    }
    return try parse(bytes, name: name(of: path), path: path)
  }

  /// The scenario that `bytes` describe, valid, and called `name`. Messages say `path`.
  ///
  /// - Throws: `ScenarioError.inFile`.
  public static func parse(
    _ bytes: [UInt8], name: String, path: String
  ) throws(ScenarioError) -> Scenario {
    var parser = try ScenarioFileParser(bytes, path: path)
    let value = try parser.parse()
    do {
      let scenario = try scenario(name, value)
      try scenario.validate()
      return scenario
    } catch {
      throw .inFile(path: path, line: parser.line(of: error.keys), error)
    }
  }

  /// `d06` for `Stress/Scenarios/d06.json5`.
  static func name(of path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.hasSuffix(suffix) ? String(file.dropLast(suffix.count)) : file
  }

  private static func scenario(
    _ name: String, _ value: ScenarioValue
  ) throws(ScenarioError) -> Scenario {
    guard case .object(let values) = value else { throw .notAnObject(given: value) }
    if values["name"] != nil { throw .nameIsNoKey }
    return try Scenario(name: name, values: values)
  }

  /// The bytes of the file at `path`, whose kind and size are looked at first: a pipe would block,
  /// a device never end, and a big file cost the memory it has.
  static func read(_ path: String, most: Int) throws(ScenarioError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw .unreadable(reason: errorText()) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .unreadable(reason: errorText()) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .isDirectory
    default: throw .notARegularFile
    }
    guard status.st_size <= most else {
      throw .fileTooLarge(bytes: Int(status.st_size), most: most)
    }
    return try readToEnd(of: file, most: most)
  }

  /// What is in `file`. It may have grown since its size was asked for, so the limit is kept here
  /// too.
  private static func readToEnd(of file: CInt, most: Int) throws(ScenarioError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(reason: errorText()) }
      if count == 0 { return bytes }
      bytes += chunk.prefix(count)
      guard bytes.count <= most else {
        throw .fileTooLarge(bytes: bytes.count, most: most)
      }
    }
  }

  private static func errorText() -> String { String(cString: strerror(errno)) }
}

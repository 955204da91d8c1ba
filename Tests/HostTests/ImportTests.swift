// The arrows between the modules. The build guards their direction but lets a transitive
// import pass; here every target's imports are held against a list.

import Foundation
import Testing

/// What a target may import.
private let allowed: [String: Set<String>] = [
  "CHost": [],
  "Host": ["CHost", "Glibc", "Foundation", "Synchronization"],
  "Domain": [],
  "Machines": ["Host", "Domain", "Synchronization"],
  "Exploration": ["Machines", "Host", "Domain"],
  "Oracles": ["Host", "Domain", "Synchronization"],
  "Measurement": ["Host", "Domain"],
  "RangeInvalidation": ["Domain"],
  "Allocators": [
    "Machines", "Oracles", "Measurement", "RangeInvalidation", "Host", "Domain", "Synchronization",
  ],
  "Campaigns": [
    "Allocators", "Exploration", "Oracles", "Machines", "Measurement", "RangeInvalidation",
    "Host", "Domain", "EmbeddedScenarios", "Glibc", "Synchronization", "Foundation",
  ],
  "Reports": ["Measurement", "Domain", "Foundation"],
  "EmbeddedScenarios": ["Foundation"],
  "vmidtorture": [
    "Campaigns", "Allocators", "Reports", "Measurement", "Oracles", "RangeInvalidation", "Host",
    "Domain", "EmbeddedScenarios", "Foundation", "Glibc",
  ],
]

/// An import, and where it stands.
private struct FoundImport: Equatable {
  let module: String
  let line: Int
}

/// The modules that `source` imports, in whatever way: with attributes, with an access level, only
/// a declaration of it, or several on one line.
private func imports(in source: String) -> [FoundImport] {
  let pattern =
    #/
    ^ (?: @\w+ (?: \([^)]*\) )? \s+ | (?: public|package|internal|fileprivate|private ) \s+ )*
    import \s+
    (?: (?: struct|class|enum|protocol|typealias|func|let|var ) \s+ )?
    (?<module> \w+ )
    /#
  var found: [FoundImport] = []
  for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
  {
    for statement in line.split(separator: ";") {
      let text = statement.trimmingCharacters(in: .whitespaces)
      if let match = text.firstMatch(of: pattern) {
        found.append(FoundImport(module: String(match.module), line: index + 1))
      }
    }
  }
  return found
}

/// What is wrong with the imports of a file of `target`.
private func violations(in source: String, of file: String, target: String) -> [String] {
  guard let allowed = allowed[target] else {
    return ["\(file): ImportTests has no list for the target \(target)"]
  }
  return imports(in: source).filter { !allowed.contains($0.module) }.map {
    "\(file):\($0.line): \(target) must not import \($0.module); it may import "
      + (allowed.isEmpty ? "nothing" : allowed.sorted().joined(separator: ", "))
  }
}

@Suite("The arrows between the modules") struct ImportTests {
  /// Where Package.swift lies.
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The folders of the targets by name: those in Sources, and the scenarios.
  private static func targets() throws -> [String: URL] {
    let sources = root.appendingPathComponent("Sources")
    var targets = ["EmbeddedScenarios": root.appendingPathComponent("Stress/Scenarios")]
    for name in try FileManager.default.contentsOfDirectory(atPath: sources.path)
    where !name.hasPrefix(".") {
      targets[name] = sources.appendingPathComponent(name)
    }
    return targets
  }

  private static func swiftFiles(in folder: URL) throws -> [URL] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".swift") }.sorted().map(folder.appendingPathComponent)
  }

  @Test func `every target imports what its list allows`() throws {
    var wrong: [String] = []
    for (target, folder) in try Self.targets().sorted(by: { $0.key < $1.key }) {
      for file in try Self.swiftFiles(in: folder) {
        let source = try String(contentsOf: file, encoding: .utf8)
        let path = "\(target)/\(file.lastPathComponent)"
        wrong += violations(in: source, of: path, target: target)
      }
    }
    #expect(wrong.isEmpty, "\n\(wrong.joined(separator: "\n"))")
  }

  @Test func `every list belongs to a target, and every Swift target has files`() throws {
    let targets = try Self.targets()
    #expect(Set(targets.keys) == Set(allowed.keys))
    for (target, folder) in targets where target != "CHost" {
      #expect(try !Self.swiftFiles(in: folder).isEmpty, "\(target)")
    }
  }

  @Test func `the package depends on no other package`() throws {
    let manifest = try String(
      contentsOf: Self.root.appendingPathComponent("Package.swift"), encoding: .utf8)
    #expect(manifest.contains("let package = Package("))
    #expect(!manifest.contains(".package("))
  }

  // MARK: The checker itself

  @Test func `a made-up violation is reported with its place`() {
    let source = """
      // Reaches down past two floors.

      import Domain
      import Machines
      """
    #expect(
      violations(in: source, of: "Reports/HTML.swift", target: "Reports") == [
        "Reports/HTML.swift:4: Reports must not import Machines; "
          + "it may import Domain, Foundation, Measurement"
      ])
  }

  @Test(arguments: [
    "import Dispatch", "@testable import Dispatch", "public import Dispatch",
    "@preconcurrency import Dispatch", "@_spi(Hidden) public import Dispatch",
    "import class Dispatch.DispatchQueue", "import Dispatch.Queue", "  import Dispatch  // why",
    "import Domain; import Dispatch", "private import Dispatch",
  ])
  func `no spelling of an import escapes`(_ line: String) {
    #expect(imports(in: line).map(\.module).contains("Dispatch"))
    #expect(violations(in: line, of: "a.swift", target: "Domain").count >= 1)
  }

  @Test(arguments: [
    "// import Dispatch", "/// import Dispatch", "let text = \"import Dispatch\"", "important()",
    "let imports = 1",
  ])
  func `what only looks like an import is none`(_ line: String) {
    #expect(imports(in: line).isEmpty)
  }

  @Test func `a target without a list is reported`() {
    #expect(
      violations(in: "", of: "Cache/a.swift", target: "Cache") == [
        "Cache/a.swift: ImportTests has no list for the target Cache"
      ])
  }
}

import Foundation
import Testing

/// The README shows code and commands. They are held against what is there.
@Suite("README") struct ReadmeTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func text(_ path: String) throws -> String {
    try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
  }

  @Test func `the template in the README is the file that is compiled`() throws {
    let file = try text("Sources/Allocators/Template/GlobalLockAllocator.swift")
    #expect(try text("README.md").contains("```swift\n" + file + "```"))
  }

  @Test func `its registration in the README is the one that is compiled`() throws {
    let runs = try text("Sources/Allocators/Runs.swift")
    let start = try #require(runs.range(of: "    TagSystem(\n      \"template-global-lock\""))
    let end = try #require(runs.range(of: ".self)\n", range: start.upperBound..<runs.endIndex))
    let registration = runs[start.lowerBound..<end.upperBound]
    #expect(try text("README.md").contains("```swift\n" + registration + "```"))
  }

  @Test func `every option that the README shows exists`() throws {
    let commands = try text("README.md").components(separatedBy: "\n")
      .map { $0.hasPrefix("$ ") ? String($0.dropFirst(2)) : $0 }
      .filter { $0.hasPrefix("vmidtorture ") }
      .map { $0.split(separator: " ").map(String.init) }
    #expect(commands.count > 8)
    for words in commands where words.count > 1 {
      let help = try Tool.run([words[1], "--help"]).stdout
      #expect(help.hasPrefix("usage: vmidtorture \(words[1])"), "\(words)")
      for option in words where option.hasPrefix("--") {
        #expect(help.contains("\n  \(option) "), "\(option) of \(words)")
      }
    }
  }
}

import Allocators
import Foundation
import Testing

@testable import Campaigns

/// Schedules that have found something. Each must show it again, on both carriers.
@Suite("Regressions") struct RegressionTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Stress/Regressions")

  static let files: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".json") }.sorted()

  @Test("a recorded schedule shows its finding again", arguments: files)
  func reproduces(file: String) throws {
    let path = Self.folder.appendingPathComponent(file).path
    for carrier in CarrierName.allCases {
      let result = try ReplayCampaign.run(path: path, carrier: carrier, times: 3)
      #expect(result.isReproduced, "\(result.divergence ?? "")")
      #expect(result.verdict == .bug)
    }
  }

  @Test("there is one for every fault that a scheduler can show")
  func complete() {
    let ids = Set(Self.files.map { $0.replacingOccurrences(of: ".json", with: "") })
    let wanted = Set(
      Fault.all.filter { [.oracle, .exploration].contains($0.detection) }.map(\.id))
    #expect(ids.isSuperset(of: wanted), "missing: \(wanted.subtracting(ids).sorted())")
  }
}

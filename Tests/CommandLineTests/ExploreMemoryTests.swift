import Foundation
import Testing

@Suite("Memory of an exploration", .serialized) struct ExploreMemoryTests {
  /// Resident memory of `process`, in KiB; nil when it has ended.
  private func resident(_ process: Process) -> Int? {
    guard
      let status = try? String(
        contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") })
    else { return nil }
    return line.split(separator: " ").dropLast().last.flatMap { Int($0) }
  }

  /// Schedules between the two looks are three quarters of all.
  @Test func `memory grows by less than a megabyte while the portfolio goes on`() throws {
    let running = try Tool.start(["explore", "m1-r2", "--time", "10s", "--seed", "1", "--json"])
    Thread.sleep(forTimeInterval: 2)
    let before = try #require(resident(running.process))
    Thread.sleep(forTimeInterval: 7.5)
    let after = try #require(resident(running.process))
    let outcome = running.finish()
    #expect(outcome.exitCode == 0, "\(outcome.stderr)")
    #expect((outcome.json["schedules"] as? Int ?? 0) * 3 / 4 > 20_000)
    #expect(before > 1024)
    #expect(after - before < 1024, "from \(before) KiB to \(after) KiB")
  }
}

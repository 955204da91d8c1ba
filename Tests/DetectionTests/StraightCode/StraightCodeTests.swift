// The release binary's own loops, instruction by instruction: the fast path costs what it should,
// and the harness hides no race.

import Testing

@Suite(
  "The live machine's code",
  .enabled(if: ReleaseBinary.obstacle == nil, "\(ReleaseBinary.obstacle ?? "")"))
struct StraightCodeTests {
  private let code: Disassembly

  init() throws { code = try ReleaseBinary.code.get() }

  private func loop(_ role: LiveLoop.Role, _ version: LiveVersion = .asMerged) throws -> LiveLoop {
    try LiveLoop(role, of: version, in: code)
  }

  @Test(arguments: LiveLoop.Role.allCases)
  func `the fast path of the live machine is straight code`(_ role: LiveLoop.Role) throws {
    expectNone(FastPathRules.complaints(about: try loop(role)), of: .asMerged)
  }

  @Test func `nothing drains the store buffer between put and the next entry`() throws {
    expectNone(PutRules.complaints(about: try loop(.soak)), of: .asMerged)
  }

  @Test func `a fault's soak leaves the store buffer alone as well`() throws {
    for version in try faults() {
      expectNone(PutRules.complaints(about: try loop(.soak, version)), of: version)
    }
  }

  @Test func `a fault outside the fast path leaves it straight`() throws {
    let inIt = ["FastPathStores", "FastPathStoresUnasked"].map(LiveVersion.fault)
    for version in try faults() where !inIt.contains(version) {
      expectNone(FastPathRules.complaints(about: try loop(.soak, version)), of: version)
    }
  }

  private func faults() throws -> [LiveVersion] {
    let versions = LiveVersion.allBare(in: code)
    try #require(versions.contains(.asMerged) && versions.count > 1)
    return versions.filter { $0 != .asMerged }
  }

  // MARK: The same checks, failing

  @Test func `B01's measured fast path has no claim`() throws {
    let complaints = FastPathRules.complaints(about: try loop(.repeated, .fault("FastPathStores")))
    let reasons = Set(complaints.map(\.reason))
    #expect(reasons.contains("no path comes to a compare-exchange"))
    #expect(reasons.contains("comes to the next landmark without a claim"))
  }

  @Test func `B01's soak goes on without a claim`() throws {
    let complaints = FastPathRules.complaints(about: try loop(.soak, .fault("FastPathStores")))
    let reasons = Set(complaints.map(\.reason))
    // An aborted entry leads to the next one at once; others to the ledger of who is in the guest.
    #expect(reasons.contains("comes to the next landmark without a claim"))
    #expect(reasons.contains("a locked instruction"))
  }

  @Test func `the instrumented machine's fast path has calls of its pauses on the way`() throws {
    let complaints = FastPathRules.complaints(about: try loop(.soak, .instrumented))
    #expect(complaints.contains { $0.reason.contains("Machines.Instruments.pauseIsDue()") })
  }

  @Test func `the instrumented machine pauses between put and the next entry`() throws {
    let complaints = PutRules.complaints(about: try loop(.soak, .instrumented))
    #expect(complaints.contains { $0.reason.contains("Machines.Instruments.pauseIsDue()") })
  }

  /// Not with `#expect`, which would print the complaints twice.
  private func expectNone(
    _ complaints: [PathComplaint], of version: LiveVersion,
    at place: SourceLocation = #_sourceLocation
  ) {
    guard !complaints.isEmpty else { return }
    let text = complaints.map(\.description).joined(separator: "\n")
    Issue.record("\(version.rules) on \(version.machine)\n\(text)", sourceLocation: place)
  }
}

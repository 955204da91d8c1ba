// The report of a soak, as values: what text and JSON are made of.

import Domain

/// What one soak was and what it showed.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of the JSON keys.
public struct SoakReport: Encodable, Sendable {
  public let command = "soak"
  public var scenario: String
  public var system: String
  /// The fault that was put in; nil for none.
  @OrNull public var fault: String?
  public var seed: String
  public var pcpus: Int
  public var vms: Int
  public var vcpusPerVM: Int
  public var tagBits: Int
  public var oracles: String
  public var perturb: String
  public var host: String
  /// How long it ran.
  public var durationSeconds: Double
  public var verdict: String
  public var exitCode: Int32
  public var guestEntries: UInt64
  public var fastPathEntries: UInt64
  public var slowPathEntries: UInt64
  public var rollovers: UInt64
  public var rolloversPerSecond: Double
  public var tlbHits: UInt64
  public var tlbFills: UInt64
  public var migrations: UInt64
  public var slices: UInt64
  public var blocks: UInt64
  public var vmsCreated: UInt64
  public var vmsDestroyed: UInt64
  public var pauses: UInt64
  /// Comparisons made, by oracle.
  public var oracleChecks: [String: UInt64]
  /// The paths taken, by name.
  public var coverage: [String: UInt64]
  public var findings: [FindingReport]
  public var peakRSSBytes: UInt64
  /// Resident memory 5 seconds after the start; nil if it did not run that long.
  @OrNull public var rssAfterFiveSecondsBytes: UInt64?
  public var rssAtEndBytes: UInt64
  /// What each pCPU did when it stalled.
  public var stalled: [String]
  /// The command that repeats the run.
  public var rerun: String

  /// The counters' part of a report; the rest is given.
  public init(
    scenario: String, system: String, fault: String?, seed: String, pcpus: Int, vms: Int,
    vcpusPerVM: Int, tagBits: Int, oracles: String, perturb: String, host: String,
    durationSeconds: Double, verdict: String, exitCode: Int32, counts: Counts,
    progressLooks: UInt64,
    findings: [Finding], peakRSSBytes: UInt64, rssAfterFiveSecondsBytes: UInt64?,
    rssAtEndBytes: UInt64, stalled: [String], rerun: String
  ) {
    self.scenario = scenario
    self.system = system
    self.fault = fault
    self.seed = seed
    self.pcpus = pcpus
    self.vms = vms
    self.vcpusPerVM = vcpusPerVM
    self.tagBits = tagBits
    self.oracles = oracles
    self.perturb = perturb
    self.host = host
    self.durationSeconds = durationSeconds
    self.verdict = verdict
    self.exitCode = exitCode
    guestEntries = counts[.guestEntries]
    fastPathEntries = counts[.fastPathEntries]
    slowPathEntries = counts[.slowPathEntries]
    rollovers = counts[.rollovers]
    rolloversPerSecond = durationSeconds > 0 ? Double(rollovers) / durationSeconds : 0
    tlbHits = counts[.tlbHits]
    tlbFills = counts[.tlbFills]
    migrations = counts[.migrations]
    slices = counts[.slices]
    blocks = counts[.blocks]
    vmsCreated = counts[.vmsCreated]
    vmsDestroyed = counts[.vmsDestroyed]
    pauses = counts[.pauses]
    oracleChecks = Dictionary(
      uniqueKeysWithValues: OracleID.allCases.compactMap { oracle in
        Counter.checks(of: oracle).map { (oracle.rawValue, counts[$0]) }
      })
    oracleChecks[OracleID.o9.rawValue] = progressLooks
    coverage = Dictionary(
      uniqueKeysWithValues: Counter.coverage.map { ("\($0)", counts[$0]) })
    self.findings = findings.map(FindingReport.init)
    self.peakRSSBytes = peakRSSBytes
    self.rssAfterFiveSecondsBytes = rssAfterFiveSecondsBytes
    self.rssAtEndBytes = rssAtEndBytes
    self.stalled = stalled
    self.rerun = rerun
  }
}

/// One finding.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// The names are those of the JSON keys.
public struct FindingReport: Encodable, Sendable {
  public let oracle: String
  public let grade: String
  public let summary: String
  /// Where; nil for the whole machine.
  @OrNull public var pcpu: Int?
  public let elapsedSeconds: Double

  init(_ finding: Finding) {
    oracle = finding.oracle.rawValue
    grade = finding.grade.rawValue
    summary = finding.summary
    pcpu = finding.pcpu?.index
    elapsedSeconds = finding.elapsed.inSeconds
  }
}

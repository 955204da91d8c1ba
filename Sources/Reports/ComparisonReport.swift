// The table of `bench --compare`.

/// Systems side by side.
public struct ComparisonReport: Sendable {
  private let host: String
  private let rows: [Row]

  /// A report of these rows.
  public init(host: String, rows: [Row]) {
    self.host = host
    self.rows = rows
  }

  /// One system; a line of JSON. Times in ns.
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  // The names are those of the JSON keys.
  public struct Row: Encodable, Sendable {
    public let command = "bench"
    public let comparison = true
    public let system: String
    /// As `list` shows it.
    public let verdict: String
    public let host: String
    public let fast: Time
    public let slow: Time
    /// CPU time of 8 pCPUs together for one, over that of the same slices without; null if there are
    /// none.
    @OrNull public var rollover: Time?
    /// Slices of new VMs from one rollover to the next.
    @OrNull public var slicesPerRollover: Double?
    /// On d06 without unmaps.
    @OrNull public var tlbEntriesLostPerRollover: Double?
    /// On d06, per 1,000 guest entries.
    public let flushes: Flushes
    public let d06: Load
    public let v3AgainstV4: Load
    public let idleVMs: Load

    /// A row of these figures.
    public init(
      system: String, verdict: String, host: String, fast: Time, slow: Time, rollover: Time?,
      slicesPerRollover: Double?, tlbEntriesLostPerRollover: Double?, flushes: Flushes,
      d06: Load, v3AgainstV4: Load, idleVMs: Load
    ) {
      self.system = system
      self.verdict = verdict
      self.host = host
      self.fast = fast
      self.slow = slow
      self.rollover = rollover
      self.slicesPerRollover = slicesPerRollover
      self.tlbEntriesLostPerRollover = tlbEntriesLostPerRollover
      self.flushes = flushes
      self.d06 = d06
      self.v3AgainstV4 = v3AgainstV4
      self.idleVMs = idleVMs
    }
  }

  /// A time, and whether its rounds agree.
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  // The names are those of the JSON keys.
  public struct Time: Encodable, Sendable {
    public let ns: Double
    public let stable: Bool

    /// A time.
    public init(ns: Double, stable: Bool) {
      self.ns = ns
      self.stable = stable
    }
  }

  /// Invalidations per 1,000 guest entries, by kind.
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  // The names are those of the JSON keys.
  public struct Flushes: Encodable, Sendable {
    public let all: Double
    public let everythingOnEveryPCPU: Double
    public let everythingOnOnePCPU: Double
    public let tags: Double
    public let pages: Double

    /// Flushes of these kinds.
    public init(
      all: Double, everythingOnEveryPCPU: Double, everythingOnOnePCPU: Double, tags: Double,
      pages: Double
    ) {
      self.all = all
      self.everythingOnEveryPCPU = everythingOnEveryPCPU
      self.everythingOnOnePCPU = everythingOnOnePCPU
      self.tags = tags
      self.pages = pages
    }
  }

  /// One load.
  // swift-format-ignore: AllPublicDeclarationsHaveDocumentation
  // The names are those of the JSON keys.
  public struct Load: Encodable, Sendable {
    public let fastPathShare: Double
    public let rolloversPer1000Entries: Double
    public let guestEntries: UInt64
    public let tagBits: Int
    /// Whether the system needs more tag bits here than others.
    public let hasMoreTagBits: Bool

    /// What a system did with the load.
    public init(
      fastPathShare: Double, rolloversPer1000Entries: Double, guestEntries: UInt64, tagBits: Int,
      hasMoreTagBits: Bool
    ) {
      self.fastPathShare = fastPathShare
      self.rolloversPer1000Entries = rolloversPer1000Entries
      self.guestEntries = guestEntries
      self.tagBits = tagBits
      self.hasMoreTagBits = hasMoreTagBits
    }
  }

  /// The table.
  public func text() -> String {
    let header = [
      "system", "fast", "slow", "rollover", "lost", "flushes", "broadcast", "all here", "d06",
      "v3-against-v4", "idle-vms",
    ]
    let lines = TextTable.render(
      [header] + rows.map(cells), alignRight: Set(1..<header.count))
    return lines.joined(separator: "\n") + "\n\n" + notes
  }

  private func cells(_ row: Row) -> [String] {
    func share(_ load: Load) -> String {
      TextNumber.fixed(100 * load.fastPathShare, 1) + " %" + (load.hasMoreTagBits ? "*" : " ")
    }
    return [
      row.system, time(row.fast, digits: 1), time(row.slow, digits: 1),
      row.rollover.map { time($0, digits: 0) } ?? "-",
      row.tlbEntriesLostPerRollover.map { TextNumber.fixed($0, 1) } ?? "-",
      TextNumber.fixed(row.flushes.all, 1),
      TextNumber.fixed(row.flushes.everythingOnEveryPCPU, 1),
      TextNumber.fixed(row.flushes.everythingOnOnePCPU, 1),
      share(row.d06), share(row.v3AgainstV4), share(row.idleVMs),
    ]
  }

  private func time(_ time: Time, digits: Int) -> String {
    let text =
      digits == 0
      ? (time.ns < 0 ? "-" : "") + TextNumber.grouped(UInt64(abs(time.ns).rounded()))
      : TextNumber.fixed(time.ns, digits)
    return (time.stable ? "" : "~") + text
  }

  private var notes: String {
    """
    fast, slow: ns of the allocator's part of a slice of one entry, from load to put, bare machine, 1 pCPU, no guest.
      fast: the vCPU that the pCPU ran last. slow: a new VM, with its creation and the end of the one before it.
    rollover: ns of CPU time that 8 pCPUs, all giving numbers to new VMs, spend on one more than on the same slices
      with numbers enough, if they have one more than they need. -: the system does not roll over.
      The simulated flush itself is next to free: what it costs on hardware, lost and flushes tell.
    lost: TLB entries, of all pCPUs, alive when everything was invalidated, per rollover; d06 without unmapped pages.
    flushes: invalidations issued per 1,000 guest entries on d06; of those, broadcast: of everything on every pCPU,
      all here: of everything on one pCPU. The others are of a tag or of a page.
    d06, v3-against-v4, idle-vms: guest entries on the fast path, on that scenario: without the lock or, where there
      is none, without a new number and without a flush that was asked for.
    *: the system needs a number for each VM's whole life; the scenario got the tag bits for it.
    ~: the rounds differ by more than 10 % (median absolute deviation). Medians throughout.
    host: \(host)

    """
  }
}

// What a guest hypervisor does in a slice of a program: it runs guests of its own, changes what they
// translate to, and flushes what it has changed.

/// Who runs inside a VM of a system that nests: the VM's own code, L1, or one of the guests, L2, that
/// L1 runs. A number, because TLBs and tables have a place for each: 0 for L1, then its guests.
public enum Inner {
  /// L1.
  public static let l1 = 0
  /// The guests that a VM may have of its own.
  public static let guests = 1...2
  /// How many there are in all.
  public static let count = 3

  /// `L1`, or the letter of a guest of L1.
  public static func name(_ inner: Int) -> String {
    inner == l1 ? "L1" : guests.contains(inner) ? ["a", "b"][inner - 1] : "L2 number \(inner)"
  }
}

extension Scenario {
  /// The most that one slice of a program lets L1 do.
  static let mostNestedActions = 12

  /// One thing that L1 does in a slice: `0.0: L1, a, edit a:0, invlpga a:0, a`.
  ///
  /// L1 is entered for each of them but those that say otherwise, unless it is in already.
  public enum NestedAction: Hashable, Sendable {
    /// L1 is entered and accesses memory: `L1`.
    case enterL1
    /// L1 runs a guest, which is entered so often before L1 goes on: `a`, `b*2`. With `!` an
    /// interrupt for L1 comes before the guest has run at all: `a!`.
    case run(guest: Int, entries: Int, isInterrupted: Bool = false)
    /// L1 runs a guest, which is entered once and is still there when the vCPU is put: the next slice
    /// begins with it. Only at the end of a slice: `a...`.
    case stay(guest: Int)
    /// L1 changes an entry of its own table, or of that of a guest: `edit L1:0`, `edit a:1`.
    case edit(inner: Int, page: Int)
    /// L1 invalidates one page (INVLPGA): `invlpga L1:0`, `invlpga a:1`.
    case invalidatePage(inner: Int, page: Int)
    /// L1 gives a guest another tag the next time that it runs it: `renew a`.
    case renew(guest: Int)
    /// The next time that L1 runs a guest it asks for a flush of that guest: `flush`.
    case flushGuest
    /// The same, of everything that L1 knows, itself included: `flush all`.
    case flushAll
  }
}

extension Scenario.NestedAction: CustomStringConvertible {
  /// What `text` says; nil if it says nothing that L1 can do.
  init?(parsing text: some StringProtocol) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    switch (words.first.map { String($0) }, words.count) {
    case ("L1", 1): self = .enterL1
    case ("flush", 1): self = .flushGuest
    case ("flush", 2) where words[1] == "all": self = .flushAll
    case ("renew", 2):
      guard let guest = Self.guest(words[1]) else { return nil }
      self = .renew(guest: guest)
    case ("edit", 2), ("invlpga", 2):
      let parts = words[1].split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let page = wholeNumber(Substring(parts[1])),
        let inner = parts[0] == "L1" ? Inner.l1 : Self.guest(parts[0])
      else { return nil }
      self =
        words[0] == "edit"
        ? .edit(inner: inner, page: page)
        : .invalidatePage(inner: inner, page: page)
    case (_, 1) where words[0].hasSuffix("..."):
      guard let guest = Self.guest(words[0].dropLast(3)) else { return nil }
      self = .stay(guest: guest)
    case (_, 1):
      let parts = words[0].split(separator: "*", omittingEmptySubsequences: false)
      let isInterrupted = parts[0].hasSuffix("!")
      guard let guest = Self.guest(isInterrupted ? parts[0].dropLast() : parts[0]),
        parts.count == 1 || parts.count == 2 && !isInterrupted,
        let entries = parts.count == 1 ? 1 : wholeNumber(Substring(parts[1]))
      else { return nil }
      self = .run(guest: guest, entries: entries, isInterrupted: isInterrupted)
    default: return nil
    }
  }

  private static func guest(_ name: some StringProtocol) -> Int? {
    Inner.guests.first { Inner.name($0) == String(name) }
  }

  /// As a program writes it.
  public var description: String {
    switch self {
    case .enterL1: "L1"
    case .run(let guest, let entries, let isInterrupted):
      Inner.name(guest) + (isInterrupted ? "!" : entries == 1 ? "" : "*\(entries)")
    case .stay(let guest): "\(Inner.name(guest))..."
    case .edit(let inner, let page): "edit \(Inner.name(inner)):\(page)"
    case .invalidatePage(let inner, let page): "invlpga \(Inner.name(inner)):\(page)"
    case .renew(let guest): "renew \(Inner.name(guest))"
    case .flushGuest: "flush"
    case .flushAll: "flush all"
    }
  }

  /// The page that it names.
  var page: Int? {
    switch self {
    case .edit(_, let page), .invalidatePage(_, let page): page
    case .enterL1, .run, .stay, .renew, .flushGuest, .flushAll: nil
    }
  }

  /// How often it enters a guest of L1.
  var entries: Int? {
    switch self {
    case .run(_, let entries, _): entries
    case .stay: 1
    case .enterL1, .edit, .invalidatePage, .renew, .flushGuest, .flushAll: nil
    }
  }

  /// Whether the slice ends with it.
  var isLast: Bool { if case .stay = self { true } else { false } }
}

extension Scenario.ProgramStep {
  /// The slice that `text` writes as `VM.vCPU: what, L1, does`; nil if it writes none.
  static func nested(parsing text: String) -> Self? {
    guard let (vcpu, texts) = nestedParts(of: text) else { return nil }
    let actions = texts.compactMap { Scenario.NestedAction(parsing: $0) }
    return actions.count == texts.count ? .nest(vcpu, actions) : nil
  }

  /// What stands in `text` as something for L1 to do, and is nothing; nil if `text` is no slice of that
  /// kind, or right.
  static func wrongNestedAction(in text: String) -> String? {
    nestedParts(of: text)?.1.first { Scenario.NestedAction(parsing: $0) == nil }
  }

  private static func nestedParts(of text: String) -> (Scenario.ScriptedVCPU, [String])? {
    guard let colon = text.firstIndex(of: ":"),
      let vcpu = Scenario.ScriptedVCPU(parsing: String(text[..<colon]))
    else { return nil }
    let rest = text[text.index(after: colon)...].split(
      separator: ",", omittingEmptySubsequences: false)
    // Behind the colon and each comma stands one space.
    return (vcpu, rest.map { $0.hasPrefix(" ") ? String($0.dropFirst()) : " " + $0 })
  }
}

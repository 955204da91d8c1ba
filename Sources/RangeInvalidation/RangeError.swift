// What can be wrong with a range or with what is asked about it: data first, text once.

import Domain

/// Why a range is refused.
public enum RangeError: Error, Equatable, Sendable {
  case negative(Part, Int)
  case unaligned(Part, Int)
  case empty
  case beyondAddressSpace(start: Int, count: Int, unit: Unit, ipaBits: Int)
  case ipaBits(Int, features: RangeFeatures)
  case unknownFeature(String)
  case unknownVersion(String)

  /// What of a range a value is.
  public enum Part: String, Sendable {
    case startPage = "the first page"
    case pages = "the number of pages"
    case startAddress = "the first address"
    case size = "the size"
  }

  /// What a range is counted in.
  public enum Unit: String, Sendable {
    case pages
    case bytes
  }
}

extension RangeError: CustomStringConvertible {
  /// What was wanted, what was given, what to do.
  public var description: String {
    switch self {
    case .negative(let part, let value):
      let least = part == .startPage || part == .startAddress ? 0 : 1
      return "\(part.rawValue) is \(value), but there is nothing below 0; give \(least) or more"
    case .unaligned(let part, let value):
      let below = value & ~4095
      return "\(part.rawValue) is \(value), but invalidations take whole pages of 4096 bytes; "
        + "give \(below) or \(below + 4096)"
    case .empty:
      return "the range has no page, but there is nothing to invalidate then; give at least 1 page"
    case .beyondAddressSpace(let start, let count, let unit, let ipaBits):
      let space = 1 << (unit == .pages ? ipaBits - PageRange.pageShift : ipaBits)
      let range =
        count == 1 ? "1 page from \(start) ends" : "\(count) \(unit.rawValue) from \(start) end"
      return "\(range) behind the address space, which has "
        + "\(space) \(unit.rawValue) (\(ipaBits) bits); "
        + (start < space
          ? "give at most \(space - start) from there" : "start below \(space)")
    case .ipaBits(let bits, let features):
      let most = features.mostIPABits
      return
        "an address space of \(bits) bits is given, but a VM has \(RangeFeatures.fewestIPABits) "
        + "to \(most) \(features.contains(.lpa2) ? "with" : "without") lpa2; give one of these"
    case .unknownFeature(let name):
      let names = RangeFeatures.names.map(\.name)
      return "there is no feature '\(shown(name))'; \(near(name, names))there are "
        + names.joined(separator: ", ")
    case .unknownVersion(let name):
      let names = PlannerVersion.allCases.map(\.rawValue)
      return "there is no version '\(shown(name))' of the planner; \(near(name, names))there are "
        + names.joined(separator: ", ")
    }
  }

  private func near(_ name: String, _ names: [String]) -> String {
    nearestName(to: name, among: names).map { "did you mean \($0)? " } ?? ""
  }

  /// Shortened, and nothing that disturbs a terminal.
  private func shown(_ name: String) -> String {
    String(
      name.unicodeScalars.prefix(80).map {
        $0.isASCII && $0.value >= 32 && $0.value < 127 ? Character($0) : "?"
      })
  }
}

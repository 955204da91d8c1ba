// What of the architecture is there.

/// CPU features that decide how ranges are invalidated.
public struct RangeFeatures: OptionSet, Hashable, Sendable {
  /// One bit per feature.
  public let rawValue: UInt8

  /// The features with these bits.
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// FEAT_TLBIRANGE: range instructions.
  @inlinable public static var tlbiRange: RangeFeatures { RangeFeatures(rawValue: 1) }
  /// FEAT_S2FWB: no cache maintenance before a page is unmapped. Together with `tlbiRange` it lets
  /// unmapping put off its invalidations.
  @inlinable public static var fwb: RangeFeatures { RangeFeatures(rawValue: 2) }
  /// FEAT_LPA2: addresses of up to 52 bits; range operands count units of 64 KiB.
  @inlinable public static var lpa2: RangeFeatures { RangeFeatures(rawValue: 4) }

  /// Names, as options and scenario files write them.
  public static let names: [(name: String, feature: RangeFeatures)] = [
    ("tlbirange", .tlbiRange), ("fwb", .fwb), ("lpa2", .lpa2),
  ]

  /// Reads names, separated by commas; "" is none.
  ///
  /// - Throws: `RangeError.unknownFeature` at the first name that is none.
  public init(parsing text: String) throws(RangeError) {
    var features: RangeFeatures = []
    for name in text.split(separator: ",", omittingEmptySubsequences: !text.contains(",")) {
      guard let known = Self.names.first(where: { $0.name == name }) else {
        throw .unknownFeature(String(name))
      }
      features.insert(known.feature)
    }
    self = features
  }

  /// The widest address space of a VM with these features, in bits.
  public var mostIPABits: Int { contains(.lpa2) ? 52 : 48 }

  /// Whether a VM's address space can have so many bits.
  ///
  /// - Throws: `RangeError.ipaBits` if not.
  public func checkIPABits(_ bits: Int) throws(RangeError) {
    guard (Self.fewestIPABits...mostIPABits).contains(bits) else {
      throw .ipaBits(bits, features: self)
    }
  }

  /// KVM gives a VM no smaller address space.
  public static let fewestIPABits = 32
}

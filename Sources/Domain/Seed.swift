// Seeds: same seed, same choices. A child seed comes from its parent and a name, never from a
// counter, so that adding an actor does not change the choices of the others.

/// Where a stream of choices starts.
public struct Seed: Hashable, Sendable {
  /// The 64 bits that `--seed` takes.
  public let value: UInt64

  /// The seed `value`.
  public init(_ value: UInt64) { self.value = value }

  /// The seed of the part called `name`.
  public func child(_ name: String) -> Seed {
    var hash = value ^ 0x9E37_79B9_7F4A_7C15
    for byte in name.utf8 { hash = Seed.mixed(hash ^ UInt64(byte)) }
    return Seed(Seed.mixed(hash))
  }

  /// A seed from the system's entropy.
  public static func random() -> Seed { Seed(UInt64.random(in: .min ... .max)) }

  /// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a bijection on 64 bits.
  @inlinable static func mixed(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 31)
  }
}

extension Seed: CustomStringConvertible {
  /// As `--seed` takes it.
  public var description: String { "0x" + String(value, radix: 16) }
}

extension Seed {
  /// The seed that `text` names, decimal or hexadecimal with `0x`; nil if it names none.
  public init?(parsing text: String) {
    let parsed =
      text.lowercased().hasPrefix("0x")
      ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text, radix: 10)
    guard let parsed else { return nil }
    self.init(parsed)
  }
}

/// A stream of random numbers: xorshift64* (Vigna, 2016). Small enough to live in registers.
public struct RandomStream: RandomNumberGenerator, Sendable {
  @usableFromInline var state: UInt64

  /// The stream that `seed` names.
  public init(_ seed: Seed) {
    let mixed = Seed.mixed(seed.value)
    state = mixed == 0 ? 1 : mixed
  }

  /// 64 fresh bits; the upper ones are the better ones.
  @inlinable @inline(__always)
  public mutating func next() -> UInt64 {
    state ^= state &>> 12
    state ^= state &<< 25
    state ^= state &>> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }

  /// A number below `bound`, which is at most 2^32, with a bias below bound / 2^32.
  @inlinable @inline(__always)
  public mutating func below(_ bound: UInt64) -> UInt64 { ((next() &>> 32) &* bound) &>> 32 }

  /// Whether an event that happens once in `period` happens now; never if `period` is 0.
  @inlinable @inline(__always)
  public mutating func happensOnce(in period: UInt64) -> Bool {
    period != 0 && below(period) == 0
  }
}

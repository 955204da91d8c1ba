// Sites: the places in a system's source where it touches shared memory or the hardware.

/// The number of a place where an operation is made. Traces, pauses, ordering faults and coverage
/// speak of sites, not of line numbers, so that they survive an edit of the source.
///
/// Systems number their own from 1; the simulated world's start at `Site.firstOfTheWorld`.
public struct Site: Hashable, Sendable {
  /// The number, unique within one system and the world around it.
  public let number: UInt16

  /// The site `number`.
  @inlinable @inline(__always) public init(_ number: UInt16) { self.number = number }

  /// From here on sites belong to the simulated world and not to a system.
  public static let firstOfTheWorld: UInt16 = 0x8000
}

/// One row of a system's site table, as `list --sites` prints it.
public struct SiteDescription: Sendable, Equatable {
  /// The site described.
  public let site: Site
  /// A short name that traces print.
  public let name: String
  /// What is done there: `load`, `store`, `exchange`, `add`, `compareExchange`, `acquire` ...
  public let operation: String
  /// The object it is done to.
  public let object: String
  /// The memory ordering, as an `Order` prints itself; `-` where there is none.
  public let ordering: String
  /// The kernel function that it stands for.
  public let kernelFunction: String

  /// A row of the table.
  public init(
    _ site: Site, _ name: String, _ operation: String, _ object: String, _ ordering: String,
    in kernelFunction: String
  ) {
    self.site = site
    self.name = name
    self.operation = operation
    self.object = object
    self.ordering = ordering
    self.kernelFunction = kernelFunction
  }
}

// Ranges of intermediate physical addresses, in pages and in bytes.

/// Pages of 4 KiB that follow each other.
public struct PageRange: Hashable, Sendable {
  /// The first page's number: its address / 4,096.
  public let start: UInt64
  /// How many pages.
  public let count: UInt64

  /// `count` pages from `start`; the sum does not overflow. Nothing is checked: this is for code
  /// that computes ranges. What people give goes through `init(checkingStart:count:ipaBits:)`.
  @inlinable @inline(__always) public init(start: UInt64, count: UInt64) {
    self.start = start
    self.count = count
  }

  /// The pages that a caller asks for.
  ///
  /// - Parameter ipaBits: the width of the VM's address space.
  /// - Throws: `RangeError` if the range is negative, empty, or ends behind the address space.
  public init(checkingStart start: Int, count: Int, ipaBits: Int) throws(RangeError) {
    guard start >= 0 else { throw .negative(.startPage, start) }
    guard count >= 0 else { throw .negative(.pages, count) }
    guard count > 0 else { throw .empty }
    let space = 1 << (ipaBits - Self.pageShift)
    guard start < space, count <= space - start else {
      throw .beyondAddressSpace(start: start, count: count, unit: .pages, ipaBits: ipaBits)
    }
    self.init(start: UInt64(start), count: UInt64(count))
  }

  /// The first page behind the range.
  @inlinable @inline(__always) public var end: UInt64 { start &+ count }
  /// Whether there is no page in it.
  @inlinable public var isEmpty: Bool { count == 0 }

  /// log2 of a page's bytes.
  public static let pageShift = 12
}

extension PageRange: CustomStringConvertible {
  /// As reports name it.
  public var description: String {
    isEmpty ? "no page" : count == 1 ? "page \(start)" : "pages \(start) ... \(end - 1)"
  }
}

/// Bytes of intermediate physical addresses, whole pages of them.
public struct AddressRange: Hashable, Sendable {
  /// The first address.
  public let start: UInt64
  /// How many bytes.
  public let size: UInt64

  /// The addresses that a caller asks for.
  ///
  /// - Parameter ipaBits: the width of the VM's address space, checked with
  ///   `RangeFeatures.checkIPABits(_:)`.
  /// - Throws: `RangeError` if the range is negative, empty, no whole pages, or ends behind the
  ///   address space.
  public init(checkingStart start: Int, size: Int, ipaBits: Int) throws(RangeError) {
    guard start >= 0 else { throw .negative(.startAddress, start) }
    guard size >= 0 else { throw .negative(.size, size) }
    guard start & Self.pageMask == 0 else { throw .unaligned(.startAddress, start) }
    guard size & Self.pageMask == 0 else { throw .unaligned(.size, size) }
    guard size > 0 else { throw .empty }
    let space = 1 << ipaBits
    guard start < space, size <= space - start else {
      throw .beyondAddressSpace(start: start, count: size, unit: .bytes, ipaBits: ipaBits)
    }
    self.start = UInt64(start)
    self.size = UInt64(size)
  }

  /// The same, in pages.
  public var pages: PageRange {
    PageRange(
      start: start >> UInt64(PageRange.pageShift), count: size >> UInt64(PageRange.pageShift))
  }

  private static let pageMask = 1 << PageRange.pageShift - 1
}

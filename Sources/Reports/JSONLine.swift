// One report as one line of JSON: what scripts read from the last line of stdout.

import Foundation

/// An optional that is written as `null` when it is nil: a key that scripts read is always there.
@propertyWrapper
public struct OrNull<Value: Encodable & Sendable>: Encodable, Sendable {
  /// The value; nil for `null`.
  public var wrappedValue: Value?

  /// The value, or nothing.
  public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  /// Writes the value, or `null`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue {
      try container.encode(wrappedValue)
    } else {
      try container.encodeNil()
    }
  }
}

/// Renders reports as JSON.
public enum JSONLine {
  /// `report` as one object on one line, keys in alphabetical order.
  public static func render(_ report: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(report), as: UTF8.self)
  }
}

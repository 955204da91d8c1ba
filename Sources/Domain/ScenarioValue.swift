// A scenario's keys and values before anybody has asked what they mean: what a file, a checkpoint
// and a report have in common.

/// A value as JSON knows it, with whole numbers told apart from others.
public enum ScenarioValue: Sendable, Equatable {
  case null
  case flag(Bool)
  case integer(Int)
  case real(Double)
  case text(String)
  case list([ScenarioValue])
  case object([String: ScenarioValue])
}

extension ScenarioValue: Codable {
  /// Takes whatever value is there.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let integer = try? container.decode(Int.self) {
      self = .integer(integer)
    } else if let real = try? container.decode(Double.self) {
      self = .real(real)
    } else if let list = try? container.decode([ScenarioValue].self) {
      self = .list(list)
    } else {
      self = .object(try container.decode([String: ScenarioValue].self))
    }
  }

  /// Writes the value without a word about its kind.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .flag(let flag): try container.encode(flag)
    case .integer(let integer): try container.encode(integer)
    case .real(let real): try container.encode(real)
    case .text(let text): try container.encode(text)
    case .list(let list): try container.encode(list)
    case .object(let object): try container.encode(object)
    }
  }
}

extension ScenarioValue: CustomStringConvertible {
  /// As a message shows it: JSON5 on one line, long lists and objects cut short.
  public var description: String {
    switch self {
    case .null: "null"
    case .flag(let flag): "\(flag)"
    case .integer(let integer): "\(integer)"
    case .real(let real): Self.text(of: real)
    case .text(let text): quoted(text)
    case .list(let list):
      "[" + Self.enough(of: list.map { $0.briefly }) + "]"
    case .object(let object):
      "{" + Self.enough(of: object.keys.sorted().map { "\(printable($0)): ..." }) + "}"
    }
  }

  /// Without what is inside lists and objects.
  private var briefly: String {
    switch self {
    case .list(let list): list.isEmpty ? "[]" : "[...]"
    case .object(let object): object.isEmpty ? "{}" : "{...}"
    default: description
    }
  }

  private static func text(of real: Double) -> String {
    if real.isNaN { return "NaN" }
    if real.isInfinite { return real < 0 ? "-Infinity" : "Infinity" }
    return "\(real)"
  }

  private static func enough(of items: [String]) -> String {
    items.prefix(4).joined(separator: ", ") + (items.count > 4 ? ", ..." : "")
  }
}

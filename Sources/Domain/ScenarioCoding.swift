// A scenario as keys and values, in both directions. The only place that knows how a value of a
// file becomes a property; `Scenario.keys` tells which.

extension Scenario {
  /// The scenario `name` with what `values` say, and defaults where they say nothing. Types are
  /// checked here, ranges by `validate()`.
  ///
  /// - Throws: for a key that is unknown or missing, and for a value of another type.
  public init(name: String, values: [String: ScenarioValue]) throws(ScenarioError) {
    let names = Self.keys.map(\.name)
    // Sorted, so that of several unknown keys the same one is reported every time.
    for key in values.keys.sorted() where !names.contains(key) {
      throw .unknownKey(key, of: nil, nearest: nearestName(to: key, among: names))
    }
    if values["summary"] == nil { throw .missingSummary }
    self.init(name: name, summary: "")
    for key in Self.keys {
      if let value = values[key.name] { try set(key, to: value) }
    }
  }

  /// Every key with its value, as a file would write it; without the keys that hold nothing.
  public var values: [String: ScenarioValue] {
    var values: [String: ScenarioValue] = [:]
    for key in Self.keys { values[key.name] = value(in: key.slot) }
    return values
  }

  /// The value of `key` for reports, without quotes; nil if it holds nothing.
  public func text(of key: ScenarioKey) -> String? { value(in: key.slot)?.plainText }

  /// Sets `key` to what the value of its option says: `8`, `true`, `30s`, `heavy`, `1,16`.
  ///
  /// - Precondition: `key` has an option.
  /// - Throws: if `text` is of another type; `validate()` checks the range.
  public mutating func set(_ key: ScenarioKey, to text: String) throws(ScenarioError) {
    precondition(key.option != nil, "\(key.name) has no option")
    switch key.slot {
    case .number, .optionalNumber:
      try set(key, to: Int(text).map(ScenarioValue.integer) ?? .text(text))
    case .flag:
      try set(key, to: Bool(text).map(ScenarioValue.flag) ?? .text(text))
    case .pair:
      let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard !numbers.contains(nil) else {
        throw .wrongType(key: key.name, wanted: .numbers, given: .text(text))
      }
      try set(key, to: .list(numbers.compactMap { $0 }.map(ScenarioValue.integer)))
    case .text, .duration, .perturbation, .oracleMode, .mappedAtFirst, .initialState, .lists:
      try set(key, to: ScenarioValue.text(text))
    }
  }

  func value(in slot: ScenarioSlot) -> ScenarioValue? {
    switch slot {
    case .text(let path): .text(self[keyPath: path])
    case .flag(let path): .flag(self[keyPath: path])
    case .number(let path, _): .integer(self[keyPath: path])
    case .optionalNumber(let path): self[keyPath: path].map(ScenarioValue.integer)
    case .duration(let path, _): .text(DurationText.exact(self[keyPath: path]))
    case .perturbation: .text(perturb.rawValue)
    case .oracleMode: .text(oracles.rawValue)
    case .mappedAtFirst: .text(mapped.rawValue)
    case .pair(let path): .list(self[keyPath: path].map(ScenarioValue.integer))
    case .initialState: initialState.map(\.value)
    case .lists(let path):
      self[keyPath: path].map { .list($0.map { .list($0.map(ScenarioValue.text)) }) }
    }
  }

  private mutating func set(_ key: ScenarioKey, to value: ScenarioValue) throws(ScenarioError) {
    let name = key.name
    switch key.slot {
    case .text(let path): self[keyPath: path] = try value.asText(name)
    case .flag(let path): self[keyPath: path] = try value.asFlag(name)
    case .number(let path, _): self[keyPath: path] = try value.asInteger(name)
    case .optionalNumber(let path): self[keyPath: path] = try value.asInteger(name)
    case .duration(let path, _): self[keyPath: path] = try value.asDuration(name)
    case .perturbation: perturb = try value.asChoice(name)
    case .oracleMode: oracles = try value.asChoice(name)
    case .mappedAtFirst: mapped = try value.asChoice(name)
    case .pair(let path): self[keyPath: path] = try value.asIntegers(name)
    case .initialState: initialState = try InitialState(value, name)
    case .lists(let path): self[keyPath: path] = try value.asLists(name)
    }
  }
}

extension Scenario: Codable {
  /// Checks types only, as `init(name:values:)` does.
  public init(from decoder: any Decoder) throws {
    var values = try [String: ScenarioValue](from: decoder)
    let name = try values.removeValue(forKey: "name").map { value in try value.asText("name") }
    try self.init(name: name ?? "", values: values)
  }

  /// Writes the name too, which a file does not hold.
  public func encode(to encoder: any Encoder) throws {
    var values = values
    values["name"] = .text(name)
    try values.encode(to: encoder)
  }
}

extension Scenario.InitialState {
  private static let keys = ["numbers", "full"]

  fileprivate init(_ value: ScenarioValue, _ name: String) throws(ScenarioError) {
    guard case .object(let values) = value else {
      throw .wrongType(key: name, wanted: .initialState, given: value)
    }
    for key in values.keys.sorted() where !Self.keys.contains(key) {
      throw .unknownKey(key, of: name, nearest: nearestName(to: key, among: Self.keys))
    }
    guard let numbers = values["numbers"] else { throw .missingInitialNumbers }
    self.init(numbers: try numbers.asIntegers("\(name).numbers"))
    if let full = values["full"] { self.full = try full.asFlag("\(name).full") }
  }

  fileprivate var value: ScenarioValue {
    .object(["numbers": .list(numbers.map(ScenarioValue.integer)), "full": .flag(full)])
  }
}

extension ScenarioValue {
  /// Without the quotes around a text.
  var plainText: String {
    if case .text(let text) = self { return text }
    return description
  }

  fileprivate func asText(_ key: String) throws(ScenarioError) -> String {
    guard case .text(let text) = self else { throw wrong(key, .text) }
    return text
  }

  fileprivate func asFlag(_ key: String) throws(ScenarioError) -> Bool {
    guard case .flag(let flag) = self else { throw wrong(key, .flag) }
    return flag
  }

  fileprivate func asInteger(_ key: String) throws(ScenarioError) -> Int {
    guard case .integer(let integer) = self else { throw wrong(key, .number) }
    return integer
  }

  fileprivate func asDuration(_ key: String) throws(ScenarioError) -> Duration {
    guard case .text(let text) = self else { throw wrong(key, .duration) }
    do { return try DurationText.parse(text) } catch { throw .badDuration(key: key, error) }
  }

  fileprivate func asChoice<Choice: RawRepresentable<String>>(
    _ key: String
  ) throws(ScenarioError) -> Choice {
    guard case .text(let text) = self else { throw wrong(key, .text) }
    guard let choice = Choice(rawValue: text) else { throw .notAChoice(key: key, given: text) }
    return choice
  }

  fileprivate func asIntegers(_ key: String) throws(ScenarioError) -> [Int] {
    guard case .list(let list) = self else { throw wrong(key, .numbers) }
    var integers: [Int] = []
    for (i, item) in list.enumerated() { integers.append(try item.asInteger("\(key)[\(i)]")) }
    return integers
  }

  fileprivate func asLists(_ key: String) throws(ScenarioError) -> [[String]] {
    guard case .list(let items) = self else { throw wrong(key, .lists) }
    var lists: [[String]] = []
    for (i, item) in items.enumerated() {
      guard case .list(let list) = item else { throw item.wrong("\(key)[\(i)]", .texts) }
      var texts: [String] = []
      for (j, text) in list.enumerated() { texts.append(try text.asText("\(key)[\(i)][\(j)]")) }
      lists.append(texts)
    }
    return lists
  }

  private func wrong(_ key: String, _ wanted: ScenarioError.Kind) -> ScenarioError {
    .wrongType(key: key, wanted: wanted, given: self)
  }
}

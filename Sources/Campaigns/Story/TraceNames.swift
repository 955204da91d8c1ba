// The names of what stands in a trace as numbers: agents, objects, sites, ids. Replay files and
// stories speak in them.

import Allocators
import Domain
import Exploration
import Machines

/// Names of one world's agents, objects and sites, in both directions.
struct TraceNames {
  let pcpuCount: Int
  private let tagBits: Int
  private let idWords: Set<String>
  /// Whether tables have levels.
  let hasLevels: Bool
  private let objects: [String]
  private let objectNumbers: [String: Int]
  private let siteNames: [UInt16: String]
  private let siteNumbers: [String: Site]
  let cells: [String]

  init(_ world: ControlledWorld, _ program: ControlledProgram) {
    pcpuCount = program.bodies.count
    let numbering = ObjectNumbering(program)
    tagBits = world.scenario.tagBits
    idWords = world.system.traits.idWords
    hasLevels = program.hardware.tables != nil
    let memory = program.memory
    var numbers: [String: Int] = [:]
    var names: [String] = []
    for object in 0..<numbering.count {
      let name = numbering.name(object, memory)
      // Two objects may be called the same; the second one gets its number as well.
      let unique = numbers[name] == nil ? name : "\(name) #\(object)"
      numbers[unique] = object
      names.append(unique)
    }
    objects = names
    objectNumbers = numbers
    cells = memory.cellNames
    let table = world.system.sites + WorldSites.table
    siteNames = Dictionary(
      table.map { ($0.site.number, $0.name) }, uniquingKeysWith: { first, _ in first })
    siteNumbers = Dictionary(
      table.map { ($0.name, $0.site) }, uniquingKeysWith: { first, _ in first })
  }

  // MARK: Numbers to names

  func agent(_ agent: Agent) -> String { agent.name(pcpuCount: pcpuCount) }

  func site(_ site: Site) -> String {
    site.number == 0 ? "-" : siteNames[site.number] ?? "site \(site.number)"
  }

  /// What an operation is made to; `-` where it is the hardware of its own pCPU.
  func object(of operation: ControlledOperation) -> String {
    Self.hasObject(operation.kind) ? objects[operation.object] : "-"
  }

  func cell(_ number: Int) -> String { cells[number] }

  /// A value of `object` as a person reads it: ids as generation.number, entries of tables by what they
  /// map.
  func value(_ value: UInt64, of object: String) -> String {
    let base = Self.base(of: object)
    if hasLevels, base == Self.tables { return Stage2Entry(bits: value).words }
    guard idWords.contains(base), value != 0 else { return "\(value)" }
    return "\(value >> UInt64(tagBits)).\(value & (1 << UInt64(tagBits) - 1))"
  }

  /// What roots and the tables below them are called, without what comes before.
  private static let tables = "table"

  // MARK: Names to numbers

  var knownAgents: [String] {
    (0..<(pcpuCount * Agent.Role.allCases.count)).map { agent(Agent($0)) }
  }
  var knownSites: [String] { siteNumbers.keys.sorted() }
  var knownObjects: [String] { objects }

  func agent(named name: String) -> Agent? { Agent(named: name, pcpuCount: pcpuCount) }

  func kind(named name: String) -> StepKind? { StepKind.allCases.first { $0.name == name } }

  func site(named name: String) -> Site? {
    if name == "-" { return Site(0) }
    if let site = siteNumbers[name] { return site }
    return name.hasPrefix("site ") ? UInt16(name.dropFirst(5)).map { Site($0) } : nil
  }

  func object(named name: String) -> Int? { name == "-" ? 0 : objectNumbers[name] }

  /// Whether `event` took a lock or gave one back.
  func isLockStep(_ event: TraceEvent) -> Bool {
    switch event.operation.kind {
    case .release, .acquire: true
    // A lock taken by hand.
    case .compareExchange: event.before == event.a
    default: false
    }
  }

  static func hasObject(_ kind: StepKind) -> Bool {
    switch kind {
    case .load, .store, .exchange, .add, .or, .compareExchange, .wait, .acquire, .release,
      .install, .arriveInvalidation, .arriveInterrupt, .fillUnasked:
      true
    default: false
    }
  }

  /// `active` for `active[2]`, `id` for `VM 3 id`.
  static func base(of object: String) -> String {
    let name = object.prefix { $0 != "[" }
    return String(name.split(separator: " ").last ?? name)
  }
}

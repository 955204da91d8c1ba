// Finds, among the functions of the binary, the loops that run one version of the allocator.

/// A version of the arm64 VMID allocator on one of the live machines, by the names of its types.
struct LiveVersion: Equatable, Sendable {
  let machine: String
  let rules: String

  /// What soaks when no pauses are asked for, and what is measured.
  static let asMerged = LiveVersion(
    machine: "Machines.NativeMachine<Machines.NoProbe>", rules: "Allocators.Arm64VMIDAsMerged")

  /// The same, wrong in one way.
  static func fault(_ rules: String) -> LiveVersion {
    LiveVersion(machine: asMerged.machine, rules: "Allocators.\(rules)")
  }

  /// With pauses and the flight recorder.
  static let instrumented = LiveVersion(
    machine: "Machines.NativeMachine<Machines.Instruments>", rules: asMerged.rules)

  /// How the demangler introduces the specialisation of a function that has the allocator as its
  /// type parameter, and of a method of the allocator itself.
  fileprivate var ofAllocator: String {
    "specialization <Allocators.Arm64VMID<\(machine), \(rules)>> of Allocators."
  }
  fileprivate var ofMethod: String {
    "specialization <\(machine), \(rules)> of Allocators.Arm64VMID."
  }
}

/// A loop that asks the allocator for tags.
struct LiveLoop: Sendable {
  /// The functions that there are one of per version.
  enum Role: String, Sendable, CaseIterable {
    case soak = "runGuests<"
    case repeated = "repeatFastPath<"
    case timed = "timeFastPath<"
  }

  let code: Disassembly
  let function: CodeFunction
  /// The slice that the soak's loop calls; nil if the compiler has put it into the loop.
  let slice: CodeFunction?
  /// The one function that the fast path may call.
  let slowPath: String

  /// Where the loop's own code has a landmark.
  func landmarks(_ landmark: CodeLandmark) -> [UInt64] {
    [function, slice].compactMap(\.self).flatMap(\.instructions)
      .filter { $0.kind == .landmark(landmark) }.map(\.address)
  }

  /// Whether the instructions of a function may be needed.
  static func needs(_ symbol: String) -> Bool {
    ["runGuests", "runSlice", "repeatFastPath", "timeFastPath"].contains {
      symbol.contains($0)
    }
  }
}

extension LiveLoop {
  /// - Throws: `LoopSelectionError` unless the binary holds exactly one such loop.
  init(_ role: Role, of version: LiveVersion, in code: Disassembly) throws {
    let names = ReadableNames(code.symbols)
    let function = try code.listed(names.only(version.ofAllocator + role.rawValue))
    let slowPath = try names.only(version.ofMethod + "enterUnderLock(")
    let slice =
      role == .soak ? try names.atMostOne(version.ofAllocator + "GuestLoop.runSlice(") : nil
    if let slice, !function.instructions.contains(where: { $0.target?.symbol == slice }) {
      throw LoopSelectionError.sliceApart(loop: Demangling.readable(function.symbol))
    }
    self.init(
      code: code, function: function, slice: try slice.map(code.listed), slowPath: slowPath)
  }
}

extension LiveVersion {
  /// Every version of the arm64 VMID allocator that soaks on the bare machine in this binary.
  static func allBare(in code: Disassembly) -> [LiveVersion] {
    let start = "specialization <Allocators.Arm64VMID<\(asMerged.machine), "
    let end = ">> of Allocators.\(LiveLoop.Role.soak.rawValue)"
    return ReadableNames(code.symbols).readable.compactMap { name in
      guard let rules = name.firstRange(of: start)?.upperBound,
        let behind = name[rules...].firstRange(of: end)?.lowerBound
      else { return nil }
      return LiveVersion(machine: asMerged.machine, rules: String(name[rules..<behind]))
    }
  }
}

extension Disassembly {
  fileprivate func listed(_ symbol: String) throws -> CodeFunction {
    guard let function = function(symbol) else {
      throw LoopSelectionError.noCode(Demangling.readable(symbol))
    }
    return function
  }
}

/// What is wrong with the choice of functions in the binary.
enum LoopSelectionError: Error, CustomStringConvertible {
  case notOne(String, found: [String])
  case noCode(String)
  case sliceApart(loop: String)

  var description: String {
    switch self {
    case .notOne(let wanted, let found):
      "the binary should hold one function whose name has \"\(wanted)\", but it holds "
        + "\(found.count): \(found)"
    case .noCode(let name): "the listing has no instructions of \(name)"
    case .sliceApart(let loop):
      "there is a runSlice of its own beside \(loop), but that loop does not call it"
    }
  }
}

/// The symbols of this project's functions that the check may have to choose from.
private struct ReadableNames {
  private let names: [(symbol: String, readable: String)]

  init(_ symbols: [String]) {
    names = symbols.filter { $0.hasPrefix("$s10Allocators") }
      .map { ($0, Demangling.readable($0)) }
  }

  var readable: [String] { names.map(\.readable) }

  func only(_ part: String) throws -> String {
    guard let name = try atMostOne(part) else {
      throw LoopSelectionError.notOne(part, found: [])
    }
    return name
  }

  func atMostOne(_ part: String) throws -> String? {
    let found = names.filter { $0.readable.contains(part) }
    if found.count > 1 { throw LoopSelectionError.notOne(part, found: found.map(\.symbol)) }
    return found.first?.symbol
  }
}

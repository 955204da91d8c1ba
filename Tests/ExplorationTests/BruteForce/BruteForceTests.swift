// The searches against plain enumeration of all interleavings, which shares no code with them.

import Domain
import Exploration
import Machines
import Testing

@Suite("Searches against brute force") struct BruteForceTests {
  /// Traces and states that a search remembers: no program here has more.
  private static let room = 1 << 15

  /// Holds every search against the enumeration of `program`. Returns the enumeration.
  @discardableResult
  private func compare(
    _ program: ControlledProgram, _ name: String, isBeyondDPOR: Bool = false
  ) throws -> BruteForce {
    let all = try #require(BruteForce(program, limit: 100_000), "\(name) is too large")
    #expect(all.contradictions == 0, "\(name): what steps touch is not all that they depend on")
    #expect(all.fingerprints.count == all.traces, "\(name): fingerprints")
    let plain = searched(
      PreemptionBoundedSearch(bound: 1000, caches: false, traceCapacity: Self.room), program)
    #expect(plain.executions == all.interleavings, "\(name): search without reduction")
    for search in [
      PreemptionBoundedSearch(bound: 1000, cacheCapacity: Self.room, traceCapacity: Self.room),
      DelayBoundedSearch(bound: 1000, cacheCapacity: Self.room, traceCapacity: Self.room),
    ] {
      searched(search, program)
      #expect(search.traces.count == all.traces, "\(name): \(search.name)")
    }
    let dpor = SourceDPOR(traceCapacity: Self.room)
    #expect(dpor.run(on: Engine(program)) { _ in true })
    if isBeyondDPOR {
      #expect(!dpor.isComplete, "\(name): dpor claims what it cannot know")
      #expect(dpor.traces.count <= all.traces, "\(name)")
    } else {
      #expect(dpor.isComplete, "\(name)")
      #expect(dpor.traces.count == all.traces, "\(name): dpor")
      #expect(dpor.executions == all.traces, "\(name): dpor looks at a trace twice")
    }
    return all
  }

  /// The toy programs, with the numbers that are known.
  @Test("toy programs")
  func toys() throws {
    let known: [(String, ControlledProgram, interleavings: Int, traces: Int)] = [
      ("writers", Toys.writers(4), 24, 24), ("readers", Toys.readers(), 24, 8),
      ("independent", Toys.independent(), 24, 1), ("incr 2", Toys.increments(2), 6, 4),
      ("incr 3", Toys.increments(3), 90, 36), ("lastzero 2", Toys.lastZero(2), 35, 5),
      ("lastzero 3", Toys.lastZero(3), 920, 12),
    ]
    for (name, program, interleavings, traces) in known {
      let all = try compare(program, name)
      #expect(all.interleavings == interleavings, "\(name)")
      #expect(all.traces == traces, "\(name)")
    }
  }

  @Test("programs that wait", arguments: ScriptedProgram.waiting.keys.sorted())
  func waiting(name: String) throws {
    try compare(#require(ScriptedProgram.waiting[name]).program(), name)
  }

  @Test("programs with hardware", arguments: HardwarePrograms.all.keys.sorted())
  func hardware(name: String) throws {
    try compare(
      #require(HardwarePrograms.named(name)), name,
      isBeyondDPOR: HardwarePrograms.beyondDPOR.contains(name))
  }

  @Test("programs with keys", arguments: EncryptedPrograms.all.keys.sorted())
  func keys(name: String) throws {
    let make = try #require(EncryptedPrograms.all[name])
    try compare(make(), name)
  }

  @Test("programs whose tables have levels", arguments: Stage2Programs.all.keys.sorted())
  func stage2(name: String) throws {
    let make = try #require(Stage2Programs.all[name])
    try compare(make(), name, isBeyondDPOR: Stage2Programs.beyondDPOR.contains(name))
  }

  @Test("random programs", arguments: ScriptedProgram.Manner.allCases)
  func random(manner: ScriptedProgram.Manner) throws {
    for index in 0..<100 {
      let seed = Seed(0xB0F).child("\(manner.rawValue) \(index)")
      let program = ScriptedProgram.random(seed, manner)
      try compare(program.program(), "\(manner) \(index): \(program.scripts)")
    }
  }
}

// The judge agrees with every finding of the oracles, and finds nothing where they find nothing.

import Allocators
import Domain
import Exploration
import Machines
import Testing

@Suite("Independent judge") struct JudgeTests {
  static let worlds: [FaultyWorld] = Fault.all.filter { !forLife.contains($0.id) }.flatMap {
    fault in
    [false, true].map { FaultyWorld(fault: fault.id, hasTLB: $0) }
  }

  /// Faults of systems that give each VM a tag for life: that world has more VMs than tags.
  static let forLife: Set = ["B50", "B68"]

  /// The faults that random schedules of this world show; the others need a larger one, or are none.
  static let shown: Set<String> = [
    "B01", "B02", "B04", "B09", "B11", "B28", "H01", "H02", "H04",
  ]

  @Test("agrees with each finding of random schedules", arguments: worlds)
  func agrees(_ world: FaultyWorld) {
    let findings = agree(on: world.program())
    #expect(findings > 0 || !Self.shown.contains(world.fault))
  }

  @Test("agrees with each finding where VMs end", arguments: forLife.sorted())
  func agreesWhereVMsEnd(_ id: String) throws {
    let fault = try #require(Fault.named(id))
    #expect(agree(on: SmallWorlds.churn(fault.kind.system)) > 0)
  }

  @Test(
    "agrees where there are devices, shared TLBs and contexts that are replaced",
    arguments: ["B03", "B06A", "B15", "B16", "B33"])
  func agreesOnMore(_ fault: String) throws {
    // Runs: some of these need one pCPU to go far while the other stands still.
    let program = try #require(SmallWorlds.world(of: fault))
    #expect(agree(on: program, by: RunLengthRandom()) > 0)
  }

  @Test("agrees where tags stand for keys", arguments: ["B59", "B59D", "B59W", "B60", "B61"])
  func agreesOnKeys(_ id: String) throws {
    let fault = try #require(Fault.named(id))
    #expect(agree(on: SmallWorlds.keys(fault.kind.system, mayFail: id == "B61")) > 0)
  }

  @Test("finds nothing where tags stand for keys", arguments: [false, true])
  func cleanWithKeys(mayFail: Bool) {
    #expect(agree(on: SmallWorlds.keys(.svmSEV, mayFail: mayFail)) == 0)
  }

  @Test("a VM that could not be created is created later") func emptyPlaces() {
    let engine = Engine(SmallWorlds.keys(.svmSEV, mayFail: true))
    let walk = RandomWalk()
    // Each run creates two VMs anew. What a slice finds empty it fills, or it makes no entry.
    for index in 0..<1_000 {
      #expect(engine.run(walk, Seed(UInt64(index))).outcome == .finished)
    }
    #expect(engine.counts[.creationsFailed] > 500)
    #expect(engine.counts[.vmsCreated] > 1_000)
    #expect(engine.counts[.guestEntries] < 4_000)
    #expect(engine.counts[.guestEntries] > engine.counts[.vmsCreated] + 2_000 - 500)
  }

  @Test(
    "agrees where guests run guests of their own",
    arguments: ["B54", "B55", "B56", "B57", "B58", "B58A"])
  func agreesOnNesting(_ fault: String) throws {
    let system = try #require(Fault.named(fault)).kind.system
    let program = SmallWorlds.nested(system)
    // What needs one pCPU to go far, and what needs two to take turns.
    #expect(agree(on: program, by: RunLengthRandom()) + agree(on: program) > 0)
  }

  @Test("finds nothing where guests run guests of their own") func cleanNesting() throws {
    let system = try #require(TagSystem.named("svm-nested"))
    #expect(agree(on: SmallWorlds.nested(system)) == 0)
  }

  @Test("agrees where tables have levels", arguments: Stage2Fault.allCases)
  func agreesOnLevels(_ fault: Stage2Fault) {
    let programs = [false, true].map { Stage2World.changes(fault, fills: $0) }
    let findings = programs.map {
      agree(on: $0) + agree(on: $0, by: RunLengthRandom())
    }
    // With fills and without.
    #expect(findings.allSatisfy { ($0 == 0) == (fault == .none) }, "\(findings)")
  }

  /// How many findings of random schedules the judge was asked about.
  private func agree(on program: ControlledProgram, by walk: Strategy = RandomWalk()) -> Int {
    let engine = Engine(program)
    engine.annotates = true
    var findings = 0
    for index in 0..<10_000 where findings < 50 {
      // Most schedules find nothing: only some of those are read.
      let outcome = engine.run(walk, Seed(UInt64(index))).outcome
      if outcome == .finished && index % 100 != 0 { continue }
      let end = engine.run(walk, Seed(UInt64(index)), records: true)
      let judged = judgement(of: engine, program)
      switch end.outcome {
      case .violation(.deadlock):
        findings += 1
        #expect(judged.findings.isEmpty)
        #expect(judged.isDeadlock(engine.unfinished()))
      case .violation(let violation):
        findings += 1
        #expect(judged.findings.contains { $0.oracle == violation.oracle }, "\(violation)")
        // Nothing was overlooked before.
        #expect(judged.findings.allSatisfy { $0.step == end.steps - 1 }, "\(violation)")
      default:
        #expect(judged.findings.isEmpty)
        #expect(!judged.isDeadlock(engine.unfinished()))
      }
    }
    return findings
  }

  @Test(
    "finds nothing where vCPUs flush for themselves",
    arguments: ["svm-static", "svm-dynamic", "vmx-vpid"])
  func cleanWithCalls(_ name: String) throws {
    let system = try #require(TagSystem.named(name))
    let program = SmallWorlds.m1(rounds: 2, hasTLB: true, system)
    let engine = Engine(program)
    engine.annotates = true
    let walk = RandomWalk()
    for index in 0..<500 {
      #expect(engine.run(walk, Seed(UInt64(index)), records: true).outcome == .finished)
      #expect(judgement(of: engine, program).findings.isEmpty)
    }
  }

  @Test("finds nothing in the correct allocator", arguments: [false, true])
  func clean(hasTLB: Bool) {
    let program = SmallWorlds.m1(rounds: 2, hasTLB: hasTLB)
    let engine = Engine(program)
    engine.annotates = true
    let walk = RandomWalk()
    for index in 0..<2_000 {
      #expect(engine.run(walk, Seed(UInt64(index)), records: true).outcome == .finished)
      #expect(judgement(of: engine, program).findings.isEmpty)
    }
  }

  @Test("sees an install that was edited to another tag")
  func editedTag() {
    let program = SmallWorlds.m1(rounds: 2, hasTLB: true)
    let engine = Engine(program)
    engine.annotates = true
    var edits = 0
    var seen: Set<OracleID> = []
    for index in 0..<500 {
      engine.run(RandomWalk(), Seed(UInt64(index)), records: true)
      let events = judgedEvents(of: engine)
      for (place, event) in events.enumerated() where event.operation?.kind == .install {
        // The tag of a guest that another pCPU has in at that time, if there is one.
        guard let other = guestInside(events[..<place], beside: event.agent.number) else {
          continue
        }
        guard other.b != event.b else { continue }
        var edited = events
        edited[place].a = event.a & ~0xFFFF_FFFF | other.a & 0xFFFF_FFFF
        var judge = Judge(JudgedWorld(program))
        judge.read(edited)
        #expect(judge.findings.contains { $0.oracle == .o2 && $0.step == event.step })
        judge.findings.forEach { seen.insert($0.oracle) }
        edits += 1
      }
    }
    #expect(edits > 10)
    #expect(seen.contains(.o2))
  }

  @Test("sees a rollover whose flush was taken out of the trace") func withoutFlush() {
    let program = SmallWorlds.m1(rounds: 2, hasTLB: false)
    let engine = Engine(program)
    engine.annotates = true
    engine.run(RandomWalk(), Seed(1), records: true)
    var judge = Judge(JudgedWorld(program))
    judge.read(judgedEvents(of: engine).filter { $0.operation?.kind != .invalidate })
    #expect(judge.findings.contains { $0.oracle == .o5 })
  }

  @Test("sees a race when the lock's hand-over was taken out of the trace") func withoutLock() {
    let program = SmallWorlds.m1(rounds: 2, hasTLB: false)
    let engine = Engine(program)
    engine.annotates = true
    engine.run(RandomWalk(), Seed(1), records: true)
    var judge = Judge(JudgedWorld(program))
    judge.read(judgedEvents(of: engine).filter { $0.operation?.kind != .release })
    #expect(judge.findings.contains { $0.oracle == .race })
  }

  // MARK: Reading

  private func judgement(of engine: Engine, _ program: ControlledProgram) -> Judge {
    var judge = Judge(JudgedWorld(program))
    judge.read(judgedEvents(of: engine))
    return judge
  }

  /// Steps, and after each what its pCPU did before its next one.
  private func judgedEvents(of engine: Engine) -> [JudgedEvent] {
    var between: [Int: [JudgedEvent]] = [:]
    for one in engine.annotations() {
      between[one.step, default: []].append(
        JudgedEvent(
          step: one.step, agent: Agent(one.pcpu.index), action: one.action, a: one.a,
          b: one.b, result: one.result))
    }
    return (between[-1] ?? [])
      + engine.trace().enumerated().flatMap { step, event in
        [
          JudgedEvent(
            step: step, agent: event.agent, action: .operation(event.operation), a: event.a,
            b: event.b,
            result: event.result)
        ] + (between[step] ?? [])
      }
  }

  /// The install of a guest that a pCPU other than `pcpu` is in after `events`.
  private func guestInside(
    _ events: ArraySlice<JudgedEvent>, beside pcpu: Int
  ) -> JudgedEvent? {
    var inside: [Int: JudgedEvent] = [:]
    for event in events {
      switch event.operation?.kind {
      case .install: inside[event.agent.number] = event
      case .leaveGuest, .clearContext: inside[event.agent.number] = nil
      default: break
      }
    }
    return inside.first { $0.key != pcpu }?.value
  }
}

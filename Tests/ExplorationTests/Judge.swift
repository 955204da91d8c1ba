// An independent judge: reads the recorded events of an execution, and nothing else of the engine,
// and finds by its own models what was wrong. It shares no code with the oracles.

import Domain
import Exploration
import Machines

/// One event as the judge reads it: a step, or what a pCPU did between steps.
struct JudgedEvent {
  /// The number of the step, or of the step that it belongs to.
  var step: Int
  /// Who acts: a pCPU, or its hardware.
  var agent: Agent
  var action: Annotation.Action
  var a: UInt64
  var b: UInt64
  var result: UInt64

  /// The operation; nil for plain memory.
  var operation: ControlledOperation? {
    if case .operation(let operation) = action { operation } else { nil }
  }
}

/// What the judge saw.
struct JudgedFinding: Equatable {
  let oracle: OracleID
  let step: Int
}

/// What the judge knows of a program before it reads.
struct JudgedWorld {
  let pcpuCount: Int
  let hardware: ControlledProgram.Hardware
  let initialWords: [UInt64]
  let initialCells: [UInt64]
  let cellNames: [String]
  /// Tags that somebody has before the first step.
  let heldTags: Set<UInt64>

  init(_ program: ControlledProgram) {
    pcpuCount = program.bodies.count
    hardware = program.hardware
    initialWords = program.memory.initialWords
    initialCells = program.memory.initialCells
    cellNames = program.memory.cellNames
    let held = program.memory.initiallyHeldTags
    heldTags = Set((0..<64).filter { held >> $0 & 1 != 0 })
  }
}

/// Reads one execution.
struct Judge {
  struct Place: Hashable {
    let pcpu: Int
    let tag: UInt64
    let page: Int
  }

  struct Guest {
    var slot: Int
    var tag: UInt64
    var owner: UInt64
    var vcpu: UInt64
    var table: Int
    /// Which guest of the guest runs, 0 for none, and its table; nil where nothing nests.
    var inner: (number: UInt64, table: Int)?
    /// What stands beside the owner: the inner table, or the memory of tables with levels.
    var secondTable = 0
    var isInside: Bool
    /// The place of its install among the events.
    var since: Int
    /// Whether its pCPU has still to flush.
    var isStale = false
  }

  /// Devices that share a VM's address space.
  struct Device {
    var count: Int
    var tag: UInt64
    var owner: UInt64
    /// The place of the first attachment among the events.
    var since: Int
  }

  /// An entry of a TLB. `inner`: which guest of the guest it was made for, from which version of its
  /// table's entry, and the page that this one names.
  struct Entry {
    let owner: UInt64
    let vcpu: UInt64
    let version: UInt64
    var inner: (number: UInt64, version: UInt64, page: Int)?
  }

  /// A page of a guest of a vCPU's guest.
  struct InnerPage: Hashable {
    let vcpu: Int
    let inner: UInt64
    let page: Int
  }

  struct Rollover {
    var begin: Int
    /// Guests of others when it began, by the place of their install.
    var inside: [Int: Int]
    /// Devices that were there when it began, by slot, with the place of their attachment.
    var devices: [Int: Int]
    var isFlushIssued = false
    var isFlushComplete = false
    var isJudged = false
  }

  struct Message {
    let issuer: Int
    let what: UInt64
    let operand: UInt64
  }

  let world: JudgedWorld
  private(set) var findings: [JudgedFinding] = []
  private var now = 0
  private var step = 0
  var words: [UInt64]
  private var cells: [UInt64]
  private var guests: [Int: Guest] = [:]
  private var devices: [Int: Device] = [:]
  private var rollovers: [Int: Rollover] = [:]
  private var tlb: [Place: Entry] = [:]
  /// What guests that are hypervisors have flushed: the oldest versions that may be left.
  private var oldestInner: [InnerPage: UInt64] = [:]
  /// Per target: who calls it, and for what.
  private var calls: [[(caller: Int, request: UInt64)]]
  private(set) var travelling: [[Message]]
  private var oldest: [Place: UInt64] = [:]
  private var generations: [Int: UInt64] = [:]
  /// Tags that were given back and not handed out since.
  private var freed: Set<UInt64> = []
  /// Tags that somebody has.
  private var held: Set<UInt64>
  private var caches: JudgedCaches
  /// nil where tables are flat.
  private var tables: JudgedTables?
  private var races: RaceGraph
  /// pCPUs that have dropped what is under tag 0 of their own TLB since their last entry.
  private var flushedUntagged: Set<Int> = []

  init(_ world: JudgedWorld) {
    self.world = world
    words = world.initialWords
    cells = world.initialCells
    travelling = Array(repeating: [], count: world.pcpuCount)
    calls = Array(repeating: [], count: world.pcpuCount)
    held = world.heldTags
    caches = JudgedCaches(pcpuCount: world.pcpuCount)
    tables = JudgedTables(world.hardware)
    races = RaceGraph(pcpuCount: world.pcpuCount)
  }

  /// Reads `events` to the end.
  mutating func read(_ events: [JudgedEvent]) {
    for event in events {
      step = event.step
      if event.agent.number < world.pcpuCount {
        if races.adds(event) { find(.race) }
        readPCPU(event.agent.number, event)
      } else {
        readHardware(event.agent.number % world.pcpuCount, event)
      }
      now += 1
    }
  }

  private mutating func find(_ oracle: OracleID) {
    if world.hardware.oracles.contains(oracle) {
      findings.append(JudgedFinding(oracle: oracle, step: step))
    }
  }

  // MARK: pCPUs

  private mutating func readPCPU(_ pcpu: Int, _ event: JudgedEvent) {
    if case .write(let cell) = event.action { cells[cell] = event.a }
    guard let operation = event.operation else { return }
    let object = operation.object
    switch operation.kind {
    case .store, .exchange: words[object] = event.a
    case .add: words[object] &+= event.a
    case .or: words[object] |= event.a
    case .compareExchange: if words[object] == event.a { words[object] = event.b }
    case .acquire: words[object] = 1
    case .release: words[object] = 0
    case .install: install(pcpu, table: object, event)
    case .leaveGuest: guests[pcpu]?.isInside = false
    case .clearContext: guests[pcpu] = nil
    case .translate where tables != nil:
      translateByLevels(pcpu, page: Int(event.a), writes: event.b != 0, isUse: true)
    case .speculate where tables != nil:
      translateByLevels(pcpu, page: Int(event.a), writes: false, isUse: false)
    case .stage2Flushed: tables?.flushed(object: object, first: event.a, packed: event.b)
    case .takenFromLog:
      if tables?.taken(object: object, page: event.a, version: event.b) == true { find(.o14) }
    case .rangeFlushBegins: tables?.begins(pcpu, first: event.a, packed: event.b)
    case .rangeFlushEnds: if tables?.ends(pcpu) == true { find(.o10) }
    case .translate: translate(pcpu, page: Int(event.a), isAsked: true)
    case .speculate: translate(pcpu, page: Int(event.a), isAsked: false)
    case .invalidate: invalidate(pcpu, event.a, event.b)
    case .waitForInvalidations:
      if rollovers[pcpu]?.isFlushIssued == true { rollovers[pcpu]?.isFlushComplete = true }
    case .rolloverBegins:
      let inside = guests.filter { $0.key != pcpu && $0.value.isInside }
      rollovers[pcpu] = Rollover(
        begin: now, inside: inside.mapValues(\.since), devices: devices.mapValues(\.since))
    case .attachDevice: attach(event)
    case .detachDevice: detach(slot: Int(event.a >> 32))
    case .throughout, .lostTag: judgeReserved(pcpu)
    case .rolloverEnds:
      judgeReserved(pcpu)
      if rollovers[pcpu]?.isFlushComplete != true { find(.o5) }
      rollovers[pcpu] = nil
    case .tagFreed:
      let users = guests.values.filter { $0.isInside && $0.tag == event.a }
      if freed.contains(event.a) || !users.isEmpty { find(.o11) }
      freed.insert(event.a)
      held.remove(event.a)
    case .tagAllocated:
      freed.remove(event.a)
      held.insert(event.a)
      if caches.holdLines(of: event.a) { find(.o11) }
    case .noTagFound:
      if event.a <= event.b, !Set(event.a...event.b).isSubset(of: held) { find(.o9) }
    case .touchMemory:
      if let guest = guests[pcpu] { caches.touch(guest.tag, on: pcpu) }
    case .writeBackCache: caches.writeBack(pcpu)
    case .firmware: caches.firmware(command: event.a, tag: event.b)
    case .judgeEntry: judgeEntry(vcpu: object, event)
    case .flushCompleted:
      let place = Place(pcpu: -1, tag: UInt64(object), page: Int(event.a))
      oldest[place] = max(oldest[place] ?? 0, event.b)
    case .innerFlushCompleted:
      let place = InnerPage(vcpu: object / 3, inner: UInt64(object % 3), page: Int(event.a))
      oldestInner[place] = max(oldestInner[place] ?? 0, event.b)
    case .call:
      for target in 0..<world.pcpuCount where target != pcpu && event.a >> UInt64(target) & 1 != 0 {
        calls[target].append((pcpu, event.b))
      }
    case .bug: find(.o9)
    default: break
    }
  }

  private mutating func install(_ pcpu: Int, table: Int, _ event: JudgedEvent) {
    // tag | vCPU << 16 | inner << 24 | slot << 32; the hardware keeps the low bits of the tag. The owner
    // stands beside the inner table.
    let decided = event.a & 0xFFFF
    let tag = decided % (1 << UInt64(world.hardware.hardwareTagBits))
    let guest = Guest(
      slot: Int(event.a >> 32 & 0x7FFF_FFFF), tag: tag, owner: event.b & 0xFFFF_FFFF,
      vcpu: event.a >> 16 & 0xFF, table: table,
      inner: world.hardware.nests ? (event.a >> 24 & 0xFF, Int(event.b >> 32)) : nil,
      secondTable: Int(event.b >> 32), isInside: true, since: now,
      isStale: event.a >> 63 != 0)
    for (other, present) in guests where other != pcpu && present.isInside {
      guard world.hardware.tagsAreGlobal else { continue }
      if present.owner == guest.owner && present.tag != tag { find(.o1) }
      let isUntagged = world.hardware.allowsUntagged && tag == 0
      if present.owner != guest.owner && present.tag == tag && !isUntagged { find(.o2) }
    }
    for device in devices.values where world.hardware.tagsAreGlobal {
      if device.owner == guest.owner && device.tag != tag { find(.o1) }
      if device.owner != guest.owner && device.tag == tag { find(.o2) }
    }
    guests[pcpu] = guest
    let mayBeUntagged = world.hardware.allowsUntagged && flushedUntagged.contains(pcpu)
    flushedUntagged.remove(pcpu)
    if decided == 0 && !mayBeUntagged || decided > world.hardware.highestTag { find(.o7) }
  }

  private mutating func attach(_ event: JudgedEvent) {
    let decided = event.a & 0xFFFF
    let tag = decided % (1 << UInt64(world.hardware.hardwareTagBits))
    let slot = Int(event.a >> 32)
    if decided == 0 || decided > world.hardware.highestTag { find(.o7) }
    let residents =
      guests.values.filter(\.isInside).map { ($0.owner, $0.tag) }
      + devices.values.map { ($0.owner, $0.tag) }
    for (owner, used) in residents where world.hardware.tagsAreGlobal {
      if owner == event.b && used != tag { find(.o1) }
      if owner != event.b && used == tag { find(.o2) }
    }
    let earlier = devices[slot]
    devices[slot] = Device(
      count: (earlier?.count ?? 0) + 1, tag: tag, owner: event.b, since: earlier?.since ?? now)
  }

  private mutating func detach(slot: Int) {
    devices[slot]?.count -= 1
    if devices[slot]?.count == 0 { devices[slot] = nil }
  }

  private mutating func judgeEntry(vcpu: Int, _ event: JudgedEvent) {
    // 0: nothing was said to be published.
    let published = event.a >> 32
    if published != 0 && published != event.a & 0x7FFF_FFFF { find(.o8) }
    if event.b < generations[vcpu] ?? 0 { find(.o8) }
    generations[vcpu] = event.b
  }

  /// O6: who was in the guest all through the rollover has a number that is marked as used.
  private mutating func judgeReserved(_ pcpu: Int) {
    guard let rollover = rollovers[pcpu], !rollover.isJudged else { return }
    rollovers[pcpu]?.isJudged = true
    let bitmap = world.cellNames.indices.filter {
      world.cellNames[$0].hasPrefix("numbers in use")
    }
    var used: [UInt64] = []
    for (other, since) in rollover.inside {
      if let guest = guests[other], guest.isInside, guest.since == since { used.append(guest.tag) }
    }
    for (slot, since) in rollover.devices {
      if let device = devices[slot], device.since == since { used.append(device.tag) }
    }
    for tag in used {
      let cell = Int(tag) / 64
      let isKept = cell < bitmap.count && cells[bitmap[cell]] & 1 << UInt64(tag % 64) != 0
      if !isKept { find(.o6) }
    }
  }

  // MARK: The TLB

  /// The first pCPU of a core stands for the TLB that they share. Tags wrap as the hardware's do.
  private func place(_ pcpu: Int, _ tag: UInt64, _ page: Int) -> Place {
    Place(pcpu: core(pcpu), tag: tag % (1 << UInt64(world.hardware.tagBits)), page: page)
  }

  private func core(_ pcpu: Int) -> Int { pcpu - pcpu % world.hardware.threadsPerCore }

  private mutating func translate(_ pcpu: Int, page: Int, isAsked: Bool) {
    guard let guest = guests[pcpu] else { return }
    guard let entry = tlb[place(pcpu, guest.tag, page)] else {
      return fill(pcpu, guest, page)
    }
    guard isAsked else { return }
    if entry.owner != guest.owner { find(.o3) }
    if entry.owner == guest.owner && entry.vcpu != guest.vcpu { find(.o12) }
    let named = entry.inner?.page ?? page
    let flushed = oldest[Place(pcpu: -1, tag: UInt64(guest.slot), page: named)] ?? 0
    if entry.version < flushed { find(.o4) }
    judgeInner(guest, page, entry)
  }

  private mutating func translateByLevels(_ pcpu: Int, page: Int, writes: Bool, isUse: Bool) {
    guard let guest = guests[pcpu] else { return }
    let walker = JudgedTables.Walker(
      core: core(pcpu), tag: guest.tag, slot: guest.slot, owner: guest.owner, vcpu: guest.vcpu,
      root: guest.table, pool: guest.secondTable, isStale: guest.isStale)
    tables?.translate(walker, page, isUse: isUse, writes: writes, words).forEach { find($0) }
  }

  /// O13: a guest of a guest sees what was made for it, and nothing that its hypervisor has flushed.
  private mutating func judgeInner(_ guest: Guest, _ page: Int, _ entry: Entry) {
    guard let running = guest.inner?.number, let made = entry.inner else { return }
    if made.number != running { find(.o13) }
    let vcpu = guest.slot * (world.hardware.vcpus / world.hardware.vmSlots) + Int(guest.vcpu)
    let place = InnerPage(vcpu: vcpu, inner: running, page: page)
    if made.version < oldestInner[place] ?? 0 { find(.o13) }
  }

  private mutating func fill(_ pcpu: Int, _ guest: Guest, _ page: Int) {
    let first = guest.inner.map { TableEntry(bits: words[$0.table + page]) }
    if first?.isValid == false { return }
    let named = first.map { Int($0.frame) } ?? page
    let entry = TableEntry(bits: words[guest.table + named])
    guard entry.isValid else { return }
    let others = (0..<world.hardware.pagesPerVM).contains { other in
      tlb[place(pcpu, guest.tag, other)].map { $0.owner != guest.owner } ?? false
    }
    if others && !guest.isStale { find(.o3) }
    var made = Entry(owner: guest.owner, vcpu: guest.vcpu, version: entry.version)
    if let inner = guest.inner, let first { made.inner = (inner.number, first.version, named) }
    tlb[place(pcpu, guest.tag, page)] = made
  }

  private mutating func invalidate(_ pcpu: Int, _ what: UInt64, _ operand: UInt64) {
    let message = Message(issuer: pcpu, what: what, operand: operand)
    tables?.issues(pcpu, what: what, operand: operand)
    if what & 1 == 0 {
      if what & 6 == 0 { guests[pcpu]?.isStale = false }
      if what & 6 == 0 || what & 6 == 2 && operand == 0 { flushedUntagged.insert(pcpu) }
      if world.hardware.hasTLB { drop(pcpu, message) }
      return
    }
    if what & 6 == 0 {
      rollovers[pcpu]?.isFlushIssued = true
      rollovers[pcpu]?.isFlushComplete = false
    }
    guard world.hardware.hasTLB else { return }
    for target in 0..<world.pcpuCount where core(target) == target {
      // So many are on their way at most.
      if travelling[target].count == 16 { arrive(target) }
      let place =
        tables == nil
        ? travelling[target].count
        : JudgedTables.place(of: what, behind: travelling[target].map(\.what))
      travelling[target].insert(message, at: place)
    }
  }

  private mutating func arrive(_ pcpu: Int) {
    if travelling[pcpu].isEmpty { return }
    drop(pcpu, travelling[pcpu].removeFirst())
  }

  private mutating func drop(_ pcpu: Int, _ message: Message) {
    if tables != nil {
      let core = core(pcpu)
      tables?.drop(core, what: message.what, operand: message.operand)
      return
    }
    let tag = message.operand & 0xFFFF
    let page = Int(message.operand >> 16)
    tlb = tlb.filter { entry in
      guard entry.key.pcpu == core(pcpu) else { return true }
      switch message.what & 6 {
      case 0: return false
      case 2: return entry.key.tag != place(pcpu, tag, 0).tag
      default: return entry.key != place(pcpu, tag, page)
      }
    }
  }

  private mutating func readHardware(_ pcpu: Int, _ event: JudgedEvent) {
    switch event.operation?.kind {
    case .arriveInvalidation: arrive(pcpu)
    case .arriveInterrupt:
      for call in calls[pcpu] {
        races.answers(pcpu, to: call.caller)
        if call.request == 1 { drop(pcpu, Message(issuer: pcpu, what: 0, operand: 0)) }
        if call.request == 2 { caches.writeBack(pcpu) }
      }
      calls[pcpu] = []
    case .fillUnasked:
      // Behind the page may stand what it was made from.
      let page = Int(event.result & 0xFFFF_FFFF)
      if tables != nil {
        translateByLevels(pcpu, page: page, writes: false, isUse: false)
      } else if let guest = guests[pcpu] {
        fill(pcpu, guest, page)
      }
    default: break
    }
  }

  // MARK: The end

  /// O9: whether everybody who has not ended waits for something that nobody will bring.
  func isDeadlock(_ unfinished: [UnfinishedPCPU]) -> Bool {
    !unfinished.isEmpty
      && unfinished.allSatisfy { waiting in
        switch waiting.operation.kind {
        case .acquire: words[waiting.operation.object] != 0
        case .wait:
          switch waiting.b {
          case 0: words[waiting.operation.object] != waiting.a
          case 1: words[waiting.operation.object] == waiting.a
          case 2: words[waiting.operation.object] < waiting.a
          default: words[waiting.operation.object] >= waiting.a
          }
        case .waitForCalls: calls.joined().contains { $0.caller == waiting.pcpu.index }
        default: false
        }
      } && travelling.allSatisfy(\.isEmpty)
      && calls.indices.allSatisfy { called in
        // What is on its way arrives, unless interrupts are off there.
        calls[called].isEmpty
          || unfinished.contains { $0.pcpu.index == called && $0.isMasked }
      }
  }
}

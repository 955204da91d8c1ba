// Races, found as the definition says: two accesses to one cell, one of them a write, and no path
// of program order and synchronisation between them. A graph and its reachability, no clocks.

import Exploration
import Machines

/// The events of all pCPUs as nodes, with the set of those that lead to each.
struct RaceGraph {
  private typealias Nodes = [UInt64]

  private struct Access {
    let node: Int
    let pcpu: Int
    let writes: Bool
  }

  /// Per node: what leads to it, itself included, as bits.
  private var pasts: [Nodes] = []
  private var latest: [Int?]
  private var accesses: [Int: [Access]] = [:]
  /// Per word: the events whose past a read of it brings.
  private var published: [Int: [Int]] = [:]
  /// Per pCPU: what its relaxed reads would bring at its next acquire fence.
  private var readRelaxed: [[Int]]
  /// Per pCPU: its last release fence.
  private var releaseFence: [Int?]
  /// Per pCPU: its last call; and what comes before its next event, or before its wait ends.
  private var lastCall: [Int?]
  private var learned: [[Int]]
  private var answered: [[Int]]

  init(pcpuCount: Int) {
    latest = Array(repeating: nil, count: pcpuCount)
    readRelaxed = Array(repeating: [], count: pcpuCount)
    releaseFence = Array(repeating: nil, count: pcpuCount)
    lastCall = Array(repeating: nil, count: pcpuCount)
    learned = Array(repeating: [], count: pcpuCount)
    answered = Array(repeating: [], count: pcpuCount)
  }

  /// Adds an event of a pCPU; whether it races with an earlier one.
  mutating func adds(_ event: JudgedEvent) -> Bool {
    let pcpu = event.agent.number
    let node = pasts.count
    pasts.append(latest[pcpu].map { pasts[$0] } ?? [])
    mark(node, node)
    latest[pcpu] = node
    learned[pcpu].forEach { join(node, $0) }
    switch event.action {
    case .read(let cell): return access(cell, node, pcpu, writes: false)
    case .write(let cell): return access(cell, node, pcpu, writes: true)
    case .operation(let operation): synchronise(operation, event, node, pcpu)
    }
    return false
  }

  private mutating func synchronise(
    _ operation: ControlledOperation, _ event: JudgedEvent, _ node: Int, _ pcpu: Int
  ) {
    let object = operation.object
    let order = operation.order
    switch operation.kind {
    case .load, .wait: read(object, order, node, pcpu)
    case .acquire: read(object, .acquire, node, pcpu)
    case .store: write(object, order, node, pcpu, updates: false)
    case .release: write(object, .release, node, pcpu, updates: false)
    case .exchange, .add, .or: update(object, order, node, pcpu)
    case .compareExchange:
      // It returns what it found.
      if event.result == event.a {
        update(object, order, node, pcpu)
      } else {
        read(object, order, node, pcpu)
      }
    case .fence:
      if order.acquires { readRelaxed[pcpu].forEach { join(node, $0) } }
      if order.releases { releaseFence[pcpu] = node }
    case .call: lastCall[pcpu] = node
    case .waitForCalls: answered[pcpu].forEach { join(node, $0) }
    default: break
    }
  }

  /// `pcpu` answers a call: what came before the call comes before what it does next, and what it
  /// has done comes before the end of the caller's wait.
  mutating func answers(_ pcpu: Int, to caller: Int) {
    if let call = lastCall[caller] { learned[pcpu].append(call) }
    answered[caller] += [latest[pcpu], lastCall[caller]].compactMap { $0 } + learned[pcpu]
  }

  private mutating func update(_ word: Int, _ order: OrderCode, _ node: Int, _ pcpu: Int) {
    read(word, order, node, pcpu)
    write(word, order, node, pcpu, updates: true)
  }

  private mutating func read(_ word: Int, _ order: OrderCode, _ node: Int, _ pcpu: Int) {
    let sources = published[word] ?? []
    if order.acquires {
      sources.forEach { join(node, $0) }
    } else {
      readRelaxed[pcpu] += sources
    }
  }

  private mutating func write(
    _ word: Int, _ order: OrderCode, _ node: Int, _ pcpu: Int, updates: Bool
  ) {
    let own = order.releases ? [node] : releaseFence[pcpu].map { [$0] } ?? []
    // A read-modify-write goes on with what was published; a store begins anew.
    published[word] = (updates ? published[word] ?? [] : []) + own
  }

  private mutating func access(_ cell: Int, _ node: Int, _ pcpu: Int, writes: Bool) -> Bool {
    let earlier = accesses[cell] ?? []
    accesses[cell, default: []].append(Access(node: node, pcpu: pcpu, writes: writes))
    return earlier.contains { other in
      other.pcpu != pcpu && (other.writes || writes) && !leads(other.node, to: node)
    }
  }

  // MARK: Paths

  private mutating func mark(_ node: Int, _ source: Int) {
    while pasts[node].count <= source / 64 { pasts[node].append(0) }
    pasts[node][source / 64] |= 1 << UInt64(source % 64)
  }

  private mutating func join(_ node: Int, _ source: Int) {
    for (place, bits) in pasts[source].enumerated() { pasts[node][place] |= bits }
  }

  private func leads(_ source: Int, to node: Int) -> Bool {
    source / 64 < pasts[node].count && pasts[node][source / 64] & 1 << UInt64(source % 64) != 0
  }
}

// The guests of ADJUST_MAPPINGS, access by access: every vCPU with its own TLB, in step.

struct BruteForceTLB {
  /// Virtual pages, the most recently used last.
  var combined: [Int] = []
  /// Pages and blocks of stage 2: first page and how many, the most recently used last.
  var stage2: [BruteForceVM.Leaf] = []
}

struct BruteForceGuest {
  var accesses = 0
  var faults = 0
  var fills = 0
  var refills = 0
  var walkSteps = 0
  var stage2Hits = 0

  private let bits: Int
  private let gigabytes: Int
  private let memoryStart: Int
  private let hasRanges: Bool
  private let combinedEntries: Int
  private var tlbs: [BruteForceTLB]
  /// Per vCPU: pages that an invalidation took and that were not filled since.
  private var lost: [Set<Int>]
  private var collapsed: Set<Int> = []

  private var block: Int { 1 << bits }
  private var pages: Int { gigabytes << (2 * bits) }

  init(
    bits: Int, gigabytes: Int, vcpus: Int, memoryStart: Int, hasRanges: Bool, combinedEntries: Int
  ) {
    self.bits = bits
    self.gigabytes = gigabytes
    self.memoryStart = memoryStart
    self.hasRanges = hasRanges
    self.combinedEntries = combinedEntries
    tlbs = Array(repeating: BruteForceTLB(), count: vcpus)
    lost = Array(repeating: [], count: vcpus)
  }

  /// Every vCPU reads every page and, behind each, as many backwards as a block has; each is `lag` pages
  /// behind the one before it.
  mutating func run(lag: Int = 0) {
    for step in 0..<(pages + lag * (tlbs.count - 1)) {
      let running = tlbs.indices.filter { (0..<pages).contains(step - lag * $0) }
      let faulting = running.filter { !access(step - lag * $0, by: $0) }
      if let first = faulting.first { collapse((step - lag * first) >> bits) }
      for vcpu in faulting {
        let isThere = access(step - lag * vcpu, by: vcpu, again: true)
        precondition(isThere)
      }
      for back in 1...block {
        for vcpu in running where step - lag * vcpu - back >= 0 {
          let isThere = access(step - lag * vcpu - back, by: vcpu)
          precondition(isThere)
        }
      }
    }
  }

  private func isMapped(_ page: Int) -> Bool {
    let inBlock = page % block
    return collapsed.contains(page / block) || inBlock == 0 || inBlock >= block / 2
  }

  /// False at a fault.
  private mutating func access(_ page: Int, by vcpu: Int, again: Bool = false) -> Bool {
    if !again { accesses += 1 }
    if let place = tlbs[vcpu].combined.firstIndex(of: page) {
      tlbs[vcpu].combined.append(tlbs[vcpu].combined.remove(at: place))
      return true
    }
    for table in stage1Tables(of: page) {
      translate(BruteForceVM.Leaf(first: table, count: 1), by: vcpu)
      walkSteps += 1
    }
    guard isMapped(page) else {
      walkSteps += 3
      faults += 1
      return false
    }
    let isBlock = collapsed.contains(page / block)
    translate(
      BruteForceVM.Leaf(
        first: memoryStart + (isBlock ? page / block * block : page), count: isBlock ? block : 1),
      by: vcpu)
    fills += 1
    if lost[vcpu].remove(page) != nil { refills += 1 }
    tlbs[vcpu].combined.append(page)
    if tlbs[vcpu].combined.count > combinedEntries {
      lost[vcpu].insert(tlbs[vcpu].combined.removeFirst())
    }
    return true
  }

  /// Any pages do, as long as each table has its own.
  private func stage1Tables(of page: Int) -> [Int] {
    let virtual = page + 3 << (2 * bits)
    return (1...4).map { level in -(level << 32 + virtual >> (level * bits)) }.reversed()
  }

  private mutating func translate(_ leaf: BruteForceVM.Leaf, by vcpu: Int) {
    if let place = tlbs[vcpu].stage2.firstIndex(of: leaf) {
      tlbs[vcpu].stage2.append(tlbs[vcpu].stage2.remove(at: place))
      stage2Hits += 1
      return
    }
    walkSteps += leaf.count > 1 ? 2 : 3
    tlbs[vcpu].stage2.append(leaf)
    if tlbs[vcpu].stage2.count > 64 { tlbs[vcpu].stage2.removeFirst() }
  }

  private mutating func collapse(_ number: Int) {
    collapsed.insert(number)
    let span = (memoryStart + number * block)..<(memoryStart + (number + 1) * block)
    for vcpu in tlbs.indices {
      lost[vcpu].formUnion(tlbs[vcpu].combined)
      tlbs[vcpu].combined = []
      tlbs[vcpu].stage2.removeAll { leaf in
        !hasRanges || (leaf.first < span.upperBound && leaf.first + leaf.count > span.lowerBound)
      }
    }
  }
}

// What is planned for single ranges.

import PlannerChecks
import RangeInvalidation
import Testing

@Suite("Range planner") struct RangePlannerTests {
  /// The operations as (scale, NUM); (-1, pages) for a single one.
  private func shape(
    _ pages: UInt64, start: UInt64 = 0x40000, version: PlannerVersion = .current, lpa2: Bool = false
  ) -> [[Int]] {
    let plan = version.plan(
      PageRange(start: start, count: pages), features: lpa2 ? [.tlbiRange, .lpa2] : .tlbiRange)
    return plan.operations.map { _, operation in
      switch operation {
      case .page: [-1]
      case .range(let operand): [operand.scale, operand.num]
      }
    }
  }

  @Test(
    arguments: [
      (1, [[-1]]), (2, [[0, 0]]), (63, [[0, 30], [-1]]), (64, [[1, 0]]), (512, [[1, 7]]),
      (513, [[1, 7], [-1]]), (65536, [[3, 0]]),
      (2_097_151, [[3, 30], [2, 30], [1, 30], [0, 30], [-1]]), (2_097_152, [[3, 31]]),
    ] as [(UInt64, [[Int]])])
  func `worked values`(_ pages: UInt64, _ operations: [[Int]]) {
    #expect(shape(pages) == operations)
    #expect(shape(pages, lpa2: true) == operations)
  }

  @Test func `the first planner began with the odd page and the smallest scale`() {
    #expect(
      shape(2_097_151, version: .increasing) == [[-1], [0, 30], [1, 30], [2, 30], [3, 30]])
  }

  @Test func `with LPA2 pages up to the boundary are taken singly`() {
    #expect(shape(100, start: 13, lpa2: true) == [[-1], [-1], [-1], [1, 0], [0, 15], [-1]])
    #expect(shape(2, start: 15, lpa2: true) == [[-1], [-1]])
  }

  @Test func `what KVM got for an 8 GiB VM is the operand that was reported`() {
    let plan = PlannerVersion.decreasingMasked.plan(
      PageRange(start: 0x40000, count: 2_097_152), features: .tlbiRange)
    #expect(plan.operations.map(\.operation.bits) == [0xFFFF_7080_0004_0000])
    #expect(plan.outcome == .leftScales(at: -1))
    #expect(plan.verdict.missing == 2_097_152 - 131_072)
    #expect(plan.verdict.firstMissing == 0x40000 + 131_072)
  }

  @Test func `the first planner reaches 2 of the most pages`() {
    let plan = PlannerVersion.increasing.plan(
      PageRange(start: 0x40000, count: 2_097_152), features: .tlbiRange)
    #expect(plan.outcome == .leftScales(at: 4))
    #expect(plan.verdict.missing == 2_097_150)
  }

  @Test func `with LPA2 the first planner misses the end`() {
    let plan = PlannerVersion.increasing.plan(
      PageRange(start: 16, count: 3), features: [.tlbiRange, .lpa2])
    #expect(plan.outcome == .complete)
    #expect(plan.verdict.missing == 1)
    #expect(plan.verdict.firstMissing == 18)
  }

  @Test func `a planner that is lost ends all the same`() {
    let planner = RangePlanner<ScaleStays>(features: .tlbiRange)
    var operations = planner.operations(for: PageRange(start: 0, count: 2))
    #expect(operations.next() == nil)
    #expect(operations.outcome == .endless)
  }

  @Test func `only the faulty one takes its caller's range away`() {
    let range = PageRange(start: 5, count: 70)
    for version in PlannerVersion.allCases {
      let told = version.plan(range, features: .tlbiRange).toldRange
      #expect(
        told == (version == .argumentsAdvanced ? PageRange(start: 75, count: 0) : range))
    }
  }

  @Test func `without range instructions each stride has its operation`() {
    let planner = CurrentPlanner(features: [], hint: .level2, stride: 512)
    let operations = Array(planner.operations(for: PageRange(start: 1024, count: 1536)))
    #expect(
      operations == [1024, 1536, 2048].map { .page(PageOperand(page: $0, hint: .level2)) })
  }

  @Test func `every operation has the hint`() {
    let planner = CurrentPlanner(features: .tlbiRange, hint: .level3)
    for operation in planner.operations(for: PageRange(start: 0, count: 2_097_151)) {
      #expect(operation.hint(lpa2: false) == .level3)
    }
  }

  @Test func `a copy plans the rest again`() {
    let planner = CurrentPlanner(features: .tlbiRange)
    var operations = planner.operations(for: PageRange(start: 0, count: 2_097_151))
    _ = operations.next()
    #expect(Array(operations) == Array(operations))
    #expect(Array(operations).count == 4)
    #expect(operations.outcome == .underway)
  }

  @Test func `nothing is planned for nothing`() {
    var operations = CurrentPlanner(features: .tlbiRange)
      .operations(for: PageRange(start: 5, count: 0))
    #expect(operations.next() == nil)
    #expect(operations.outcome == .complete)
  }

  @Test(
    arguments: [(1, [1]), (2_097_152, [2_097_152]), (2_097_153, [2_097_152, 1])]
      as [(UInt64, [UInt64])])
  func `longer ranges are cut at the most one instruction covers`(
    _ pages: UInt64, _ counts: [UInt64]
  ) {
    let chunks = Array(RangeChunks(of: PageRange(start: 7, count: pages)))
    #expect(chunks.map(\.count) == counts)
    #expect(chunks.first?.start == 7)
    #expect(chunks.last?.end == 7 + pages)
  }

  @Test func `there are no chunks of nothing`() {
    #expect(Array(RangeChunks(of: PageRange(start: 7, count: 0))).isEmpty)
  }
}

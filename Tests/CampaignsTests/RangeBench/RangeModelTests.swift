// The cost model: its arithmetic, and that it knows nothing but its row.

import RangeInvalidation
import Testing

@testable import Campaigns

@Suite("Costs of bench --range", .serialized) struct RangeModelTests {
  private func events(leaves: UInt64, broadcasts: UInt64) -> HostEvents {
    var events = HostEvents()
    events.leaves = leaves
    events.broadcasts = broadcasts
    return events
  }

  private func isClose(_ one: Double?, _ other: Double) -> Bool {
    guard let one else { return false }
    return abs(one - other) <= 1e-9 * max(1, abs(other))
  }

  @Test func `the costs give the times that they were calibrated on`() {
    let base = events(leaves: 100, broadcasts: 200)
    let series = events(leaves: 100, broadcasts: 4)
    let costs = RangeCosts(
      calibratedOn: base, series: series, times: RangeTimes(base: 700, series: 308))
    #expect(isClose(costs.perLeaf, 3))
    #expect(isClose(costs.perBroadcast, 2))
    #expect(isClose(costs.seconds(base), 700))
    #expect(isClose(costs.seconds(series), 308))
    #expect(isClose(costs.seconds(events(leaves: 7, broadcasts: 11)), 43))
    #expect(isClose(costs.constantRatio, 700.0 / 308))
  }

  private func unmapRow(thread: RangeTimes?) -> RangeRow {
    let costs = RangeCosts(
      calibratedOn: events(leaves: 1, broadcasts: 1), series: events(leaves: 1, broadcasts: 0),
      times: RangeTimes(base: 4, series: 1))
    var base = RangeEvents()
    base.unmap = events(leaves: 10, broadcasts: 10)
    var series = RangeEvents()
    series.unmap = events(leaves: 10, broadcasts: 2)
    return RangeRow(
      ThreadFigures.Row(.unmap, of: RangeGuest(gigabytes: 1, vcpus: 1, backing: .blocks)),
      base: base, series: series, costs, thread: thread)
  }

  @Test func `a row's errors are shares of the thread's figures`() {
    // A leaf costs 1 and a broadcast 3: 40 and 16.
    let row = unmapRow(thread: RangeTimes(base: 50, series: 20))
    #expect(isClose(row.predicted.base, 40))
    #expect(isClose(row.predicted.series, 16))
    #expect(isClose(row.errors.base, -0.2))
    #expect(isClose(row.errors.series, -0.2))
    #expect(isClose(row.errors.saved, (24 - 30) / 30))
    #expect(isClose(row.errors.ratio, 0))
    #expect(isClose(row.constantError, (4 - 2.5) / 2.5))
    #expect(isClose(row.ratioGivenBase, 50.0 / (50 - 24)))
    #expect(row.notExplained == [])
    let other = unmapRow(thread: RangeTimes(base: 60, series: 12))
    #expect(other.notExplained == ["base", "series", "saved", "ratio"])
    #expect(unmapRow(thread: RangeTimes(base: 20, series: 10)).ratioGivenBase == nil)
  }

  @Test func `a row that the thread has not has no errors`() {
    let row = unmapRow(thread: nil)
    #expect(row.errors.base == nil && row.errors.ratio == nil && row.constantError == nil)
    #expect(row.notExplained == nil && row.ratioGivenBase == nil)
    #expect(isClose(row.predictedRatio, 2.5))
  }

  @Test func `of ADJUST_MAPPINGS the ratio is that of references`() {
    var base = RangeEvents()
    base.adjust = events(leaves: 1, broadcasts: 1)
    var vcpu = GuestEvents()
    (vcpu.accesses, vcpu.walkSteps) = (100, 50)
    base.vcpu = vcpu
    var series = base
    vcpu.walkSteps = 20
    series.vcpu = vcpu
    let costs = RangeCosts(
      calibratedOn: events(leaves: 1, broadcasts: 1), series: events(leaves: 1, broadcasts: 0),
      times: RangeTimes(base: 4, series: 1))
    let row = RangeRow(
      ThreadFigures.Row(.adjust, of: RangeGuest(gigabytes: 1, vcpus: 3, backing: .blocks)),
      base: base, series: series, costs, thread: RangeTimes(base: 1, series: 1))
    #expect(isClose(row.predictedRatio, 150.0 / 120))
    #expect(row.guests(base)?.accesses == 300)
    // Times of the host's part alone are no prediction of the whole.
    #expect(row.errors.base == nil && row.errors.saved == nil)
    #expect(isClose(row.errors.ratio, 0.25))
  }

  // MARK: Calibration

  @Test func `nothing moves when another row's figure does`() throws {
    let calibration = ThreadFigures.Row.calibration
    var others = ThreadFigures.posted
    var changed = 0
    for row in RangeBenchPlan().rows where row != calibration {
      guard let times = others[row] else { continue }
      others[row] = RangeTimes(base: times.base * 3, series: times.series / 2)
      changed += 1
    }
    #expect(changed == 15 + 8 + 7)
    var posted = RangeBench()
    var other = RangeBench(figures: others)
    #expect(posted.costs == other.costs)
    let row = ThreadFigures.Row(
      .unmap, of: RangeGuest(gigabytes: 1, vcpus: 128, backing: .blocks))
    #expect(posted.row(row).predicted == other.row(row).predicted)
    #expect(posted.row(row).errors.base != other.row(row).errors.base)

    var own = ThreadFigures.posted
    own[calibration]?.series *= 2
    #expect(RangeBench(figures: own).costs != posted.costs)
  }

  @Test func `the calibrated row comes out as posted, and the others are there`() throws {
    var bench = RangeBench()
    let row = bench.row(.calibration)
    #expect(row.thread == RangeTimes(base: 0.54, series: 0.13))
    #expect(isClose(row.predicted.base, 0.54))
    #expect(isClose(row.predicted.series, 0.13))
    let rows = RangeBenchPlan().rows
    #expect(rows.count == 8 + 7 + 8 + 8)
    #expect(rows.allSatisfy { ThreadFigures.posted[$0] != nil })
    #expect(Set(rows).count == rows.count)
  }

  @Test func `the thread's figures stand beside its features only`() {
    var bench = RangeBench(features: .tlbiRange)
    #expect(bench.row(.calibration).thread == nil)
    #expect(bench.costs == RangeBench().costs)
  }

  @Test func `guests that differ in vCPUs share what is the same`() {
    func row(_ measure: RangeMeasure, _ vcpus: Int) -> ThreadFigures.Row {
      ThreadFigures.Row(
        measure, of: RangeGuest(gigabytes: 1, vcpus: vcpus, backing: .blocks))
    }
    var bench = RangeBench()
    let many = bench.row(row(.adjust, 8))
    let one = bench.row(row(.adjust, 1))
    #expect(many.base.adjust == one.base.adjust)
    #expect(many.guests(many.base) == one.guests(one.base).map { $0 * 8 })
    // Their own pages are not.
    #expect(
      bench.row(row(.unmap, 8)).base.unmap.leaves
        == bench.row(row(.unmap, 1)).base.unmap.leaves + 7)
  }

  // MARK: Lines

  @Test func `a line goes through the middle, whatever one row does`() throws {
    let line = try #require(RangeLine([(1, 5), (2, 7), (4, 11), (8, 19), (16, 100)]))
    #expect(isClose(line.perGigabyte, 2))
    #expect(isClose(line.fixed, 3))
    #expect(RangeLine([(1, 5), (2, 7)]) == nil)
  }
}

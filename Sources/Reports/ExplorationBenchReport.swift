// The table of `bench --exploration`.

import Domain

/// What exploring costs.
public struct ExplorationBenchReport: Encodable, Sendable {
  let command = "bench"
  let host: String
  let loadAverage: Double
  let rows: [Row]

  /// A report of these rows; `loadAverage` is that of the last minute before they were measured.
  public init(host: String, loadAverage: Double, rows: [Row]) {
    self.host = host
    self.loadAverage = loadAverage
    self.rows = rows
  }

  /// One row.
  public struct Row: Encodable, Sendable {
    let scenario: String
    let carrier: String
    let strategy = "random"
    let schedulesPerSecond: Double
    let slowestRound: Double
    let fastestRound: Double
    let eventsPerSchedule: Double
    let nanosecondsPerEvent: Double
    let handOffNanoseconds: Double

    /// A row; `rounds` are schedules a second in ascending order.
    public init(
      scenario: String, carrier: String, median: Double, rounds: [Double],
      eventsPerSchedule: Double, nanosecondsPerEvent: Double, handOffNanoseconds: Double
    ) {
      self.scenario = scenario
      self.carrier = carrier
      schedulesPerSecond = median
      slowestRound = rounds.first ?? median
      fastestRound = rounds.last ?? median
      self.eventsPerSchedule = eventsPerSchedule
      self.nanosecondsPerEvent = nanosecondsPerEvent
      self.handOffNanoseconds = handOffNanoseconds
    }
  }

  /// The table.
  public func text() -> String {
    let header = [
      "scenario", "carrier", "schedules/s", "slowest", "fastest", "events", "ns/event",
      "ns/hand-off",
    ]
    let cells = rows.map { row in
      [
        row.scenario, row.carrier, TextNumber.short(row.schedulesPerSecond),
        TextNumber.short(row.slowestRound), TextNumber.short(row.fastestRound),
        TextNumber.fixed(row.eventsPerSchedule, 1), TextNumber.fixed(row.nanosecondsPerEvent, 1),
        TextNumber.fixed(row.handOffNanoseconds, 1),
      ]
    }
    let lines = TextTable.render([header] + cells, alignRight: Set(2..<header.count))
    return lines.joined(separator: "\n") + "\n\n" + notes
  }

  private var notes: String {
    var lines = [
      "schedules/s: median over rounds, random strategy, every oracle on, one CPU.",
      "events: schedule points of one schedule; ns/event includes the start of a schedule.",
      "ns/hand-off: from one pCPU to another with nothing else to do, measured in the same rounds.",
      "host: \(host), load average \(TextNumber.fixed(loadAverage, 2))",
    ]
    if loadAverage > 2 {
      lines.append(
        "The host had other things to do (load average above 2): these rates are no measurement.")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

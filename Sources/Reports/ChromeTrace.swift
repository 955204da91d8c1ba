// A timeline in the format that chrome://tracing and Perfetto open: a track for each pCPU and each
// piece of hardware, an arrow from each write to the reads that saw it.

import Domain
import Foundation

/// Writes timelines as Chrome trace JSON.
public enum ChromeTrace {
  /// `timeline` as one JSON object. A step takes one unit of time.
  public static func render(_ timeline: Timeline) throws -> String {
    var events: [Event] = timeline.tracks.enumerated().map { track, name in
      Event(ph: "M", name: "thread_name", tid: track, args: ["name": name])
    }
    for (place, step) in timeline.steps.enumerated() {
      events.append(
        Event(
          ph: "X", name: step.name, tid: step.track, ts: place, dur: 1,
          args: [
            "step": "\(place + 1)", "object": step.object, "value": step.value,
            "order": step.order, "site": step.site,
          ]))
    }
    for (id, flow) in timeline.flows.enumerated() {
      events.append(
        Event(
          ph: "s", name: "reads-from", tid: timeline.steps[flow.from].track, ts: flow.from,
          cat: "rf", id: id))
      events.append(
        Event(
          ph: "f", name: "reads-from", tid: timeline.steps[flow.to].track, ts: flow.to,
          cat: "rf", id: id, bp: "e"))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(Document(traceEvents: events))
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  private struct Document: Encodable {
    let displayTimeUnit = "ns"
    let traceEvents: [Event]
  }

  /// The names are those of the format.
  private struct Event: Encodable {
    var ph: String
    var name: String
    var pid = 0
    var tid: Int
    var ts: Int?
    var dur: Int?
    var cat: String?
    var id: Int?
    /// Where an arrow ends: at the step that encloses it.
    var bp: String?
    var args: [String: String]?

    init(
      ph: String, name: String, tid: Int, ts: Int? = nil, dur: Int? = nil, cat: String? = nil,
      id: Int? = nil, bp: String? = nil, args: [String: String]? = nil
    ) {
      self.ph = ph
      self.name = name
      self.tid = tid
      self.ts = ts
      self.dur = dur
      self.cat = cat
      self.id = id
      self.bp = bp
      self.args = args
    }
  }
}

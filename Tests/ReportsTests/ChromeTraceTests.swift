import Domain
import Foundation
import Testing

@testable import Reports

@Suite("Chrome trace") struct ChromeTraceTests {
  private let timeline = Timeline(
    tracks: ["pcpu0", "pcpu1"],
    steps: [
      Timeline.Step(
        track: 0, name: "store \"x\" = 1", object: "x", value: "1", order: "release", site: "put"),
      Timeline.Step(
        track: 1, name: "load x -> 1", object: "x", value: "1", order: "acquire", site: "get"),
    ], flows: [Timeline.Flow(from: 0, to: 1)])

  @Test func `it is valid JSON with a track, a step and an arrow for each`() throws {
    let text = try ChromeTrace.render(timeline)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let events = try #require(object["traceEvents"] as? [[String: Any]])
    func phases(_ phase: String) -> [[String: Any]] {
      events.filter { $0["ph"] as? String == phase }
    }
    #expect(phases("M").count == 2)
    #expect(phases("M").allSatisfy { $0["name"] as? String == "thread_name" })
    #expect(phases("X").map { $0["ts"] as? Int } == [0, 1])
    #expect(phases("X").map { $0["tid"] as? Int } == [0, 1])
    let args = try #require(phases("X").first?["args"] as? [String: String])
    #expect(args == ["step": "1", "object": "x", "value": "1", "order": "release", "site": "put"])
    #expect(phases("s").map { $0["ts"] as? Int } == [0])
    #expect(phases("f").map { $0["ts"] as? Int } == [1])
    #expect(phases("s").map { $0["id"] as? Int } == phases("f").map { $0["id"] as? Int })
  }
}

@Suite("Story text") struct StoryTextTests {
  @Test func `each pCPU has its column, and what decides is marked`() {
    let story = Story(
      columns: ["pcpu0", "pcpu1"],
      rows: [
        Story.Row(step: nil, column: 0, text: "-- run vCPU 0.0"),
        Story.Row(step: 1, column: 0, text: "load x"),
        Story.Row(step: 2, isCritical: true, column: 1, text: "store x"),
      ], sentence: "something")
    #expect(
      story.lines(style: TextStyle(isColoured: false)) == [
        " #      pcpu0            pcpu1", "        -- run vCPU 0.0", " 1      load x",
        " 2  >>                   store x",
      ])
  }

  @Test func `of a long story the end is shown`() {
    let rows = (1...1000).map { Story.Row(step: $0, column: 0, text: "step") }
    let lines = Story(columns: ["pcpu0"], rows: rows, sentence: "")
      .lines(style: TextStyle(isColoured: false))
    #expect(lines.count == 122)
    #expect(lines[1] == "... 880 rows before")
    #expect(lines.last == "1000    step")
  }
}

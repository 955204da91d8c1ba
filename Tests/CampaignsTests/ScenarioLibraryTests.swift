// Which scenario a name means.

import Campaigns
import Domain
import Foundation
import Testing

@Suite("The scenario library") struct ScenarioLibraryTests {
  private let library = ScenarioLibrary(embedded: [
    (name: "d06", bytes: Array("{summary: 'from the thread', pcpus: 8}".utf8)),
    (name: "small.json5", bytes: Array("{summary: 'two pCPUs'}".utf8)),
  ])

  @Test func `names come in the order in which they were given`() throws {
    #expect(library.names == ["d06", "small"])
    #expect(try library.all.map(\.summary) == ["from the thread", "two pCPUs"])
  }

  @Test func `a plain name is one that is compiled in`() throws {
    let scenario = try library.scenario(named: "d06")
    #expect(scenario.name == "d06")
    #expect(scenario.pcpus == 8)
  }

  @Test func `a path is a file`() throws {
    let folder = try ScenarioFolder()
    let file = try folder.write("{summary: 's', pcpus: 3}".utf8, to: "d06.json5")
    let plain = try folder.write("{summary: 's', pcpus: 4}".utf8, to: "plain")
    #expect(try library.scenario(named: file).pcpus == 3)
    #expect(try library.scenario(named: plain).pcpus == 4)
    #expect(try library.scenario(named: plain).name == "plain")
  }

  @Test func `a name that ends as a file is a file`() {
    #expect(
      complaint { () throws(ScenarioError) in try library.scenario(named: "d06.json5") }
        == "d06.json5: it cannot be read (No such file or directory); "
        + "give the path of a scenario file")
  }

  @Test(
    arguments: [
      ("d6", "\"d6\"; did you mean d06? there are"),
      ("smal", "\"smal\"; did you mean small? there are"),
      ("colour", "\"colour\"; there are"), ("", "\"\"; there are"),
    ])
  func `an unknown name is refused with the names`(_ name: String, _ middle: String) {
    #expect(
      complaint { () throws(ScenarioError) in try library.scenario(named: name) }
        == "no scenario is called \(middle) d06, small; "
        + "a file is given by a path with / or .json5 in it")
  }

  @Test func `a mistake in one that is compiled in says so`() {
    let broken = ScenarioLibrary(embedded: [(name: "x", bytes: Array("{\nsumary: 1}".utf8))])
    let wanted = "x (built in):2: \"sumary\" is no key of a scenario; did you mean summary?"
    #expect(complaint { () throws(ScenarioError) in try broken.all } == wanted)
  }
}

@Suite("The scenarios that are compiled in") struct BuiltInScenarioTests {
  @Test(arguments: ScenarioLibrary.builtIn.names)
  func `those with a program are small`(_ name: String) throws {
    let scenario = try ScenarioLibrary.builtIn.scenario(named: name)
    guard let program = try scenario.programSteps() else { return }
    #expect((2...3).contains(scenario.pcpus))
    #expect((1...5).contains(scenario.vms))
    #expect((1...4).contains(scenario.usableTagCount))
    #expect(program.joined().count <= 8)
  }

  @Test func `most have a program`() throws {
    let all = try ScenarioLibrary.builtIn.all
    let without = all.filter { $0.program == nil }.map(\.name)
    #expect(without.starts(with: ["d06", "small", "no-switch-barrier"]))
    #expect(without.count * 2 < all.count)
  }
}

// Scenarios that tests start from.

import Domain

enum SmallScenario {
  /// Every key at its default.
  static let fresh = Scenario(name: "small", summary: "two pCPUs")

  /// No key at its default, and none without a value.
  static var everythingSet: Scenario {
    var scenario = Scenario(name: "all", summary: "every key set")
    scenario.system = "x"
    scenario.pcpus = 3
    scenario.vms = 5
    scenario.vcpusPerVM = 3
    scenario.tagBits = 5
    scenario.usableTags = 3
    scenario.hardwareTagBits = 3
    scenario.threadsPerCore = 3
    scenario.fewTags = true
    scenario.pagesPerVM = 17
    scenario.entriesPerSlice = [2, 1024]
    scenario.accessesPerEntry = 0
    scenario.longStayEvery = 0
    scenario.longStayAccesses = 0
    scenario.hackbenchRuns = 6
    scenario.messagesPerRun = 7
    scenario.messageEvery = 0
    scenario.channelCapacity = 9
    scenario.unmapEvery = 0
    scenario.speculateEvery = 0
    scenario.suspendEvery = 0
    scenario.offlineEvery = 3
    scenario.pinEvery = 1
    scenario.failEvery = 2
    scenario.nestedEvery = 5
    scenario.migrateEvery = 1
    scenario.contextSwitchBarrier = false
    scenario.putBeforeContextDead = true
    scenario.directSwitch = true
    scenario.claimAfterPut = true
    scenario.duration = .milliseconds(1500)
    scenario.perturb = .heavy
    scenario.oracles = .sampled
    scenario.stallAfter = .milliseconds(100)
    scenario.watchdogEvery = .microseconds(10)
    scenario.initialState = Scenario.InitialState(numbers: [0, 1, 2, 0, 3], full: true)
    scenario.script = [["0.0", "1.1"], ["0.1"], ["2.0"]]
    scenario.program = [["0.0", "unmap 1:16"], [], ["0.0*2", "end 4"]]
    return scenario
  }

  /// What `change` makes of the default scenario.
  static func changed(_ change: (inout Scenario) -> Void) -> Scenario {
    var scenario = fresh
    change(&scenario)
    return scenario
  }

  /// The text of what is wrong with what `change` makes of the default scenario; nil if nothing is.
  static func complaint(_ change: (inout Scenario) -> Void) -> String? {
    do {
      try changed(change).validate()
      return nil
    } catch { return error.description }
  }
}

// How many pCPUs a scenario has on this host if nobody says.

import Allocators
import Domain

extension Scenario {
  /// If the scenario's system calls other pCPUs and waits for them, leaves as many pCPUs as there are
  /// `cores`, but at least two: somebody is to be called. With more, whoever waits does so until each
  /// thread has had its turn on a core, and a run sees next to no rollover. A script keeps its pCPUs.
  ///
  /// For a scenario that was written for another system. Returns whether it has changed.
  public mutating func fitToCores(_ cores: Int) -> Bool {
    let most = max(cores, 2)
    guard script == nil, pcpus > most, TagSystem.named(system)?.makesCalls == true else {
      return false
    }
    pcpus = most
    return true
  }
}

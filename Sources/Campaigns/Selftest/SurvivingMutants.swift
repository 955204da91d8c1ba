// Mutants that no oracle may be expected to see, each with its reason.

import Allocators
import Domain
import Exploration

/// The survivors that are known.
enum SurvivingMutants {
  /// Why the mutant called `name` of `system` may survive; nil if nobody knows.
  static func reason(_ name: String, _ mutation: Mutation, of system: TagSystem) -> String? {
    if let reason = reasons[system.name]?[name] { return reason }
    return mutation.kind == .weaken
      ? "no plain memory hangs on this order: without a weak memory model it changes nothing" : nil
  }

  /// Those of `system` that have a reason of their own.
  static func names(of system: TagSystem) -> Set<String> {
    Set((reasons[system.name] ?? [:]).keys)
  }

  /// By system and mutant.
  private static let reasons: [String: [String: String]] = [
    "arm64-vmid": [
      "flip fast-active": "a hint: the compare-exchange that follows decides by what is there",
      "flip flush-id": "the flush takes the number and leaves the generation out",
      "skip rollover-barrier": sequentiallyConsistent,
      "tear bump-generation": "nobody else writes the generation: the lock is held",
    ],
    "svm-sev": [
      "narrow vmrun-flush": "the flush of an entry reaches this pCPU alone as it is",
      "skip activate": "what the firmware would refuse the oracle has seen before",
      "skip clear-last": "a new vCPU has run on no pCPU, so that it flushes whoever ran last",
      "skip deactivate": "what the firmware would insist on, whoever recycles does anyway",
      "skip note-last": "who is not noted flushes at each entry, which is more than is needed",
      "skip reset-requests": "a new vCPU that finds a request flushes once more",
    ],
  ]

  private static let sequentiallyConsistent =
    "a barrier: without a weak memory model it changes nothing"
}

// Mutants that no oracle may be expected to see, each with its reason.

import Allocators
import Domain
import Exploration

/// The survivors that are known.
enum SurvivingMutants {
  /// Why the mutant called `name` of `system` may survive; nil if nobody knows.
  ///
  /// - Parameter mutation: what is wrong; nil for a bound.
  static func reason(_ name: String, _ mutation: Mutation?, of system: TagSystem) -> String? {
    if let reason = reasons[system.name]?[name] { return reason }
    guard let mutation else {
      return name == BoundMutation.lowerLastTag.name ? fewerNumbers : nil
    }
    if system.keepsTables, TagSystem.arm64VMID.sites.contains(where: { $0.site == mutation.site }) {
      return ofArm64VMID
    }
    switch (mutation.kind, mutation.operation) {
    case (.weaken, _): return noPlainMemory
    case (.skip, .fence): return sequentiallyConsistent
    default: return nil
    }
  }

  /// Those of `system` that have a reason of their own.
  static func names(of system: TagSystem) -> Set<String> {
    Set((reasons[system.name] ?? [:]).keys)
  }

  private typealias Reasons = [String: String]

  // MARK: What holds for every system

  private static let noPlainMemory =
    "no plain memory hangs on this order: without a weak memory model it changes nothing"
  private static let sequentiallyConsistent =
    "a barrier: without a weak memory model it changes nothing"
  private static let fewerNumbers = "a number that nobody gets: a waste, and nothing wrong"

  // MARK: By system

  private static let reasons: [String: Reasons] = [
    "arm64-vmid": arm64VMID,
    "arm64-vmid-load": arm64VMID.adding(atLoad),
    "arm64-vmid-will": arm64VMID.adding(atLoad).adding(activeFirst),
    "arm64-vmid-pinned": arm64VMID.adding(["flip unpin-id": generationLeftOut]),
    "arm64-asid": arm64ASID, "arm64-asid-cnp": arm64ASID,
    "arm64-asid-pinned": arm64ASID.adding(["flip unpin-id": generationLeftOut]),
    "arm64-stage2": arm64VMID.adding(stage2),
    "riscv-asid": lockHeld,
    "arm-asid-counter": [
      "delay own-flush": ownFlush,
      "tear mark-ran": "flushes reach every pCPU here, whatever the mask says",
    ],
    "kvm-arm-bare": lockHeld,
    "kvm-arm": lockHeld.adding(modes).adding([
      "skip mark-entering": "a rollover calls all pCPUs, whatever they say"
    ]),
    "kvm-arm-asking": lockHeld.adding(modes),
    "riscv-kvm": riscvKVM,
    "svm-dynamic": requests, "svm-dynamic-no-flushbyasid": requests,
    "svm-static": requests.adding(tracking),
    "svm-static-no-flushbyasid": requests.adding(tracking),
    "svm-vcpu": requests,
    "svm-nested": requests.adding(tracking).adding([
      "delay invlpga": "it comes before the guest that it is for is entered again: L1 is between"
    ]),
    "svm-sev": requests.adding(keys),
    "vmx-vpid": requests.adding(["tear raise-at-load": sameBit]),
    "xen-riscv-bitmap": xenBitmap, "xen-arm": xenArm,
    "xen-riscv-fixed": xenPerCPU, "xen-x86-asid": xenPerCPU,
  ]

  private static let lockHeld: Reasons = [
    "tear bump-generation": "nobody else writes the generation: the lock is held"
  ]

  private static let generationLeftOut = "the number is taken and the generation left out"

  private static let arm64VMID = lockHeld.adding([
    "flip fast-active": "a hint: the compare-exchange that follows decides by what is there",
    "flip flush-id": generationLeftOut,
  ])

  private static let atLoad: Reasons = [
    "flip other-vcpu-id": generationLeftOut,
    "miss last last vCPU ran": "a new VM's number comes clean, whoever seems to have run",
    "skip create-id":
      "a new VM that takes over a dead one's number drops what is under it at its first load",
    "skip drop-other-vcpu-wait": atOnce,
  ]

  private static let activeFirst: Reasons = [
    "skip leave-active": "the next rollover keeps a number that nobody uses: a waste"
  ]

  private static let stage2: Reasons = [
    "flip flush-id-of-range": generationLeftOut,
    "miss last reserved": ofArm64VMID,
    "skip fill-table": "a page that is not there faults: slower, and nothing wrong",
    "skip await-entry": "the guest comes back until the entry is made",
    "skip start-logging":
      "each time that the log is asked for it begins anew, with all pages in it",
    "skip stop-logging": "pages or blocks: TLBs are right with either",
    "miss last free block": lessMemory,
    "tear back-memory": lessMemory,
    "weaken count-change":
      "the simulator's own count: it matters to live hosts with a weak memory model",
    "tear clear-log": nobodyElse, "tear log-all": nobodyElse,
    "tear relax-entry":
      "logging must end between the looks of two faults that meet at one block: too rare",
    "tear count-change": "two changes with one number are of different entries",
  ]
  private static let ofArm64VMID = "the VMID allocator's own: the worlds of arm64-vmid break it"
  private static let lessMemory =
    "a block that nobody gets any more: less memory, and nothing wrong"
  private static let nobodyElse = "nobody else writes the log: the lock is held"

  private static let ownFlush =
    "the pCPU's own TLB: it is flushed, if late, before it is used under a new number"
  private static let atOnce = "what a pCPU drops from its own TLB is gone at once in this hardware"

  private static let arm64ASID = lockHeld.adding([
    "delay slow-flush": ownFlush,
    "skip slow-flush-wait": atOnce,
  ])

  private static let modes: Reasons = [
    "skip abort-mode": calledForNothing,
    "skip leave-mode": calledForNothing,
  ]
  private static let calledForNothing =
    "a pCPU that is in no guest and seems to be is called for nothing"

  private static let riscvKVM: Reasons = [
    "delay local-flush": ownFlush,
    "delay sanitize": everyFence,
    "skip sanitize": everyFence,
    "tear make-request": sameBit,
    "tear take-request": "the number is read behind it: what a lost request was for is seen",
  ]
  private static let everyFence = "fences reach every pCPU here, also those that a vCPU has left"

  private static let requests: Reasons = [
    "skip reset-requests": "a new vCPU is asked to flush for nothing",
    "tear raise": sameBit,
    "tear take": "the flush comes behind it: what a lost request was for is flushed",
  ]
  private static let sameBit = "whoever comes between writes the same bit, or has served it"

  private static let tracking: Reasons = [
    "skip unregister": "the first run of a vCPU flushes, whoever seems to have run before",
    "tear raise-at-load": sameBit,
    "tear track": "nobody else writes this pCPU's place",
  ]

  private static let keys: Reasons = [
    "skip activate": "what the firmware would refuse the oracle has seen before",
    "skip clear-last": "a new vCPU has run on no pCPU, so that it flushes whoever ran last",
    "skip deactivate": "what the firmware would insist on, whoever recycles does anyway",
    "skip note-last": "who is not noted flushes at each entry, which is more than is needed",
  ]

  private static let xenBitmap: Reasons = [
    "skip create-dirty": "a hart that a dead VM ran on is flushed for nothing",
    "tear mark-dirty": "fences reach all harts here or none: one bit left in the mask will do",
  ]

  private static let xenArm: Reasons = [
    "miss last last vCPU ran": "a new VM's number comes clean, whoever seems to have run"
  ]

  private static let xenPerCPU: Reasons = [
    "delay flush-when-off": "what the next guest would find goes when the last one leaves",
    "miss last next of pCPU": "it is how a world starts: the last pCPU begins elsewhere",
    "skip create-generation":
      "a new vCPU comes to its first pCPU as from another one, and gets a number there",
  ]
}

extension [String: String] {
  fileprivate func adding(_ others: [String: String]) -> [String: String] {
    merging(others) { _, new in new }
  }
}

// Every system and every fault, with their types: this file and those of `Runs/`, one for each family,
// are the only places where machine types are made concrete. One line registers an allocator.

import Domain
import Machines

extension TagSystem {
  /// The systems that `list` shows.
  public static let all: [TagSystem] =
    arm64VMIDVersions + armASIDVersions + kvmArmVersions
    + (svmVersions + xenVersions).map { $0.alsoIn("reuse-two-pcpus") }
    + [svmNested.alsoIn("reuse-two-pcpus", "svm-reuse", "svm-fallback-ends", "svm-unmap")]
    + sevVersions + stage2Versions
    + others.map {
      $0.soaked(on: "xen-small").alsoIn("xen-churn", "xen-reuse", "reuse-two-pcpus")
    }

  private static let others: [TagSystem] = [
    TagSystem(
      "template-global-lock", "the README's example: one lock, no rollover, tags run out",
      source: "Sources/Allocators/Template/GlobalLockAllocator.swift",
      GlobalLockAllocator<LiveMachine>.self, GlobalLockAllocator<InstrumentedLiveMachine>.self,
      GlobalLockAllocator<ControlledMachine>.self)
  ]

  /// The system called `name`.
  public static func named(_ name: String) -> TagSystem? { all.first { $0.name == name } }
}

extension Fault {
  /// The catalogue.
  public static let all: [Fault] =
    ofArm64VMID + ofArmASID + ofKVMArm + ofSVM + ofSVMNested + ofSEV + ofXen + ofStage2

  /// The fault whose id, or id and name, is `text`.
  public static func named(_ text: String) -> Fault? {
    all.first { $0.id.lowercased() == text.lowercased() || $0.name == text.lowercased() }
      ?? all.first { $0.name.lowercased() == text.lowercased() }
  }
}

extension TagSystem {
  /// `system` with fault `row`: its types are those of the same allocator with other rules.
  @inline(__always)
  init<Bare: TagAllocator, Instrumented: TagAllocator, Controlled: TagAllocator>(
    _ system: TagSystem, with row: String, _ verdict: ExpectedVerdict,
    _ bare: Bare.Type, _ instrumented: Instrumented.Type, _ controlled: Controlled.Type
  )
  where
    Bare.M == LiveMachine, Instrumented.M == InstrumentedLiveMachine,
    Controlled.M == ControlledMachine
  {
    self.init(
      soakedBare: system.name, "\(system.summary), with fault \(row)", source: system.source,
      verdict: verdict, bare, instrumented, controlled)
  }
}

extension TagSystem {
  /// The same, for a version whose guest loop need not be its own.
  init<Instrumented: TagAllocator, Controlled: TagAllocator>(
    _ system: TagSystem, with row: String, _ verdict: ExpectedVerdict,
    _ instrumented: Instrumented.Type, _ controlled: Controlled.Type
  ) where Instrumented.M == InstrumentedLiveMachine, Controlled.M == ControlledMachine {
    self.init(
      unmeasured: system.name, "\(system.summary), with fault \(row)", source: system.source,
      verdict: verdict, instrumented, controlled)
  }
}

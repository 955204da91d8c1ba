// swift-tools-version: 6.2
//
// vmidtorture: a concurrent stress tester for the allocators that hand out TLB tags.
// No package dependencies: what ships with the toolchain is all. Arrows point down only;
// `ImportTests` holds every target's imports against the lists below.

import PackageDescription

/// Code that runs per guest entry. Debug builds of unspecialised generics are about 12 times
/// slower, so these targets are optimised there too.
let hot: [SwiftSetting] = [
  .unsafeFlags(["-O"], .when(configuration: .debug))
]

/// A fault must differ from the right code by its fault only. Left alone, the compiler merges the
/// guest loops of similar allocators into one that calls `prepareEntry` through a pointer, and all
/// of them get other race windows.
let unmerged: [SwiftSetting] = [.unsafeFlags(["-Xllvm", "-swiftmergefunc-threshold=0"])]

/// The built-in scenarios: soaks first, then small worlds for controlled execution, by family.
let scenarios =
  ["d06", "small", "no-switch-barrier"]
  + ["m1-r1", "m1-r2", "m1-r2-tlb", "x", "old-r1", "old-r2", "e2", "e2-two-tags", "e2-tlb"]
  + ["churn", "migration", "suspended", "unmap", "retag", "rollover", "two-rollovers"]
  + ["both-new", "change", "last-number", "leaving", "generations", "preempted", "hotplug"]
  // Versions of the VMID allocator on arm64.
  + ["short-slices", "idle-pcpus", "v3-against-v4", "idle-vms", "retag-soak"]
  + ["retag-first", "direct-switch", "pending-flush", "old-ids", "other-vcpu"]
  + ["pinned-vm"]
  // ASIDs.
  + ["switch", "switch-r2", "switch-back", "switch-threads"]
  + ["switch-two-rollovers", "switch-then-flush"]
  + ["pins", "shared-tlb", "small-pins", "lazy", "small-lazy"]
  // KVM on arm before 2021, and on RISC-V.
  + ["kvm-arm-2012-mail", "kvm-arm-rollover", "kvm-arm-sibling", "kvm-arm-r2", "kvm-arm-tlb"]
  + ["riscv-rollover", "riscv-sibling", "riscv-r2", "riscv-tlb"]
  // SVM.
  + ["svm-arrival", "svm-siblings", "svm-reuse", "svm-fallback", "svm-no-flushbyasid"]
  + ["svm-fallback-ends", "svm-unmap", "svm-aborted", "svm-wrap", "vpid-off"]
  // SEV.
  + ["sev-small", "sev-reuse", "sev-full", "sev-siblings", "sev-failure"]
  // Guests of guests.
  + ["nested", "nested-unmap", "nested-interrupt", "nested-guests", "nested-flush-all"]
  + ["nested-invlpga", "nested-reuse", "nested-siblings"]
  // Xen.
  + ["xen-small", "xen-unmaps", "xen-off", "xen-narrow", "xen-wrap", "xen-generations"]
  + ["xen-migration", "xen-switch-off", "xen-unmap", "xen-reuse", "xen-churn", "xen-width"]
  + ["reuse-two-pcpus"]
  // Tables with levels.
  + ["range-churn", "range-churn-lpa2", "range-churn-base"]
  + ["range-unmap", "range-collapse", "range-protect", "range-unsupported", "range-lpa2"]
  + [
    "range-longest", "range-rollover", "range-reuse", "range-relax", "range-exchange",
    "range-memory", "range-log", "range-log-shared", "range-giant",
  ]

let package = Package(
  name: "vmidtorture",
  products: [.executable(name: "vmidtorture", targets: ["vmidtorture"])],
  targets: [
    .target(name: "CHost"),
    .target(name: "Host", dependencies: ["CHost"]),
    .target(name: "Domain"),
    .target(name: "RangeInvalidation", dependencies: ["Domain"], swiftSettings: hot),
    .target(name: "Machines", dependencies: ["Host", "Domain"], swiftSettings: hot),
    .target(
      name: "Exploration", dependencies: ["Machines", "Host", "Domain"], swiftSettings: hot),
    .target(name: "Oracles", dependencies: ["Host", "Domain"], swiftSettings: hot),
    .target(name: "Measurement", dependencies: ["Host", "Domain"], swiftSettings: hot),
    .target(
      name: "Allocators",
      dependencies: [
        "Machines", "Oracles", "Measurement", "RangeInvalidation", "Host", "Domain",
      ],
      swiftSettings: hot + unmerged),
    // The default scenarios, compiled in, so that an installed binary finds them anywhere.
    .target(
      name: "EmbeddedScenarios",
      path: "Stress/Scenarios",
      resources: scenarios.map { .embedInCode("\($0).json5") }),
    .target(
      name: "Campaigns",
      dependencies: [
        "Allocators", "Exploration", "Oracles", "Machines", "Measurement", "RangeInvalidation",
        "Host",
        "Domain", "EmbeddedScenarios",
      ]),
    .target(name: "Reports", dependencies: ["Measurement", "Domain"]),
    .executableTarget(
      name: "vmidtorture",
      dependencies: [
        "Campaigns", "Allocators", "Reports", "Measurement", "Oracles", "RangeInvalidation", "Host",
        "Domain",
      ]),

    .target(name: "TestSupport", dependencies: ["Machines", "Domain"], path: "Tests/TestSupport"),
    // The planner's checks go over millions of ranges.
    .target(
      name: "PlannerChecks", dependencies: ["RangeInvalidation"], path: "Tests/PlannerChecks",
      swiftSettings: hot),
    .testTarget(name: "DomainTests", dependencies: ["Domain"]),
    .testTarget(name: "HostTests", dependencies: ["Host"]),
    .testTarget(name: "MeasurementTests", dependencies: ["Measurement", "Domain"]),
    .testTarget(name: "MachinesTests", dependencies: ["Machines", "TestSupport", "Domain"]),
    .testTarget(
      name: "ExplorationTests",
      dependencies: ["Exploration", "Allocators", "Machines", "Host", "Domain"]),
    .testTarget(
      name: "RangeInvalidationTests", dependencies: ["RangeInvalidation", "PlannerChecks"]),
    .testTarget(name: "OraclesTests", dependencies: ["Oracles", "Host", "Domain"]),
    .testTarget(
      name: "AllocatorsTests",
      dependencies: [
        "Allocators", "Machines", "Oracles", "RangeInvalidation", "TestSupport", "Domain",
      ]),
    .testTarget(
      name: "CampaignsTests",
      dependencies: [
        "Campaigns", "Allocators", "Exploration", "Machines", "Oracles", "RangeInvalidation",
        "EmbeddedScenarios", "Domain",
      ]),
    .testTarget(name: "ReportsTests", dependencies: ["Reports", "Measurement", "Domain"]),
    .testTarget(
      name: "DetectionTests", dependencies: ["Campaigns", "Allocators", "Oracles", "Domain"]),
    .testTarget(
      name: "CommandLineTests", dependencies: ["vmidtorture"], exclude: ["Golden"]),
  ],
  swiftLanguageModes: [.v6]
)

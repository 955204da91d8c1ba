// The scenarios of this folder, compiled in. One source of truth: the files beside this one.

/// Name and JSON5 text of every scenario that is built in.
public let embeddedScenarios: [(name: String, bytes: [UInt8])] = [
  ("d06", PackageResources.d06_json5),
  ("small", PackageResources.small_json5),
  ("no-switch-barrier", PackageResources.no_switch_barrier_json5),
]

// ASID allocators of the scheme that arm64 and its relatives share: versions and faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let armASIDVersions: [TagSystem] = []
}

extension Fault {
  /// Its faults.
  static let ofArmASID: [Fault] = []
}

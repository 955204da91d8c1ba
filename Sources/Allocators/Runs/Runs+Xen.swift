// Xen's allocators: versions and faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let xenVersions: [TagSystem] = []
}

extension Fault {
  /// Its faults.
  static let ofXen: [Fault] = []
}

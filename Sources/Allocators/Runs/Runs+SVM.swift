// KVM's ASID allocators for SVM, and VPIDs for reference: versions and faults, with their types.

import Domain
import Machines

extension TagSystem {
  /// Its versions.
  static let svmVersions: [TagSystem] = []
}

extension Fault {
  /// Its faults.
  static let ofSVM: [Fault] = []
}

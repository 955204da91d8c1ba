import Domain
import Machines

/// B66: the widest field that the architecture allows is taken for the one that the hardware has.
enum WidthNotProbed: XenRISCVRules {
  @inline(__always)
  static func tagBits(_ configuration: AllocatorConfiguration) -> Int { configuration.tagBits }
}

import Machines

/// B11: searches start at number 0, which is nobody's.
enum NumberZero: Arm64VMIDRules {
  @inline(__always)
  static var firstNumber: Int { 0 }
}

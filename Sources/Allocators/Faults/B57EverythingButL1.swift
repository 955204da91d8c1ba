/// B57: L1 asks for a flush of everything, and only its guest is flushed.
enum EverythingButL1: SVMNestedRules {
  static var everythingIncludesL1: Bool { false }
}

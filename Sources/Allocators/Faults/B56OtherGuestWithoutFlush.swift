/// B56: L1 runs another guest, under another tag of its own, and the one number that stands for all of
/// them is not flushed.
enum OtherGuestWithoutFlush: SVMNestedRules {
  static func isOther(_ virtualASID: UInt64, than last: UInt64) -> Bool { false }
}

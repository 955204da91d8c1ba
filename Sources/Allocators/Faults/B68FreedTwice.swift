import Machines

/// B68: the attempt to create a domain fails before it has said that it has no number, and what is
/// taken back then is the number of the domain that lived there before. Somebody may have it.
enum FreedTwice: XenBitmapRules {
  @inline(__always)
  static var firstAttemptFails: Bool { true }

  @inline(__always)
  static func initialise<M: Machine>(_ vm: XenBitmapVM<M>, on m: M) {}
}

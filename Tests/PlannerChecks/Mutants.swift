// Planners that are wrong by one decision: what a check must be able to see.

// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What each override does is said at its type.

import RangeInvalidation

/// NUM is one too small.
public enum NumTooSmall: PlannerRules {
  public static func num(left: UInt64, scale: Int) -> Int {
    max(-1, DecreasingScale.num(left: left, scale: scale) - 1)
  }
}

/// NUM is one too large where there is one at all.
public enum NumTooLarge: PlannerRules {
  public static func num(left: UInt64, scale: Int) -> Int {
    let num = DecreasingScale.num(left: left, scale: scale)
    return num < 0 ? num : num + 1
  }
}

/// The scale is never lowered.
public enum ScaleStays: PlannerRules {
  public static func nextScale(after scale: Int) -> Int { scale }
}

/// Every second scale is left out.
public enum ScaleSkips: PlannerRules {
  public static func nextScale(after scale: Int) -> Int { scale - 2 }
}

/// The largest scale is left out.
public enum StartsBelow: PlannerRules {
  public static var firstScale: Int { 2 }
}

/// The last page of an odd number is not taken.
public enum NoLastPage: PlannerRules {
  public static func takesOnePage(start: UInt64, left: UInt64, lpa2: Bool) -> Bool {
    lpa2 && start % 16 != 0
  }
}

/// With LPA2, pages off a boundary are not taken singly.
public enum NoBoundary: PlannerRules {
  public static func takesOnePage(start: UInt64, left: UInt64, lpa2: Bool) -> Bool { left == 1 }
}

/// With LPA2, every 32 KiB are taken for a boundary.
public enum HalfBoundary: PlannerRules {
  public static func takesOnePage(start: UInt64, left: UInt64, lpa2: Bool) -> Bool {
    left == 1 || (lpa2 && start % 8 != 0)
  }
}

/// The odd page comes first, with the right direction of the scale.
public enum OddPageFirst: PlannerRules {
  public static func takesOnePage(start: UInt64, left: UInt64, lpa2: Bool) -> Bool { left % 2 == 1 }
}

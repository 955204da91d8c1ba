import RangeInvalidation

/// B78: ranges by increasing scale, an odd page first. With LPA2 the ranges behind it begin off 64 KiB
/// boundaries, which their operands cannot say.
enum Stage2Increasing: Stage2Rules {
  typealias Planner = IncreasingScale
}

/// B71: ranges by decreasing scale with NUM up to 30. The longest range that a flush may ask for finds no
/// NUM at any scale, and the loop goes on below 0.
enum Stage2Masked: Stage2Rules {
  typealias Planner = MaskedDecreasingScale
}

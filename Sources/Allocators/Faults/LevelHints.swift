import RangeInvalidation

/// B74: 0 is said where no level is known. With LPA2 it is one, of which there is nothing to flush.
enum LevelZeroForUnknown: Stage2Rules {
  static func tableHint(_ level: Int) -> LevelHint { .level0 }
}

/// B74T: the flush of a table says the level of the entry that named it. Hardware may take that for a
/// leaf's, and keep what it remembers of the table.
enum HintForTables: Stage2Rules {
  static func tableHint(_ level: Int) -> LevelHint { LevelHint(leafOf: level) }
}

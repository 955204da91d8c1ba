// An entry of a table with levels in words.

import Machines

extension Stage2Entry {
  /// What it maps: `table 2`, `frame 6 of VM 0, change 9, read-only`.
  var words: String {
    if isLocked { return "locked" }
    if !isValid { return bits == 0 ? "nothing" : "\(bits), not valid" }
    if isTable { return "table \(number)" }
    guard let slot else { return "nobody's" }
    return "frame \(number) of \(slot), change \(version)" + (isWritable ? "" : ", read-only")
  }
}

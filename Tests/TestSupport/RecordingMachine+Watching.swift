// What is counted and observed, and the end of the line.

import Domain
import Machines

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RecordingMachine {
  public func note(_ counter: Counter, times: UInt64) {
    hardware.counts[counter] += times
    record(.note, [times], detail: "\(counter)")
  }

  public func observe(_ word: RecordedWord) -> UInt64 {
    let value = self[word.place]
    record(.observe, word.place, "-", output: value, at: nil)
    return value
  }

  public func rolloverBegins() { record(.rolloverBegins) }

  /// Records the tags of live contexts that `keeps` speaks for.
  public func rolloverEnds(keeps: (Tag) -> Bool) {
    let kept = hardware.contexts.compactMap { $0?.tag }.filter(keeps)
    record(.rolloverEnds, kept.map(\.number))
  }

  /// Records, then ends the process with the record as its last words.
  public func bug(_ message: StaticString, at site: Site) -> Never {
    record(.bug, detail: "\(message)", at: site)
    stop("BUG")
  }
}

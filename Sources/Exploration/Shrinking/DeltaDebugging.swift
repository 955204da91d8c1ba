// Delta debugging (Zeller and Hildebrandt, 2002): takes away pieces for as long as what remains
// still fails; smaller pieces when no large one can go.

/// Takes away as many parts as possible.
///
/// - Parameters:
///   - start: fails.
///   - parts: what could be taken away; the first ones are tried first.
///   - without: the state without these parts if it still fails.
/// - Returns: a state from which no single part can go.
func minimised<State, Part>(
  _ start: State, parts: (State) -> [Part], without: (State, [Part]) -> State?
) -> State {
  var state = start
  var pieces = 2
  while true {
    let all = parts(state)
    if all.isEmpty { return state }
    pieces = min(pieces, all.count)
    var isReduced = false
    for piece in 0..<pieces where !isReduced {
      let range = piece * all.count / pieces..<(piece + 1) * all.count / pieces
      if let smaller = without(state, Array(all[range])) {
        state = smaller
        isReduced = true
      }
    }
    if isReduced {
      pieces = max(pieces - 1, 1)
    } else if pieces == all.count {
      return state
    } else {
      pieces = min(pieces * 2, all.count)
    }
  }
}

import Machines

/// B75: stage 1 is flushed when stage 2 has been asked to go and is not known to be gone. A walk makes a
/// combined translation out of the old stage 2, and nothing removes it any more.
enum NoWaitBetweenStages: Stage2Rules {
  static func waitBetweenStages<M: Machine>(on m: M) {}
}

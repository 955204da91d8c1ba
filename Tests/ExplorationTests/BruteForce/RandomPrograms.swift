// Small programs out of a seed.

import Domain

extension ScriptedProgram {
  /// What random programs do beside loads, stores and updates.
  enum Manner: String, CaseIterable, Sendable {
    /// Locks, and waits that always end.
    case orderly
    /// Waits that may never end.
    case stuck
    /// Bugs under a condition.
    case broken
  }

  /// Two or three pCPUs with a few operations each on two or three words.
  static func random(_ seed: Seed, _ manner: Manner) -> ScriptedProgram {
    var random = RandomStream(seed)
    func below(_ bound: Int) -> Int { Int(random.below(UInt64(bound))) }
    let pcpus = 2 + below(2)
    let shared = 1 + below(2)
    // Behind the shared words: a lock, and for each pCPU a flag that says how far it is.
    let lock = shared
    var scripts: [[ScriptedOperation]] = []
    for pcpu in 0..<pcpus {
      var script: [ScriptedOperation] = []
      let most = pcpus == 2 ? 4 : 3
      let length = 2 + below(most - 1)
      var signals = false
      while script.count < length {
        let word = below(shared)
        let value = UInt64(1 + below(2))
        switch below(manner == .orderly ? 9 : 10) {
        case 0, 1: script.append(.load(word))
        case 2, 3: script.append(.store(word, value))
        case 4: script.append(.add(word, 1))
        case 5: script.append(.compareExchange(word, UInt64(below(2)), value))
        case 6 where script.count + 2 < length:
          let inside: [ScriptedOperation] = [.add(word, 1), .load(word), .store(word, value)]
          script += [.acquire(lock), inside[below(3)], .release(lock)]
        case 7 where !signals:
          signals = true
          script.append(.store(lock + 1 + pcpu, value))
        case 8 where pcpu > 0:
          // Only for those before it, so nobody waits for one who waits for him.
          let other = below(pcpu)
          if scripts[other].contains(where: { $0.stores(to: lock + 1 + other) }) {
            script.append(
              below(2) == 0 ? .waitDiffers(lock + 1 + other, 0) : .waitAtLeast(lock + 1 + other, 1))
          }
        case 9 where manner == .stuck:
          script.append(
            [.waitEquals(word, value), .waitEquals(word, 0), .waitAtLeast(word, 2)][below(3)])
        case 9 where manner == .broken: script.append(.refuse(word, value))
        default: break
        }
      }
      scripts.append(script)
    }
    return ScriptedProgram(words: lock + 1 + pcpus, scripts: scripts)
  }
}

extension ScriptedOperation {
  fileprivate func stores(to word: Int) -> Bool {
    if case .store(word, _) = self { return true }
    return false
  }
}

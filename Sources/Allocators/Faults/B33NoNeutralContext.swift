import Domain
import Machines

/// B33: the threads of a core share a TLB, but the old context stays live while a switch decides. It
/// fills under a number that a sibling may have by then (5ffdfaedfa0a).
enum NoNeutralContext: ArmASIDRules {
  static var traits: AllocatorTraits { .ofASIDs(mayShareTLB: true) }
}

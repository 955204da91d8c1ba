import Domain
import Machines

/// B16: so many numbers may be pinned that, with one reserved for each pCPU, a rollover finds none
/// to hand out.
enum TooManyPins: ArmASIDRules {
  static var traits: AllocatorTraits { .ofASIDs(canPin: true) }
  static func mostPinned(numbers: Int, pcpus: Int) -> Int { numbers - pcpus }
}

// Caches and firmware of a recording machine: there are none, and the test says what they answer.

import Domain
import Machines

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension RecordingMachine: SecureMachine {
  public func writeBackCache(at site: Site) {
    hardware.arrive(at: site)
    record(.writeBackCache, at: site)
  }

  public func firmware(
    _ command: FirmwareCommand, _ tag: Tag, at site: Site
  ) -> FirmwareAnswer {
    hardware.arrive(at: site)
    let answer =
      hardware.firmwareAnswers.isEmpty
      ? FirmwareAnswer.success : hardware.firmwareAnswers.removeFirst()
    record(
      .firmware, [tag.number], output: answer.rawValue, detail: "\(command)", at: site)
    return answer
  }
}

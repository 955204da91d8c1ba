// The controlled machine's caches and firmware. The engine keeps what they hold.

import Domain

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
extension ControlledMachine: SecureMachine {
  @inlinable public func writeBackCache(at site: Site) { perform(.writeBackCache, at: site) }

  @inlinable
  public func firmware(
    _ command: FirmwareCommand, _ tag: Tag, at site: Site
  ) -> FirmwareAnswer {
    let answer = perform(.firmware, at: site, command.rawValue, tag.number)
    return FirmwareAnswer(rawValue: answer) ?? .success
  }

  /// Belongs to the step that installed the context.
  @inlinable public func touchMemory(under tag: Tag) {
    perform(.touchMemory, object: 0, tag.number)
  }

  @inlinable public func noTagFound(from first: Tag, through last: Tag) {
    perform(.noTagFound, object: 0, first.number, last.number)
  }
}

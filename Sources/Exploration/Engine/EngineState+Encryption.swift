// Encrypted guests of a controlled run: the cache lines that their keys leave, and the firmware that
// binds keys to tags. See `SecureMachine`.

import Domain
import Machines

/// What caches and firmware keep. Without room where tags stand for no keys.
struct EncryptedMemory {
  /// The bit of `lines` for what is between the caches and memory.
  static let fabric: UInt64 = 1 << 63

  private let tagCount: Int
  private let everybody: UInt64
  /// Per tag where lines under its key are: a bit for each pCPU's cache, and `fabric`.
  let lines: UnsafeMutablePointer<UInt64>
  /// Per tag: whether it was deactivated since the fabric was flushed.
  let deactivated: UnsafeMutablePointer<Bool>
  /// The pCPUs that have written back since the last DEACTIVATE: a bit each.
  var writtenBack: UInt64

  init(tagCount: Int, pcpuCount: Int) {
    self.tagCount = tagCount
    everybody = (1 &<< UInt64(pcpuCount)) &- 1
    lines = room(tagCount, 0)
    deactivated = room(tagCount, false)
    writtenBack = everybody
  }

  func deallocate() {
    lines.deallocate()
    deactivated.deallocate()
  }

  mutating func reset() {
    lines.update(repeating: 0, count: tagCount)
    deactivated.update(repeating: false, count: tagCount)
    writtenBack = everybody
  }

  mutating func writeBack(_ pcpu: Int) {
    let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: pcpu)
    for tag in 0..<tagCount where lines[tag] & bit != 0 {
      lines[tag] = lines[tag] & ~bit | Self.fabric
    }
    writtenBack |= bit
  }

  mutating func carryOut(_ command: FirmwareCommand?, _ tag: UInt64) -> FirmwareAnswer {
    let isTag = tag > 0 && tag < tagCount
    switch command {
    case .activate:
      if !isTag { return .invalidTag }
      return deactivated[Int(tag)] ? .fabricFlushRequired : .success
    case .deactivate:
      if !isTag { return .invalidTag }
      deactivated[Int(tag)] = true
      writtenBack = 0
      return .success
    case .flushFabric, nil:
      if writtenBack != everybody { return .writeBackRequired }
      for tag in 0..<tagCount {
        lines[tag] &= ~Self.fabric
        deactivated[tag] = false
      }
      return .success
    }
  }
}

extension EngineState {
  /// The guest of `pcpu` has touched memory. Its lines stand with its context.
  mutating func touchMemory(_ pcpu: Int, under tag: UInt64) {
    touch(objects.context(pcpu), writes: true, by: pcpu)
    let tag = Int(truncatingIfNeeded: tag & hardwareTagMask)
    if hardware.encrypts && tag < tagCount {
      encryption.lines[tag] |= 1 &<< UInt64(truncatingIfNeeded: pcpu)
    }
  }

  /// WBINVD on `pcpu`: a step of its own, or part of a call's answer.
  mutating func writeBackCache(of pcpu: Int, by agent: Int) {
    guard hardware.encrypts else { return absorb(0, by: agent) }
    touch(objects.context(pcpu), writes: true, by: agent)
    touch(objects.fabric, writes: true, by: agent)
    encryption.writeBack(pcpu)
  }

  mutating func firmware(_ pcpu: Int, command: UInt64, tag: UInt64) -> UInt64 {
    guard hardware.encrypts else {
      absorb(command, by: pcpu)
      return FirmwareAnswer.success.rawValue
    }
    touch(objects.fabric, writes: true, by: pcpu)
    return encryption.carryOut(FirmwareCommand(rawValue: command), tag).rawValue
  }

  /// O11: a tag is handed out, and nothing under its old key is left anywhere.
  mutating func judgeLines(_ pcpu: Int, _ tag: UInt64) {
    for other in 0..<pcpuCount { touch(objects.context(other), writes: false, by: pcpu) }
    touch(objects.fabric, writes: false, by: pcpu)
    let places = encryption.lines[Int(tag)]
    if places == 0 { return }
    let caches = places & ~EncryptedMemory.fabric
    violate(
      .linesLeft(
        pcpu: pcpu, tag: tag, holder: caches == 0 ? -1 : caches.trailingZeroBitCount))
  }
}

// What the pCPUs of a recording machine share: memory, the log, and the little state that answers
// need.

import Domain
import Machines

/// The hardware of a recording machine. One thread plays all its pCPUs in turn.
///
/// Sendable although it is not safe: it never leaves that thread.
public final class RecordingHardware: @unchecked Sendable {
  /// Where words and cells come from.
  public let memory = RecordingMemory()
  /// How many pCPUs are possible.
  public let pcpuCount: Int
  /// What was done so far, in order.
  public internal(set) var steps: [RecordedStep] = []
  /// Whether operations are recorded: an exhaustive search makes millions.
  public var isRecording = true
  /// What allocators and world have counted.
  public internal(set) var counts = Counts()
  /// Invalidations that were issued and not waited for, by pCPU.
  public internal(set) var pendingInvalidations: [[Invalidation]]
  /// Dead objects that were touched.
  public internal(set) var touchesOfDeadObjects: [RecordedObject] = []
  /// What `mayFail` (not 0: yes) and `choose` answer, first one first; 0 when it has run out.
  public var decisions: [Int] = []
  /// What the firmware answers, first one first; success when it has run out.
  public var firmwareAnswers: [FirmwareAnswer] = []
  /// The pCPUs that are online.
  public var onlinePCPUs: PCPUSet

  var contexts: [GuestContext<RecordedWord>?]
  var contextSequences: [UInt64]
  var interrupts: [InterruptState]
  var preemptionDepths: [Int]
  var completedFlushes: UInt64 = 0
  var deadPlaces: Set<Int> = []
  private var interruptions: [Site: () -> Void] = [:]
  let translations = TranslationSource()

  /// Hardware of `pcpuCount` pCPUs.
  public init(pcpuCount: Int) {
    self.pcpuCount = pcpuCount
    onlinePCPUs = PCPUSet(first: pcpuCount)
    pendingInvalidations = Array(repeating: [], count: pcpuCount)
    contexts = Array(repeating: nil, count: pcpuCount)
    contextSequences = Array(repeating: 0, count: pcpuCount)
    interrupts = Array(repeating: .enabled, count: pcpuCount)
    preemptionDepths = Array(repeating: 0, count: pcpuCount)
  }

  /// The machine, seen from the pCPU at `index`.
  public func machine(_ index: Int) -> RecordingMachine {
    precondition((0..<pcpuCount).contains(index), "pCPU \(index) of \(pcpuCount)")
    return RecordingMachine(hardware: self, pcpu: PCPU(index))
  }

  /// Whether interrupts are on at a pCPU.
  public func interrupts(of pcpu: PCPU) -> InterruptState { interrupts[pcpu.index] }

  /// How often preemption was turned off at a pCPU and not on again.
  public func preemptionDepth(of pcpu: PCPU) -> Int { preemptionDepths[pcpu.index] }

  /// Has `body`, what other pCPUs do, happen just before the next operation at `site`; once.
  public func interrupt(before site: Site, _ body: @escaping () -> Void) {
    interruptions[site] = body
  }

  /// An operation is about to be made at `site`.
  func arrive(at site: Site) {
    if !interruptions.isEmpty { interruptions.removeValue(forKey: site)?() }
  }

  /// Makes a list of what `body` does, and of nothing else.
  public func record(_ body: () throws -> Void) rethrows -> [RecordedStep] {
    let earlier = steps
    let wasRecording = isRecording
    steps = []
    isRecording = true
    defer {
      steps = earlier
      isRecording = wasRecording
    }
    try body()
    return steps
  }
}

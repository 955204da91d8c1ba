// What `bench` measures of one allocator, without its types.

import Domain
import Machines
import Measurement

/// What is measured.
public struct BenchSetup: Sendable {
  /// pCPUs that work at once.
  public var pcpus: Int
  /// Size of the allocator and placement of its per-pCPU words.
  public var configuration: AllocatorConfiguration

  /// A setup of these parts.
  public init(pcpus: Int, configuration: AllocatorConfiguration) {
    self.pcpus = pcpus
    self.configuration = configuration
  }
}

/// The call that is repeated.
public enum BenchLoop: Sendable {
  /// The pCPU enters the VM that it entered last: the lock-free path.
  case fastPath
  /// The VM has just been created and needs a number: the locked path, with a rollover whenever
  /// the numbers run out.
  case slowPath
  /// A whole slice of one entry, without a guest, of the vCPU that this pCPU ran last.
  case slice
  /// The same of a VM that has just been created in the place of one that has ended; both are part
  /// of it, for some allocators take and give back numbers there.
  case newSlice
}

/// The loops of one allocator. Each runs on the calling thread as the pCPU that it is given.
///
/// Sendable: what it owns is reached through handles and freed with it.
public final class PreparedBench: @unchecked Sendable {
  /// Repeats the call so often; returns the time-stamp ticks that it took.
  public let repeated: @Sendable (BenchLoop, PCPU, Int) -> UInt64
  /// Times so many calls one by one.
  public let timed: @Sendable (BenchLoop, PCPU, Int, inout LatencySamples) -> Void
  /// Answers the calls that have come for a pCPU while its loop does not run; nil where nobody
  /// calls.
  public let answer: (@Sendable (PCPU) -> Void)?
  private let hardware: LiveHardware

  init(
    hardware: LiveHardware, repeated: @escaping @Sendable (BenchLoop, PCPU, Int) -> UInt64,
    timed: @escaping @Sendable (BenchLoop, PCPU, Int, inout LatencySamples) -> Void,
    answer: (@Sendable (PCPU) -> Void)?
  ) {
    self.hardware = hardware
    self.repeated = repeated
    self.timed = timed
    self.answer = answer
  }

  /// Rollovers so far.
  public var rollovers: UInt64 { hardware.counts()[.rollovers] }
}

// The two live machines: one pthread a pCPU, native atomics. They differ in their probe only; with
// `NoProbe` every operation is the bare instruction.

import Domain
import Host
import Synchronization

/// Native atomics and nothing else: for bench and bare soak.
public typealias LiveMachine = NativeMachine<NoProbe>
/// The same with seeded pauses and the flight recorder.
public typealias InstrumentedLiveMachine = NativeMachine<Instruments>

/// A live machine, seen from one pCPU. Belongs to that pCPU's thread.
///
/// Sendable so that it can be handed to its thread; `LiveHardware` owns what the pointers name.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
public struct NativeMachine<Probe: OperationProbe>: Machine, @unchecked Sendable {
  public typealias Word = LiveWord
  public typealias Cell = LiveCell
  public typealias Memory = LiveMemory

  @usableFromInline let probe: Probe
  @usableFromInline let own: UnsafeMutablePointer<LivePCPU>

  init(_ hardware: LiveHardware, _ pcpu: PCPU, _ probe: Probe) {
    self.probe = probe
    own = hardware.pcpus + pcpu.index
  }

  @inlinable @inline(__always) public var pcpu: PCPU { own.pointee.pcpu }
  @inlinable @inline(__always) public var pcpuCount: Int { own.pointee.pcpuCount }
  public func onlinePCPUs(at site: Site) -> PCPUSet {
    PCPUSet(rawValue: load(own.pointee.online, .relaxed, at: site))
  }

  @inlinable @inline(__always) var bus: InvalidationBus { own.pointee.bus }
  @inlinable @inline(__always) var contexts: Bank<LiveWord> { own.pointee.contexts }

  // MARK: Words

  @inlinable @inline(__always)
  public func load(_ word: LiveWord, _ order: LoadOrder, at site: Site) -> UInt64 {
    probe.before(.load, at: site)
    return switch order {
    case .relaxed: word.address.pointee.load(ordering: .relaxed)
    case .acquire: word.address.pointee.load(ordering: .acquiring)
    case .sequentiallyConsistent: word.address.pointee.load(ordering: .sequentiallyConsistent)
    }
  }

  @inlinable @inline(__always)
  public func store(_ word: LiveWord, _ value: UInt64, _ order: StoreOrder, at site: Site) {
    probe.before(.store, at: site)
    switch order {
    case .relaxed: word.address.pointee.store(value, ordering: .relaxed)
    case .release: word.address.pointee.store(value, ordering: .releasing)
    case .sequentiallyConsistent:
      word.address.pointee.store(value, ordering: .sequentiallyConsistent)
    }
  }

  @inlinable @inline(__always)
  public func exchange(
    _ word: LiveWord, _ value: UInt64, _ order: UpdateOrder, at site: Site
  ) -> UInt64 {
    probe.before(.exchange, at: site)
    switch order {
    case .relaxed: return word.address.pointee.exchange(value, ordering: .relaxed)
    case .acquire: return word.address.pointee.exchange(value, ordering: .acquiring)
    case .release: return word.address.pointee.exchange(value, ordering: .releasing)
    case .acquireRelease:
      return word.address.pointee.exchange(value, ordering: .acquiringAndReleasing)
    case .sequentiallyConsistent:
      return word.address.pointee.exchange(value, ordering: .sequentiallyConsistent)
    case .fullyOrdered:
      return fullyOrdered {
        word.address.pointee.exchange(value, ordering: .sequentiallyConsistent)
      }
    }
  }

  @inlinable @inline(__always)
  public func add(
    _ word: LiveWord, _ value: UInt64, _ order: UpdateOrder, at site: Site
  ) -> UInt64 {
    probe.before(.add, at: site)
    switch order {
    case .relaxed: return word.address.pointee.wrappingAdd(value, ordering: .relaxed).newValue
    case .acquire: return word.address.pointee.wrappingAdd(value, ordering: .acquiring).newValue
    case .release: return word.address.pointee.wrappingAdd(value, ordering: .releasing).newValue
    case .acquireRelease:
      return word.address.pointee.wrappingAdd(value, ordering: .acquiringAndReleasing).newValue
    case .sequentiallyConsistent:
      return word.address.pointee.wrappingAdd(value, ordering: .sequentiallyConsistent).newValue
    case .fullyOrdered:
      return fullyOrdered {
        word.address.pointee.wrappingAdd(value, ordering: .sequentiallyConsistent).newValue
      }
    }
  }

  @inlinable @inline(__always)
  public func or(
    _ word: LiveWord, _ value: UInt64, _ order: UpdateOrder, at site: Site
  ) -> UInt64 {
    probe.before(.or, at: site)
    switch order {
    case .relaxed: return word.address.pointee.bitwiseOr(value, ordering: .relaxed).oldValue
    case .acquire: return word.address.pointee.bitwiseOr(value, ordering: .acquiring).oldValue
    case .release: return word.address.pointee.bitwiseOr(value, ordering: .releasing).oldValue
    case .acquireRelease:
      return word.address.pointee.bitwiseOr(value, ordering: .acquiringAndReleasing).oldValue
    case .sequentiallyConsistent:
      return word.address.pointee.bitwiseOr(value, ordering: .sequentiallyConsistent).oldValue
    case .fullyOrdered:
      return fullyOrdered {
        word.address.pointee.bitwiseOr(value, ordering: .sequentiallyConsistent).oldValue
      }
    }
  }

  /// The failure order is never stronger than the success order's load half in the systems here;
  /// a failed exchange therefore runs with the success order, which is at least what was asked.
  @inlinable @inline(__always)
  public func compareExchange(
    _ word: LiveWord, expected: UInt64, desired: UInt64, _ success: UpdateOrder,
    failure: LoadOrder, at site: Site
  ) -> UInt64 {
    probe.before(.compareExchange, at: site)
    switch success {
    case .relaxed:
      return word.address.pointee.compareExchange(
        expected: expected, desired: desired, ordering: .relaxed
      ).original
    case .acquire:
      return word.address.pointee.compareExchange(
        expected: expected, desired: desired, ordering: .acquiring
      ).original
    case .release:
      return word.address.pointee.compareExchange(
        expected: expected, desired: desired, ordering: .releasing
      ).original
    case .acquireRelease:
      return word.address.pointee.compareExchange(
        expected: expected, desired: desired, ordering: .acquiringAndReleasing
      ).original
    case .sequentiallyConsistent:
      return word.address.pointee.compareExchange(
        expected: expected, desired: desired, ordering: .sequentiallyConsistent
      ).original
    case .fullyOrdered:
      return fullyOrdered {
        word.address.pointee.compareExchange(
          expected: expected, desired: desired, ordering: .sequentiallyConsistent
        ).original
      }
    }
  }

  @inlinable @inline(__always)
  public func fence(_ order: FenceOrder, at site: Site) {
    probe.before(.fence, at: site)
    switch order {
    case .acquire, .loadLoad: atomicMemoryFence(ordering: .acquiring)
    case .release, .storeStore: atomicMemoryFence(ordering: .releasing)
    case .full, .contextSwitch: own.pointee.fullBarrier()
    }
  }

  /// Linux's fully ordered read-modify-writes: a barrier on both sides. On x86 the locked
  /// instruction is both.
  @inlinable @inline(__always)
  func fullyOrdered(_ update: () -> UInt64) -> UInt64 {
    #if arch(x86_64)
      return update()
    #else
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      let result = update()
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      return result
    #endif
  }

  // MARK: Cells

  @inlinable @inline(__always)
  public func read(_ cell: LiveCell) -> UInt64 { cell.address.pointee }

  @inlinable @inline(__always)
  public func write(_ cell: LiveCell, _ value: UInt64) { cell.address.pointee = value }

  // MARK: Execution

  // A call is answered where interrupts are turned on again, and by whoever waits with interrupts
  // on. It cannot come between two operations: no signal is sent.
  @inlinable @inline(__always)
  public func maskInterrupts() -> InterruptState {
    let before = own.pointee.interrupts
    own.pointee.interrupts = .masked
    return before
  }

  @inlinable @inline(__always)
  public func restoreInterrupts(_ state: InterruptState) {
    own.pointee.interrupts = state
    if state == .enabled { own.pointee.answerCalls() }
  }

  // Live pCPUs are never preempted by another task of the simulated kernel.
  @inlinable @inline(__always) public func disablePreemption() {}
  @inlinable @inline(__always) public func enablePreemption() {}
  @inlinable @inline(__always) public func preemptionPoint(at site: Site) {}

  // MARK: Watching

  @inlinable @inline(__always)
  public func note(_ counter: Counter, times: UInt64) {
    own.pointee.counters[counter.rawValue].addAlone(times)
  }

  @inlinable @inline(__always)
  public func observe(_ word: LiveWord) -> UInt64 { word.value }
}

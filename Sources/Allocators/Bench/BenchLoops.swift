// The measured loops themselves. One function per allocator in the binary: `StraightCodeTests`
// looks for them by name.

import Domain
import Host
import Machines
import Measurement
import Synchronization

/// Builds the loops of an allocator, with a VM for each pCPU.
@inline(__always)
func prepareLiveBench<A: TagAllocator>(
  _: A.Type, _ setup: BenchSetup
) throws -> PreparedBench where A.M == LiveMachine {
  let hardware = LiveHardware(
    pcpuCount: setup.pcpus, tagBits: setup.configuration.tagBits, seed: Seed(1),
    watcher: NobodyWatches())
  let allocator = A(setup.configuration, in: hardware.memory)
  let vms = (0..<setup.pcpus).map { _ in allocator.makeVM(in: hardware.memory) }
  let vcpus = vms.map { allocator.makeVCPU(0, of: $0, in: hardware.memory) }
  for vm in vms { try allocator.createVM(vm, on: hardware.machine(PCPU(0))) }
  let place = { @Sendable (pcpu: PCPU) in
    BenchPlace(
      allocator: allocator, vm: vms[pcpu.index], vcpu: vcpus[pcpu.index],
      machine: hardware.machine(pcpu))
  }
  var answer: (@Sendable (PCPU) -> Void)?
  if A.makesCalls { answer = { pcpu in hardware.machine(pcpu).answerCalls() } }
  return PreparedBench(
    hardware: hardware,
    repeated: { loop, pcpu, count in
      switch loop {
      case .fastPath: repeatFastPath(place(pcpu), count)
      case .slowPath: repeatSlowPath(place(pcpu), count)
      case .slice: repeatSlices(place(pcpu), count, ofNewVMs: false)
      case .newSlice: repeatSlices(place(pcpu), count, ofNewVMs: true)
      }
    },
    timed: { loop, pcpu, count, samples in
      switch loop {
      case .fastPath: timeFastPath(place(pcpu), count, &samples)
      case .slowPath: timeSlowPath(place(pcpu), count, &samples)
      case .slice, .newSlice: preconditionFailure("slices are not timed one by one")
      }
    },
    answer: answer)
}

/// What one pCPU measures.
struct BenchPlace<A: TagAllocator>: Sendable where A.M == LiveMachine {
  let allocator: A
  let vm: A.VM
  let vcpu: A.VCPU
  let machine: LiveMachine

  /// Where pCPUs call each other it answers as a run loop does.
  @inline(__always)
  func enter() -> Entry {
    if A.makesCalls { machine.answerCalls() }
    Landmark.entry()
    return allocator.prepareEntry(vcpu, of: vm, on: machine)
  }

  /// A new VM in the same place: it has no number.
  @inline(__always)
  func replaceVM() {
    allocator.destroyVM(vm, on: machine)
    do {
      try allocator.createVM(vm, on: machine)
    } catch {
      preconditionFailure("the VM that was just destroyed had a tag, but there is none: \(error)")
    }
  }
}

extension BenchPlace {
  /// All that the allocator does for a slice of one entry, from load to put, what the entry flushes
  /// included. Nobody runs in the guest.
  @inline(__always)
  func runSlice() -> UInt64 {
    allocator.load(vcpu, of: vm, on: machine)
    while true {
      let entry = allocator.prepareEntry(vcpu, of: vm, on: machine)
      let interrupts = machine.maskInterrupts()
      guard allocator.mayEnter(vcpu, of: vm, on: machine) else {
        allocator.entryAborted(vcpu, of: vm, on: machine)
        machine.restoreInterrupts(interrupts)
        continue
      }
      let tag = allocator.lateID(of: vcpu, of: vm, on: machine).tag
      flushAtEntry(entry.flush, tag)
      allocator.exited(vcpu, of: vm, on: machine)
      machine.restoreInterrupts(interrupts)
      allocator.put(vcpu, of: vm, on: machine)
      return tag.number
    }
  }

  @inline(__always)
  private func flushAtEntry(_ flush: Entry.Flush, _ tag: Tag) {
    switch flush {
    case .nothing: break
    case .thisTag: machine.invalidate(.tag(tag), on: .thisPCPU, at: WorldSite.install)
    case .everything, .everythingOnceInstalled:
      machine.invalidate(.everything, on: .thisPCPU, at: WorldSite.install)
    }
  }
}

/// Slices of one VM, or each of a new VM in the place of one that has ended.
@inline(never)
func repeatSlices<A>(_ place: BenchPlace<A>, _ count: Int, ofNewVMs areNew: Bool) -> UInt64 {
  var sum = place.runSlice()
  let start = CycleClock.cycles()
  for _ in 0..<count {
    if areNew { place.replaceVM() }
    sum &+= place.runSlice()
  }
  let ticks = CycleClock.cycles() &- start
  keep(sum)
  return ticks
}

@inline(never)
func repeatFastPath<A>(_ place: BenchPlace<A>, _ count: Int) -> UInt64 {
  var sum = place.enter().tag.number
  let start = CycleClock.cycles()
  for _ in 0..<count { sum &+= place.enter().tag.number }
  let ticks = CycleClock.cycles() &- start
  keep(sum)
  return ticks
}

@inline(never)
func repeatSlowPath<A>(_ place: BenchPlace<A>, _ count: Int) -> UInt64 {
  var sum: UInt64 = 0
  let start = CycleClock.cycles()
  for _ in 0..<count {
    place.replaceVM()
    sum &+= place.enter().tag.number
  }
  let ticks = CycleClock.cycles() &- start
  keep(sum)
  return ticks
}

@inline(never)
func timeFastPath<A>(_ place: BenchPlace<A>, _ count: Int, _ samples: inout LatencySamples) {
  var sum = place.enter().tag.number
  for _ in 0..<count {
    let start = CycleClock.cycles()
    sum &+= place.enter().tag.number
    samples.add(ticks: CycleClock.cycles() &- start)
  }
  keep(sum)
}

@inline(never)
func timeSlowPath<A>(_ place: BenchPlace<A>, _ count: Int, _ samples: inout LatencySamples) {
  var sum: UInt64 = 0
  for _ in 0..<count {
    place.replaceVM()
    let start = CycleClock.cycles()
    sum &+= place.enter().tag.number
    samples.add(ticks: CycleClock.cycles() &- start)
  }
  keep(sum)
}

/// What nobody can be faster than: one compare-exchange a call, and the clock alone.
public enum BenchFloor {
  /// Repeats a bare relaxed compare-exchange on a line of its own; returns the ticks.
  @inline(never)
  public static func repeatCompareExchange(_ count: Int) -> UInt64 {
    let memory = LiveMemory()
    let word = memory.word(initially: 1, named: "floor")
    var sum: UInt64 = 0
    let start = CycleClock.cycles()
    for _ in 0..<count {
      sum &+= word.compareExchangeBare(1)
    }
    let ticks = CycleClock.cycles() &- start
    keep(sum)
    withExtendedLifetime(memory) {}
    return ticks
  }

  /// Times so many bare compare-exchanges one by one.
  @inline(never)
  public static func timeCompareExchange(_ count: Int, _ samples: inout LatencySamples) {
    let memory = LiveMemory()
    let word = memory.word(initially: 1, named: "floor")
    var sum: UInt64 = 0
    for _ in 0..<count {
      let start = CycleClock.cycles()
      sum &+= word.compareExchangeBare(1)
      samples.add(ticks: CycleClock.cycles() &- start)
    }
    keep(sum)
    withExtendedLifetime(memory) {}
  }

  /// Times nothing so often: what the clock itself adds to every sample.
  @inline(never)
  public static func timeNothing(_ count: Int, _ samples: inout LatencySamples) {
    for _ in 0..<count {
      let start = CycleClock.cycles()
      samples.add(ticks: CycleClock.cycles() &- start)
    }
  }
}

/// Where results go so that the compiler cannot leave the loop out.
private let sink = Atomic<UInt64>(0)

@inline(never)
private func keep(_ value: UInt64) { sink.store(value, ordering: .relaxed) }

/// Nothing is reported while measuring.
private final class NobodyWatches: MachineWatcher {
  func rolledOver(_ evidence: RolloverEvidence) -> Set<OracleID> { [] }
  func bug(_ message: String, at site: Site, on pcpu: PCPU) {
    preconditionFailure("BUG at site \(site.number) on \(pcpu) while measuring: \(message)")
  }
}

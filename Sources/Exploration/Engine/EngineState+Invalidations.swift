// The invalidations of a controlled run: issued, on their way, arrived.

import Domain
import Machines

extension EngineState {
  /// Issues an invalidation. Local ones are carried out at once; the others travel, and arrive when
  /// the strategy says so.
  mutating func invalidate(_ pcpu: Int, what: UInt64, operand: UInt64) {
    let isBroadcast = what & 1 != 0
    let isEverything = what & 6 == 0
    if isBroadcast && isEverything {
      contexts[pcpu].flushIssued = true
      contexts[pcpu].flushComplete = false
      flushes &+= 1
    }
    if stage2.isOn {
      precondition(what & 6 != 4, "where tables have levels, .stage2 and .stage1 name pages")
      if isBroadcast { noteForCover(pcpu, what, operand) }
    }
    guard hardware.hasTLB else {
      // A step without a trace in the fingerprint would look like no step: a state seen before.
      absorb(what, by: pcpu)
      return
    }
    if !isBroadcast {
      touch(objects.tlb(pcpu), writes: true, by: pcpu)
      if isEverything { contexts[pcpu].isStale = false }
      drop(pcpu, what, operand)
      return
    }
    touch(objects.invalidations(pcpu), writes: true, by: pcpu)
    for target in stride(from: 0, to: pcpuCount, by: hardware.threadsPerCore) {
      // A full queue holds the issuer up until the oldest one has arrived.
      if queueLengths[target] == EngineState.queueCapacity { arrive(target, by: pcpu) }
      touch(objects.queue(target), writes: true, by: pcpu)
      queues[target &* EngineState.queueCapacity &+ queueLengths[target]] =
        TravellingInvalidation(what: what, operand: operand, issuer: pcpu)
      if stage2.isOn && InvalidationCode.isStage1(what) { overtakeStage2(target) }
      queueLengths[target] &+= 1
      outstanding[pcpu] &+= 1
      hardwareEnabled.insert(pcpuCount &+ target)
    }
  }

  /// The oldest invalidation on its way to the TLB of `target` arrives.
  mutating func arrive(_ target: Int, by agent: Int) {
    let queue = queues + target &* EngineState.queueCapacity
    let oldest = queue.pointee
    queueLengths[target] &-= 1
    for place in 0..<queueLengths[target] { queue[place] = queue[place &+ 1] }
    outstanding[oldest.issuer] &-= 1
    if queueLengths[target] == 0 { hardwareEnabled.remove(pcpuCount &+ target) }
    touch(objects.queue(target), writes: true, by: agent)
    touch(objects.invalidations(oldest.issuer), writes: true, by: agent)
    touch(objects.tlb(target), writes: true, by: agent)
    if stage2.isOn && isRecording && agent >= pcpuCount { noteArrival(oldest) }
    drop(target, oldest.what, oldest.operand)
  }

  /// The newest invalidation, one of stage 1, comes before those of stage 2 that are still on their way
  /// to `target`: nothing orders the two before somebody has waited. That they arrive the other way
  /// round needs no choice: then the arrival comes before this one is issued.
  @inline(never)
  private mutating func overtakeStage2(_ target: Int) {
    let queue = queues + target &* EngineState.queueCapacity
    var place = queueLengths[target]
    while place > 0, InvalidationCode.isStage2(queue[place &- 1].what) {
      swap(&queue[place], &queue[place &- 1])
      place &-= 1
    }
  }

  /// Which one arrived, for traces: where tables have levels several kinds are under way.
  private mutating func noteArrival(_ one: TravellingInvalidation) {
    trace[steps].result = one.what
    trace[steps].before = one.operand
  }

  /// Removes entries from one TLB.
  mutating func drop(_ pcpu: Int, _ what: UInt64, _ operand: UInt64) {
    let tag = operand & 0xFFFF
    switch what & 6 {
    case 0: dropEverything(pcpu)
    case _ where stage2.isOn: dropByLevels(pcpu, what, operand)
    case 2: (tlbs + place(pcpu, tag, 0)).update(repeating: 0, count: pages)
    default: tlbs[place(pcpu, tag, Int(operand &>> 16))] = 0
    }
    refreshFills(beside: pcpu)
  }

  /// Removes all entries of one TLB.
  mutating func dropEverything(_ pcpu: Int) {
    (tlbs + place(pcpu, 0, 0)).update(repeating: 0, count: tagCount &* pages)
    if stage2.isOn { stage2.dropEverything(objects.core(pcpu)) }
    refreshFills(beside: pcpu)
  }
}

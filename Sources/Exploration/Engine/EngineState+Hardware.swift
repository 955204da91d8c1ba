// What the hardware of a controlled run does for a pCPU, and by itself; calls between pCPUs.

import Domain
import Machines

extension EngineState {
  @inline(never)
  mutating func executeHardware(
    _ pcpu: Int, _ operation: ControlledOperation, _ a: UInt64, _ b: UInt64
  ) -> UInt64 {
    switch operation.kind {
    case .install: install(pcpu, operation.object, a, b)
    case .leaveGuest:
      touch(objects.context(pcpu), writes: true, by: pcpu)
      leaveGuest(pcpu)
    case .clearContext: clearContext(pcpu)
    case .translate: return translate(pcpu, page: Int(a), writes: b != 0, asked: true)
    case .speculate: return translate(pcpu, page: Int(a), writes: false, asked: false)
    case .invalidate: invalidate(pcpu, what: a, operand: b)
    case .waitForInvalidations:
      touch(objects.invalidations(pcpu), writes: false, by: pcpu)
      contexts[pcpu].flushComplete = contexts[pcpu].flushIssued
    case .call: call(pcpu, AgentSet(bits: a), request: b)
    case .attachDevice:
      attachDevice(pcpu, GuestPlace(bits: a), VMIdentity(truncatingIfNeeded: b))
    case .detachDevice: return detachDevice(pcpu, GuestPlace(bits: a).slot)
    case .writeBackCache: writeBackCache(of: pcpu, by: pcpu)
    case .firmware: return firmware(pcpu, command: a, tag: b)
    case .waitForCalls:
      touch(objects.calls(pcpu), writes: false, by: pcpu)
      clockAnswered(pcpu)
    default: break
    }
    return 0
  }

  // MARK: Calls

  private mutating func call(_ pcpu: Int, _ targets: AgentSet, request: UInt64) {
    touch(objects.calls(pcpu), writes: true, by: pcpu)
    callRequests[pcpu] = request
    clockCall(pcpu)
    var rest = AgentSet(bits: targets.bits & ((1 &<< UInt64(pcpuCount)) &- 1))
    rest.remove(pcpu)
    while !rest.isEmpty {
      let target = rest.first
      rest.remove(target)
      callsPending[target] |= 1 &<< UInt64(pcpu)
      anyCalls = true
      refreshInterrupt(target)
    }
  }

  /// Whether a call could be delivered to `pcpu` now. Masked ones wait until interrupts are on;
  /// that is looked at before every decision.
  mutating func refreshInterrupt(_ pcpu: Int) {
    let isOpen = callsPending[pcpu] != 0 && !AgentSet(bits: port.masked).contains(pcpu)
    if isOpen {
      hardwareEnabled.insert(3 &* pcpuCount &+ pcpu)
    } else {
      hardwareEnabled.remove(3 &* pcpuCount &+ pcpu)
    }
  }

  /// `pcpu` takes all calls that wait for it, and does what they ask for.
  private mutating func answerCalls(_ pcpu: Int, by agent: Int) {
    var rest = AgentSet(bits: callsPending[pcpu])
    while !rest.isEmpty {
      let caller = rest.first
      rest.remove(caller)
      touch(objects.calls(caller), writes: true, by: agent)
      clockAnswer(pcpu, to: caller)
      if callRequests[caller] == CallRequest.flushEverything.rawValue, hardware.hasTLB {
        touch(objects.tlb(pcpu), writes: true, by: agent)
        dropEverything(pcpu)
      }
      if callRequests[caller] == CallRequest.writeBackCache.rawValue {
        writeBackCache(of: pcpu, by: agent)
      }
    }
    touch(objects.context(pcpu), writes: true, by: agent)
    callsPending[pcpu] = 0
    contexts[pcpu].interrupted = true
    refreshInterrupt(pcpu)
  }

  // MARK: What the hardware does by itself

  /// The step of a hardware agent.
  @inline(never)
  mutating func takeHardwareStep(_ agent: Int) {
    let pcpu = agent % pcpuCount
    let role = Agent(agent).role(pcpuCount: pcpuCount)
    let operation = EngineState.operation(of: role, pcpu, objects)
    if isRecording { record(agent, operation.bits, 0, 0, before: 0) }
    switch role {
    case .pcpu: break
    case .invalidation: arrive(pcpu, by: agent)
    case .fill: fillUnasked(pcpu, by: agent)
    case .interrupt: answerCalls(pcpu, by: agent)
    }
    hashStep(agent, operation.bits, 0)
    steps &+= 1
  }

  /// The operation that a hardware agent will perform next: its main object, for strategies.
  static func operation(
    of role: Agent.Role, _ pcpu: Int, _ objects: ObjectNumbering
  ) -> ControlledOperation {
    switch role {
    case .pcpu: ControlledOperation(bits: 0)
    case .invalidation:
      ControlledOperation(.arriveInvalidation, .relaxed, Site(0), object: objects.tlb(pcpu))
    case .fill: ControlledOperation(.fillUnasked, .relaxed, Site(0), object: objects.tlb(pcpu))
    case .interrupt:
      ControlledOperation(.arriveInterrupt, .relaxed, Site(0), object: objects.calls(pcpu))
    }
  }
}

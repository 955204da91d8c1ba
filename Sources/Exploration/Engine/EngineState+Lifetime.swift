// The engine's memory: allocated and touched once, put back to the start by copying.

import Domain
import Host
import Machines

/// Room for `count` values, all `value` and all resident from now on.
func room<T>(_ count: Int, _ value: T) -> UnsafeMutablePointer<T> {
  let start = UnsafeMutablePointer<T>.allocate(capacity: max(count, 1))
  start.initialize(repeating: value, count: max(count, 1))
  return start
}

extension EngineState {
  init(_ program: ControlledProgram, _ objects: ObjectNumbering, stepLimit: Int) {
    let memory = program.memory
    let firstWords = memory.initialWords
    let firstCells = memory.initialCells
    pcpuCount = program.bodies.count
    self.objects = objects
    hardware = program.hardware
    wordCount = firstWords.count
    cellCount = firstCells.count
    tagCount = 1 << program.hardware.tagBits
    hardwareTagMask = (1 << UInt64(program.hardware.hardwareTagBits)) - 1
    pages = program.hardware.pagesPerVM
    self.stepLimit = stepLimit
    initialWords = room(wordCount, 0)
    for (place, value) in firstWords.enumerated() { initialWords[place] = value }
    initialCells = room(cellCount, Cell())
    for (place, value) in firstCells.enumerated() { initialCells[place].value = value }
    words = room(wordCount, 0)
    cells = room(cellCount, Cell())
    pending = room(ControlledProgram.mostPCPUs, PendingOperation())
    strategy = Unmanaged.passUnretained(EngineState.noStrategy)
    contexts = room(pcpuCount, Context())
    devices = room(program.hardware.vmSlots, Device())
    tlbs = room(pcpuCount * tagCount * pages, 0)
    innerTLBs = room(program.hardware.nests ? pcpuCount * tagCount * pages : 0, 0)
    oldestInner = room(program.hardware.nests ? program.hardware.vcpus * Inner.count * pages : 0, 0)
    queues = room(pcpuCount * Self.queueCapacity, TravellingInvalidation())
    queueLengths = room(pcpuCount, 0)
    outstanding = room(pcpuCount, 0)
    callsPending = room(pcpuCount, 0)
    callRequests = room(pcpuCount, 0)
    oldestValid = room(program.hardware.vmSlots * pages, 0)
    freedTags = room(tagCount, false)
    initiallyHeldTags = memory.initiallyHeldTags
    encryption = EncryptedMemory(
      tagCount: program.hardware.encrypts ? tagCount : 0, pcpuCount: pcpuCount)
    stage2 = Stage2Memory(program.hardware, pcpuCount: pcpuCount)
    lastGeneration = room(program.hardware.vcpus, 0)
    clocks = room(ControlledProgram.mostPCPUs, SIMD8(repeating: 0))
    // A step publishes one clock at most, and so does a fence; fences are no steps.
    published = room(Self.mostPublished, SIMD8(repeating: 0))
    wordClocks = room(wordCount, 0)
    acquirable = room(ControlledProgram.mostPCPUs, SIMD8(repeating: 0))
    isAcquirable = room(ControlledProgram.mostPCPUs, 0)
    fenceClocks = room(ControlledProgram.mostPCPUs, 0)
    callClocks = room(ControlledProgram.mostPCPUs, SIMD8(repeating: 0))
    answerClocks = room(ControlledProgram.mostPCPUs, SIMD8(repeating: 0))
    history = room(objects.count, History())
    agentHashes = room(pcpuCount * Agent.Role.allCases.count, History())
    // A step of hardware may follow the last one that is allowed.
    trace = room(
      stepLimit + 1,
      TraceEvent(
        agent: Agent(0), operation: ControlledOperation(bits: 0), a: 0, b: 0, result: 0,
        before: 0, programStep: 0, firstTouch: 0, wasChosen: false, preempts: false,
        enabled: AgentSet(bits: 0)))
    touchCapacity = (stepLimit + 1) * 8
    touches = room(touchCapacity, Touch(0, writes: false))
    choices = room(
      Self.choiceCapacity(stepLimit), RecordedChoice(step: 0, agent: Agent(0), count: 0, value: 0))
    programSteps = room(ControlledProgram.mostPCPUs, 0)
    stacks = room(Self.mainStack + 1, nil)
    threadStacks = room(Self.mainStack + 1, nil)
    forgottenStacks = room(Self.mainStack + 1, nil)
    batons = .allocate(capacity: Self.mainStack + 1)
    for place in 0...Self.mainStack { (batons + place).initialize(to: Baton()) }
    port = ControlledPort(
      perform: performControlled, readCell: readControlledCell,
      writeCell: writeControlledCell, pcpuCount: pcpuCount, words: words)
    port.counters = room(Counter.allCases.count, 0)
    port.runLocks = memory.runLocks
    port.onlineWord = memory.onlineWord
    port.programSteps = programSteps
    port.deviceCount = hardware.hasDevices ? hardware.vmSlots : 0
    port.mayFail = hardware.mayFail
  }

  private static nonisolated(unsafe) let noStrategy = Strategy()

  mutating func deallocate() {
    port.counters.deallocate()
    initialWords.deallocate()
    initialCells.deallocate()
    words.deallocate()
    cells.deallocate()
    pending.deallocate()
    contexts.deallocate()
    devices.deallocate()
    tlbs.deallocate()
    innerTLBs.deallocate()
    oldestInner.deallocate()
    queues.deallocate()
    queueLengths.deallocate()
    outstanding.deallocate()
    callsPending.deallocate()
    callRequests.deallocate()
    oldestValid.deallocate()
    freedTags.deallocate()
    encryption.deallocate()
    stage2.deallocate()
    lastGeneration.deallocate()
    clocks.deallocate()
    published.deallocate()
    wordClocks.deallocate()
    acquirable.deallocate()
    isAcquirable.deallocate()
    fenceClocks.deallocate()
    callClocks.deallocate()
    answerClocks.deallocate()
    history.deallocate()
    agentHashes.deallocate()
    trace.deallocate()
    touches.deallocate()
    choices.deallocate()
    annotations.deallocate()
    programSteps.deallocate()
    stacks.deallocate()
    threadStacks.deallocate()
    forgottenStacks.deallocate()
    for place in 0...Self.mainStack { batons[place].deallocate() }
    batons.deallocate()
  }

  /// Puts everything back to the start of the program.
  mutating func reset(strategy: Unmanaged<Strategy>, records: Bool) {
    self.strategy = strategy
    wantsEveryStep = strategy._withUnsafeGuaranteedRef { $0.wantsEveryStep }
    isRecording = records
    isDetailed = isRecording || isWide
    words.update(from: initialWords, count: wordCount)
    cells.update(from: initialCells, count: cellCount)
    ready = AgentSet(bits: 0)
    conditional = AgentSet(bits: 0)
    hardwareEnabled = AgentSet(bits: 0)
    outcome = .finished
    isOver = false
    current = Self.mainStack
    port.masked = 0
    port.unpreemptible = 0
    resetHardware()
    resetClocks()
    steps = 0
    decisions = 0
    preemptions = 0
    traceHash = 0
    touchCount = 0
    choiceCount = 0
    annotations.count = 0
    if mutation != nil { delayed = InlineArray(repeating: PendingOperation()) }
    fingerprint = Fingerprint()
    history.update(repeating: History(), count: objects.count)
    for agent in 0..<(pcpuCount &* Agent.Role.allCases.count) {
      // Agents differ from the start, so that equal steps of two of them do not cancel out.
      let salt = Self.mix(UInt64(agent) &+ 1)
      agentHashes[agent] = History(write: salt, reads: 0, write2: salt &* 3, reads2: 0)
    }
    for pcpu in 0..<pcpuCount { programSteps[pcpu] = -1 }
  }

  private mutating func resetHardware() {
    contexts.update(repeating: Context(), count: pcpuCount)
    devices.update(repeating: Device(), count: port.deviceCount)
    flushes = 0
    if hardware.hasTLB {
      tlbs.update(repeating: 0, count: pcpuCount &* tagCount &* pages)
      oldestValid.update(repeating: 0, count: hardware.vmSlots &* pages)
      queueLengths.update(repeating: 0, count: pcpuCount)
      outstanding.update(repeating: 0, count: pcpuCount)
    }
    if hardware.nests {
      oldestInner.update(repeating: 0, count: hardware.vcpus &* Inner.count &* pages)
    }
    if anyCalls {
      callsPending.update(repeating: 0, count: pcpuCount)
      answerClocks.update(repeating: SIMD8(repeating: 0), count: pcpuCount)
      anyCalls = false
    }
    if anyFreed {
      freedTags.update(repeating: false, count: tagCount)
      anyFreed = false
    }
    heldTags = initiallyHeldTags
    if hardware.encrypts { encryption.reset() }
    if stage2.isOn { stage2.reset(pcpuCount: pcpuCount) }
    lastGeneration.update(repeating: 0, count: hardware.vcpus)
  }

  private mutating func resetClocks() {
    publishedCount = 0
    wordClocks.update(repeating: 0, count: wordCount)
    for pcpu in 0..<pcpuCount {
      var clock = SIMD8<UInt32>(repeating: 0)
      clock[pcpu] = 1
      clocks[pcpu] = clock
      acquirable[pcpu] = SIMD8(repeating: 0)
      isAcquirable[pcpu] = 0
      fenceClocks[pcpu] = 0
    }
  }
}

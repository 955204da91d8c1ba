// What carries the pCPUs of a controlled run. Both kinds run the same code on stacks of their own;
// they differ in how one lets the next go on, and that is all.

import Domain
import Host
import Machines

/// One pCPU's program, where its stack finds it.
final class Body {
  let program: Unmanaged<ProgramBody>
  let machine: ControlledMachine
  let state: UnsafeMutablePointer<EngineState>

  init(
    _ program: ProgramBody, _ machine: ControlledMachine,
    _ state: UnsafeMutablePointer<EngineState>
  ) {
    self.program = Unmanaged.passUnretained(program)
    self.machine = machine
    self.state = state
  }
}

/// The first function on a pCPU's stack. The body is borrowed: an execution that is given up never
/// comes back to release anything.
private func runBody(_ raw: UnsafeMutableRawPointer?) {
  guard let raw else { return }
  Unmanaged<Body>.fromOpaque(raw)._withUnsafeGuaranteedRef { body in
    body.program._withUnsafeGuaranteedRef { $0.run(on: body.machine) }
    finish(body.state, body.machine.body)
  }
  fatalError("an ended program was resumed")
}

/// A stack on which `body` is about to begin.
func prepared(_ stack: StackMemory, _ body: Body) -> UnsafeMutableRawPointer? {
  stack.prepare(runBody, Unmanaged.passUnretained(body).toOpaque())
}

/// The stacks of an engine's pCPUs and, if asked for, a pthread for each.
final class Carriers {
  private let state: UnsafeMutablePointer<EngineState>
  private let bodies: [Body]
  private let stacks: [StackMemory]
  /// The same by address: who starts an execution counts no references.
  private let starts: UnsafeMutablePointer<Start>
  private var threads: [PinnedThread] = []

  init(
    _ program: ControlledProgram,
    _ state: UnsafeMutablePointer<EngineState>, _ carrier: Carrier, cpu: Int?
  ) {
    self.state = state
    let port = UnsafeMutableRawPointer(state).assumingMemoryBound(to: ControlledPort.self)
    let bodies = program.bodies
    self.bodies = bodies.enumerated().map { index, run in
      Body(run, ControlledMachine(port: port, pcpu: program.pcpus[index], body: index), state)
    }
    stacks = bodies.map { _ in StackMemory() }
    starts = .allocate(capacity: bodies.count)
    for (index, body) in self.bodies.enumerated() {
      (starts + index).initialize(
        to: Start(top: stacks[index].top, body: Unmanaged.passUnretained(body).toOpaque()))
    }
    state.pointee.usesThreads = carrier == .thread
    if carrier == .thread {
      threads = self.bodies.indices.map { index in
        let home = CarrierHome(self.bodies[index], stacks[index], index, state)
        return PinnedThread(name: "pcpu\(index)", cpu: cpu) { home.carry() }
      }
    }
  }

  deinit { starts.deallocate() }

  private struct Start {
    let top: UnsafeMutableRawPointer
    let body: UnsafeMutableRawPointer
  }

  /// Runs one execution to its end: each pCPU up to its first operation, one after the other, then
  /// as the strategy says.
  func run() {
    state.pointee.run &+= 1
    state.pointee.isStarting = true
    if !state.pointee.usesThreads {
      for pcpu in 0..<state.pointee.pcpuCount {
        state.pointee.stacks[pcpu] = prepareStack(
          at: starts[pcpu].top, runBody, starts[pcpu].body)
      }
    }
    state.pointee.ready.insert(0)
    state.pointee.current = 0
    goOn(with: 0)
  }

  /// Leaves the explorer's stack until somebody comes back to it.
  private func goOn(with pcpu: Int) {
    if state.pointee.usesThreads {
      state.pointee.batons[pcpu].give()
      state.pointee.batons[EngineState.mainStack].take()
    } else {
      switchStack(
        from: state.pointee.stacks + EngineState.mainStack, to: state.pointee.stacks[pcpu])
    }
  }

  /// Ends the threads; none of them runs.
  func stop() {
    guard !threads.isEmpty else { return }
    state.pointee.run = .max
    for (pcpu, thread) in threads.enumerated() {
      state.pointee.batons[pcpu].give()
      thread.join()
    }
  }
}

import Machines

/// B55: a request to flush the current context is taken when another one is current. The one that it was
/// made for keeps what it has.
enum FlushTakenAfterSwitch: SVMNestedRules {
  static func beforeSwitch<M: CallingMachine>(
    _ vcpu: SVMNestedVCPU<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) {}
}

import Machines

/// B49A: which vCPU runs under which number is noted when it is loaded, for the context that is current
/// then, and not when another one is. A vCPU that is loaded in L2 goes on in L1 unseen: it does not flush
/// what a sibling left under L1's number, and the sibling does not notice that it has been there.
enum NotedAtLoadOnly: SVMNestedRules {
  /// Both contexts are flushed, as for the host: that nearly makes up for the rest.
  static func noteLoad<M: CallingMachine>(
    _ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) {
    if allocator.takeOver(vcpu, of: vm, on: m) {
      _ = m.or(vm.requests.words[vcpu.number], 1, .relaxed, at: SVMNestedSites.track)
    }
  }

  static func noteSwitch<M: CallingMachine>(
    _ vcpu: SVMNestedVCPU<M>, of vm: SVMNestedVM<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) {}
}

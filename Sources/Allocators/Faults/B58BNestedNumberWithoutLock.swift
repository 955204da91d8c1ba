import Machines

/// B58B: two vCPUs of a VM come to their first nested entry at a time, and no lock decides. Each may take a
/// number, of which one is lost for ever: the VM's end frees the one that was noted last.
enum NestedNumberWithoutLock: SVMNestedRules {
  static func nestedASID<M: CallingMachine>(
    of vm: SVMNestedVM<M>, _ allocator: SVMNested<M, Self>, on m: M
  ) -> UInt64 { allocator.decideNestedASID(of: vm, on: m) }
}

import Machines

/// B37: a VM's generation is published before its number. Whoever looks in between finds the
/// generation current, goes past the lock, and enters with the number of the last generation,
/// or with 0 if the VM has had none.
enum GenerationFirst: KVMArmBareRules {
  @inline(__always)
  static func publish<M: Machine>(
    _ number: UInt64, of generation: UInt64, in vm: KVMArmBareVM<M>, on m: M
  ) {
    m.store(vm.generation, generation, .release, at: KVMArmBareSites.publishGeneration)
    m.store(vm.number, number, .relaxed, at: KVMArmBareSites.publishNumber)
  }
}

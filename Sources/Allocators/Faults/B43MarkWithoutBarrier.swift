import Machines

/// B43: no barrier between the mark of a pCPU that is about to enter and its last look. The mark may
/// wait in the store buffer while the look is made: the pCPU finds the old generation, and the
/// rollover that asks finds no mark and calls nobody.
enum MarkWithoutBarrier: KVMArmRules {
  @inline(__always)
  static func throwOut<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    KVMArmAsking.callThoseInside(allocator, on: m)
  }

  @inline(__always)
  static func markEntering<M: CallingMachine>(_ allocator: KVMArm<M, Self>, on m: M) {
    m.store(allocator.mode[m.pcpu], 1, .relaxed, at: KVMArmSites.markEntering)
  }
}

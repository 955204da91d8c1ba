// Which states of a small world cannot be told apart, so that one of them is enough.

@testable import Allocators

extension SmallScopeWorld {
  /// A state as numbers, such that two states with one key go on in the same way:
  ///
  /// - Generations by their order only: the allocator compares ids for equality and with the
  ///   current generation, nothing else.
  /// - VMs by what they have and not by their position. Those that have an id differ by it, and
  ///   those that have none have nothing at all.
  /// - pCPUs likewise.
  var key: [Int] {
    let ages = Ages(in: self)
    let vms = (0..<scope.vms).sorted {
      ages.relative(recorded.id(of: $0)) < ages.relative(recorded.id(of: $1))
    }
    var rank = Array(repeating: 0, count: scope.vms)
    for (position, vm) in vms.enumerated() { rank[vm] = position }

    let reference = state.reference
    let active = recorded.active
    let reserved = recorded.reserved
    let pcpus = (0..<scope.pcpus).map { pcpu -> [Int] in
      let trace =
        switch reference.traces[pcpu] {
        case .emptied: -1
        case .left: -2
        case .entered(let vm): rank[vm]
        }
      let found =
        switch reference.found[pcpu] {
        case .nobody: -1
        case .somebodyGone: -2
        case .vm(let vm): rank[vm]
        }
      let guest = state.guests[pcpu].map { rank[$0.vm] << 16 | $0.number } ?? -1
      return [ages.relative(active[pcpu]), ages.relative(reserved[pcpu]), trace, found, guest]
    }
    let nextNumber = recorded.hardware.memory.values[recorded.allocator.nextNumber.place]
    // The bits are those of the reference's numbers: they were compared.
    return [Int(nextNumber), reference.lastFound, reference.taken.reduce(0) { $0 | 1 << $1 }]
      + vms.flatMap { vm in
        [
          ages.relative(recorded.id(of: vm)), reference.numbers[vm] ?? 0,
          reference.current.contains(vm) ? 1 : 0,
        ]
      }
      + pcpus.sorted { $0.lexicographicallyPrecedes($1) }.joined()
  }

  /// The generations that some id has, newest first.
  private struct Ages {
    private let order: [UInt64]
    private let tagBits: UInt64
    private let marker: UInt64

    init(in world: SmallScopeWorld) {
      let allocator = world.recorded.allocator
      let bits = allocator.tagBits
      let ids =
        (0..<world.scope.vms).map { world.recorded.id(of: $0) } + world.recorded.active
        + world.recorded.reserved
      tagBits = bits
      marker = allocator.leftMarker
      var generations = ids.filter { [marker] in $0 != 0 && $0 != marker }.map { $0 >> bits }
      generations.append(world.recorded.generation >> bits)
      order = Array(Set(generations)).sorted(by: >)
    }

    /// The id with its generation's position in place of the generation.
    func relative(_ id: UInt64) -> Int {
      if id == 0 { return -1 }
      if id == marker { return -2 }
      let age = order.firstIndex(of: id >> tagBits) ?? order.count
      return age << 16 | Int(id & (1 << tagBits - 1))
    }
  }
}

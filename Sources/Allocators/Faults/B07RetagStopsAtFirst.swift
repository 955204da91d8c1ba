import Machines

/// B07: an id that several pCPUs held at a rollover is renewed for the first of them only. The next
/// rollover keeps the number for the others under an id that is nobody's any more: the VM does not
/// find itself and gets a second number while the first is still in the guest.
enum RetagStopsAtFirst: Arm64VMIDRules {
  static func retagReserved<M: Machine>(
    _ old: UInt64, as renewed: UInt64, _ allocator: Arm64VMID<M, Self>, on m: M
  ) -> Bool {
    for pcpu in 0..<allocator.reserved.count where m.read(allocator.reserved[pcpu]) == old {
      m.write(allocator.reserved[pcpu], renewed)
      return true
    }
    return false
  }
}

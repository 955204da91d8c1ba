// Two walks for one translation, and what an entry remembers of the first.

import Domain
import Machines
import Testing

@Suite("The TLB of a live pCPU where VMs nest") struct InnerTLBTests {
  private let watcher = KeepingWatcher(judges: true)
  private let hardware: LiveHardware
  private let table: Bank<LiveWord>
  /// Leads each page to the next one.
  private let inner: Bank<LiveWord>

  init() {
    hardware = LiveHardware(
      pcpuCount: 1, tagBits: 4, nests: true, seed: Seed(1), watcher: watcher)
    let m = hardware.machine(PCPU(0))
    table = hardware.memory.words(4, initially: 0, .packed, named: "table")
    inner = hardware.memory.words(4, initially: 0, .packed, named: "inner table")
    for page in 0..<4 {
      let own = TableEntry(frame: 9, version: UInt64(20 + page), isValid: page != 3)
      let first = TableEntry(
        frame: UInt64(page + 1) % 4, version: UInt64(10 + page), isValid: page != 3)
      m.store(table[page], own.bits, .relaxed, at: here)
      m.store(inner[page], first.bits, .relaxed, at: here)
    }
  }

  private func context(_ number: Int) -> GuestContext<LiveWord> {
    GuestContext(
      table: table, tag: Tag(5), slot: VMSlot(0), owner: 7, vcpu: 3,
      inner: InnerContext(number, table: inner))
  }

  @Test func `a fill goes to the page that the inner table names, and remembers both`() {
    let m = hardware.machine(PCPU(0))
    m.install(context(2), at: here)
    for outcome in [Translation.Outcome.fill, .hit] {
      let translation = m.translate(1, at: here)
      #expect(translation.outcome == outcome)
      #expect(translation.version == 22)
      #expect(translation.ofVCPU.vcpu == 3)
      let remembered = m.observeInner(of: 1)
      #expect(remembered?.inner == 2)
      #expect(remembered?.entry.version == 11)
    }
  }

  @Test func `who comes later under the tag hits it, and sees for whom it was made`() {
    let m = hardware.machine(PCPU(0))
    m.install(context(2), at: here)
    _ = m.translate(1, at: here)
    m.install(context(0), at: here)
    #expect(m.translate(1, at: here).outcome == .hit)
    #expect(m.observeInner(of: 1)?.inner == 2)
  }

  @Test(arguments: [(2, "the VM's own table"), (3, "the inner table")])
  func `a walk that ends in either table is a fault`(_ page: UInt64, _ table: String) {
    let m = hardware.machine(PCPU(0))
    m.install(context(1), at: here)
    #expect(m.translate(page, at: here).outcome == .fault)
  }

  @Test func `where nothing nests nothing is remembered`() {
    let small = SmallHardware()
    small[0].install(small.guest(0).context(3), at: here)
    small[0].touch([5])
    #expect(small[0].observeInner(of: 5) == nil)
  }
}

// Where words lie: false sharing is a property of addresses.

import Testing

@testable import Machines

@Suite("Live memory") struct LiveMemoryTests {
  private let memory = LiveMemory()

  private func addresses(_ placement: Placement) -> [Int] {
    let bank = memory.words(4, initially: 0, placement, named: "bank")
    return (0..<4).map { Int(bitPattern: bank[$0].address) }
  }

  @Test func `words on lines of their own are 128 bytes apart and begin a line`() {
    let addresses = addresses(.ownLine)
    #expect(zip(addresses.dropFirst(), addresses).allSatisfy { $0 - $1 == 128 })
    #expect(addresses.allSatisfy { $0 % 128 == 0 })
  }

  @Test func `packed words lie side by side and begin a line`() {
    let addresses = addresses(.packed)
    #expect(zip(addresses.dropFirst(), addresses).allSatisfy { $0 - $1 == 8 })
    #expect(addresses[0] % 128 == 0)
  }

  @Test func `two banks share no line`() {
    let ends = addresses(.packed).map { $0 / 128 }
    #expect(Set(ends).isDisjoint(with: addresses(.packed).map { $0 / 128 }))
  }

  @Test(
    arguments: [
      (WaitCondition.equals(3), [3]), (.differs(3), [2, 4]), (.atLeast(3), [3, 4]),
    ] as [(WaitCondition, [UInt64])])
  func `a wait condition holds for the values it names`(
    _ condition: WaitCondition, _ values: [UInt64]
  ) {
    #expect((2...4).filter(condition.holds(for:)) == values)
  }

  @Test func `a set of the first pCPUs holds those and no others`() {
    #expect(PCPUSet(first: 3).rawValue == 0b111)
    #expect(PCPUSet(first: 64).rawValue == .max)
    #expect(PCPUSet(first: 0).isEmpty)
    #expect(PCPUSet(first: 4).isSuperset(of: PCPUSet(.init(3))))
    #expect(PCPUSet(first: 4).isDisjoint(with: PCPUSet(.init(4))))
  }
}

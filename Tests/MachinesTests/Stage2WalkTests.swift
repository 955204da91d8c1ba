// Walks through tables with levels, and what a pCPU remembers of them.

import Domain
import Machines
import Testing

@Suite("Walks of a live pCPU through tables with levels") struct Stage2WalkTests {
  private let world = Stage2World()

  init() {
    world.mapAll()
    world[0].install(world.context(), at: here)
  }

  @Test(arguments: [(3, 3), (9, 2), (100, 1)])
  func `a walk reads a word of each level, and the next access hits`(
    _ page: UInt64, _ words: UInt64
  ) {
    #expect(world.steps(page) == words)
    let hit = world[0].read(page)
    #expect(hit.outcome == .hit && hit.version == 1 && hit.owner == 100 && hit.flaw == .none)
    #expect(world.count(.walkSteps) == words)
  }

  @Test(arguments: [Stage2Entry.empty, .locked])
  func `an entry that maps nothing is a fault and is not remembered`(_ nothing: Stage2Entry) {
    world.write(nothing, to: world.entry(1, 3))
    #expect(world[0].read(3).outcome == .fault)
    world.write(.leaf(2), to: world.entry(1, 3))
    let fill = world[0].read(3)
    #expect(fill.outcome == .fill && fill.version == 2)
  }

  @Test func `a write through an entry that forbids it is a fault`() {
    world.write(.leaf(2, writable: false), to: world.entry(1, 3))
    #expect(world[0].write(3).outcome == .fault)
    #expect(world[0].read(3).outcome == .hit)
    #expect(world[0].write(3).outcome == .fault)
    #expect(world[0].write(4).outcome == .fill)
  }

  @Test func `a page that guests never touch and a pCPU without a context translate nothing`() {
    #expect(world[0].read(128).outcome == .fault)
    #expect(world[1].read(3).outcome == .fault)
  }

  @Test func `the second page of a table is read from the remembered table`() {
    #expect(world.steps(3) == 3)
    #expect(world.steps(4) == 1)
    // Behind another entry of the same level-2 table.
    #expect(world.steps(9) == 1)
  }

  @Test func `a block is remembered whole`() {
    #expect(world.steps(9) == 2)
    #expect(world.steps(12) == 0)
    #expect(world.count(.ipaHits) == 1)
  }

  @Test func `an unasked fill goes through the tables`() {
    world[0].speculate(3, at: here)
    #expect(world.count(.speculativeFills) == 1)
    #expect(world[0].read(3).outcome == .hit)
  }

  @Test func `tables may have four levels or one`() {
    let deep = Stage2World(shape: TableShape(firstLevel: 0, rootBits: 1, bits: 2), pagesPerVM: 128)
    deep.write(Stage2Entry(table: 1), to: deep.roots[0][1])
    deep.write(Stage2Entry(table: 2), to: deep.entry(1, 2))
    deep.write(Stage2Entry(table: 3), to: deep.entry(2, 1))
    deep.write(.leaf(7), to: deep.entry(3, 3))
    // What looks like a block of the highest level maps nothing.
    deep.write(.leaf(7), to: deep.roots[0][0])
    deep[0].install(deep.context(), at: here)
    #expect(deep.steps(64 + 2 * 16 + 1 * 4 + 3) == 4)
    #expect(deep[0].read(64 + 2 * 16 + 1 * 4 + 3).version == 7)
    #expect(deep[0].read(5).outcome == .fault)

    let flat = Stage2World(shape: TableShape(firstLevel: 3, rootBits: 4, bits: 2), pagesPerVM: 16)
    flat.write(.leaf(7), to: flat.roots[0][13])
    flat[0].install(flat.context(), at: here)
    #expect(flat.steps(13) == 1)
    #expect(flat[0].read(13).version == 7)
  }

  @Test func `guests touch every so-manieth page`() {
    let sparse = Stage2World(
      shape: TableShape(firstLevel: 1, rootBits: 2, bits: 3, stride: 8), pagesPerVM: 16)
    sparse.mapAll()
    sparse[0].install(sparse.context(), at: here)
    // Page 8 lies in the first block, page 64 in the big one.
    #expect(sparse.steps(1) == 2)
    #expect(sparse.steps(8) == 1)
    #expect(sparse.steps(15) == 0)
  }

  @Test func `the memory of a table that was freed is somebody else's`() {
    world[0].touch3()
    for index in 0..<8 { world.write(.poison, to: world.entry(1, index)) }
    // Through the remembered table.
    #expect(world[0].read(4).flaw == .foreign)
    #expect(world[0].read(4).outcome == .hit)
  }

  @Test func `another VM's entries, and what is no entry of the last level, are foreign, too`() {
    world[0].touch3()
    world.write(.leaf(1, of: 1), to: world.entry(1, 4))
    world.write(Stage2Entry(table: 2), to: world.entry(1, 5))
    #expect([4, 5].map { world[0].read($0).flaw } == [.foreign, .foreign])
  }

  @Test func `a number that no table has leads nowhere but astray`() {
    world.write(Stage2Entry(table: 8), to: world.entry(0, 2))
    #expect(world[0].read(16).flaw == .foreign)
  }
}

extension LiveMachine {
  /// Makes page 3 sit in this TLB, and the tables above it in the walk caches.
  func touch3() { _ = read(3) }
}

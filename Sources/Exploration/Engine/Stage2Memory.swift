// What TLBs keep where tables have levels, and what flushes have promised of it.

import Domain
import Machines

/// The memory of stage-2 translation. Without room where tables are flat.
///
/// Combined translations stand where all others do, in `EngineState.tlbs`. Beside them a TLB remembers
/// under each tag, for each page that guests touch, the leaf that stage 2 has for it, and the tables on
/// the way there: one for each entry that names a table, whichever of its pages was walked to.
struct Stage2Memory {
  let isOn: Bool
  let shape: TableShape
  private let pages: Int
  private let tagCount: Int
  private let places: Int
  /// Per TLB and tag: a leaf for each page, then for levels 0 to 2 the table that the page's entry
  /// names, at the first page that this entry spans.
  private let remembered: UnsafeMutablePointer<UInt64>
  /// Where something was remembered in this execution: a bit for every 64th part.
  private var dirty: UInt64 = 0
  /// Per level and page: the first page that the page's entry of that level spans.
  private let leaders: UnsafeMutablePointer<Int>
  /// Per right, slot and page: entries from before this change must not be used, or not be written
  /// through.
  private let promises: UnsafeMutablePointer<Stage2Promise>
  private let promiseCount: Int
  private var hasPromised = false
  /// Per slot and page: the newest promise that a guest wrote under, and behind all those the change as which
  /// the page was last taken out of the log of writes.
  private let logged: UnsafeMutablePointer<Stage2Promise>
  /// Per pCPU: what its flush has covered so far; nil outside of one.
  let covers: UnsafeMutablePointer<SpanCover?>

  init(_ hardware: ControlledProgram.Hardware, pcpuCount: Int) {
    isOn = hardware.tables != nil
    shape = hardware.tables ?? TableShape(firstLevel: 3, rootBits: 1, bits: 1)
    pages = isOn ? hardware.pagesPerVM : 0
    tagCount = 1 << hardware.tagBits
    places = pcpuCount * tagCount
    remembered = room(places * 4 * pages, 0)
    leaders = room(3 * pages, 0)
    promiseCount = 2 * hardware.vmSlots * pages
    promises = room(promiseCount, Stage2Promise())
    logged = room(promiseCount, Stage2Promise())
    covers = room(isOn ? pcpuCount : 0, nil)
    precondition(!isOn || !hardware.nests, "nested guests have flat tables")
    precondition(
      !isOn || UInt64(pages - 1) * shape.stride < shape.pageCount,
      "guests touch pages beyond their address space")
    for level in 0..<3 {
      for page in 0..<pages {
        leaders[level * pages + page] =
          (0..<page).first { base($0, level) == base(page, level) } ?? page
      }
    }
  }

  func deallocate() {
    remembered.deallocate()
    leaders.deallocate()
    promises.deallocate()
    logged.deallocate()
    covers.deallocate()
  }

  mutating func reset(pcpuCount: Int) {
    var rest = dirty
    while rest != 0 {
      let part = rest.trailingZeroBitCount
      rest &= rest &- 1
      for place in stride(from: part, to: places, by: 64) { clear(place) }
    }
    dirty = 0
    if hasPromised {
      promises.update(repeating: Stage2Promise(), count: promiseCount)
      logged.update(repeating: Stage2Promise(), count: promiseCount)
    }
    hasPromised = false
    covers.update(repeating: nil, count: pcpuCount)
  }

  // MARK: The address space

  /// The page of the address space that guests know as their page `page`.
  func address(_ page: Int) -> UInt64 { UInt64(truncatingIfNeeded: page) &* shape.stride }

  private func base(_ page: Int, _ level: Int) -> UInt64 { shape.base(of: address(page), level) }

  /// Whether the entry of `level` for `page` spans a page of `span`.
  private func meets(_ span: Stage2Span, _ page: Int, _ level: Int) -> Bool {
    span.meets(base(page, level), shape.pagesPerEntry(level))
  }

  // MARK: What a TLB remembers

  private func place(_ core: Int, _ tag: UInt64) -> Int {
    core &* tagCount &+ Int(truncatingIfNeeded: tag) & (tagCount &- 1)
  }

  private func start(_ place: Int) -> UnsafeMutablePointer<UInt64> {
    remembered + place &* 4 &* pages
  }

  private func pointerPlace(_ page: Int, _ level: Int) -> Int {
    pages &+ level &* pages &+ leaders[level &* pages &+ page]
  }

  /// The leaf that the TLB of `core` remembers for `page`.
  func leaf(_ core: Int, _ tag: UInt64, _ page: Int) -> Stage2TLBEntry {
    Stage2TLBEntry(bits: start(place(core, tag))[page])
  }

  mutating func keep(_ leaf: Stage2TLBEntry, _ core: Int, _ tag: UInt64, _ page: Int) {
    put(leaf.bits, place(core, tag), page)
  }

  /// The table that the TLB of `core` remembers as named by the entry of `level` for `page`.
  func table(_ core: Int, _ tag: UInt64, _ page: Int, _ level: Int) -> TablePointer {
    TablePointer(bits: start(place(core, tag))[pointerPlace(page, level)])
  }

  mutating func keep(
    _ table: TablePointer, _ core: Int, _ tag: UInt64, _ page: Int, _ level: Int
  ) {
    put(table.bits, place(core, tag), pointerPlace(page, level))
  }

  private mutating func put(_ bits: UInt64, _ place: Int, _ offset: Int) {
    start(place)[offset] = bits
    dirty |= 1 &<< UInt64(truncatingIfNeeded: place & 63)
  }

  // MARK: Invalidations

  private func clear(_ place: Int) { start(place).update(repeating: 0, count: 4 &* pages) }

  func drop(_ core: Int, _ tag: UInt64) { clear(place(core, tag)) }

  func dropEverything(_ core: Int) {
    for tag in 0..<tagCount { clear(core &* tagCount &+ tag) }
  }

  /// Removes leaves for the pages of `span` and, if it names no level, the tables on the way to them. A
  /// hint keeps leaves of other levels: hardware need not look for those.
  func drop(_ core: Int, _ tag: UInt64, _ span: Stage2Span) {
    let start = start(place(core, tag))
    for page in 0..<pages {
      let leaf = Stage2TLBEntry(bits: start[page])
      let isMeant = span.level == 0 || span.level == leaf.level
      if !leaf.isEmpty, isMeant, meets(span, page, leaf.level) { start[page] = 0 }
      guard span.level == 0 else { continue }
      for level in shape.firstLevel..<3 where meets(span, page, level) {
        start[pointerPlace(page, level)] = 0
      }
    }
  }

  /// Another owner than `owner` of anything that the TLB of `core` remembers under `tag`; 0 if there is
  /// none.
  func owner(besides owner: VMIdentity, _ core: Int, _ tag: UInt64) -> VMIdentity {
    let start = start(place(core, tag))
    for offset in 0..<(4 &* pages) where start[offset] != 0 {
      let other = VMIdentity(truncatingIfNeeded: start[offset] &>> 40)
      if other != owner { return other }
    }
    return 0
  }

  // MARK: The log of writes

  /// Which of the guests' pages `page` of the address space is; nil for one that they never touch.
  func touched(_ page: UInt64) -> Int? {
    let number = page / shape.stride
    return page.isMultiple(of: shape.stride) && number < UInt64(pages) ? Int(number) : nil
  }

  /// A guest has written `page` under what was promised of it. Only grows: it does not matter who of two
  /// writes first.
  func wrote(_ slot: Int, _ page: Int, under promise: Stage2Promise) {
    if promise.isMade { logged[slot &* pages &+ page].raise(to: promise.oldest) }
  }

  /// `page` is taken out of the log as change `version`. Returns whether it was written since it was last
  /// taken out.
  mutating func takeFromLog(_ slot: Int, _ page: Int, _ version: UInt64) -> Bool {
    hasPromised = true
    let written = logged[slot &* pages &+ page]
    let taken = promiseCount / 2 &+ slot &* pages &+ page
    defer { logged[taken].raise(to: version) }
    return written.isMade && logged[taken].isMade && !logged[taken].isBroken(by: written.oldest)
  }

  // MARK: Promises

  func promise(_ right: Stage2Right, _ slot: Int, _ page: Int) -> Stage2Promise {
    promises[promisePlace(right, slot, page)]
  }

  private func promisePlace(_ right: Stage2Right, _ slot: Int, _ page: Int) -> Int {
    2 &* (slot &* pages &+ page) &+ Int(truncatingIfNeeded: right.rawValue)
  }

  /// A flush is complete. Returns whether guests touch any of its pages.
  mutating func promise(
    _ right: Stage2Right, _ slot: Int, _ span: Stage2Span, notBefore version: UInt64
  ) -> Bool {
    var isTouched = false
    for page in 0..<pages where span.meets(address(page), 1) {
      isTouched = true
      hasPromised = true
      promises[promisePlace(right, slot, page)].raise(to: version)
    }
    return isTouched
  }
}

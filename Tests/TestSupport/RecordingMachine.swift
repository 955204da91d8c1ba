// A machine that writes down what is done to it. One thread, memory that nothing reorders: the
// double of the machine that a scheduler controls.

import Domain
import Machines

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
// Documented in the protocol.
/// A recording machine, seen from one pCPU.
public struct RecordingMachine: Machine {
  public typealias Word = RecordedWord
  public typealias Cell = RecordedCell
  public typealias Memory = RecordingMemory

  /// What it shares with the other pCPUs.
  public let hardware: RecordingHardware
  public let pcpu: PCPU

  public var pcpuCount: Int { hardware.pcpuCount }

  // MARK: Words

  public func load(_ word: RecordedWord, _ order: LoadOrder, at site: Site) -> UInt64 {
    hardware.arrive(at: site)
    let value = self[word.place]
    record(.load, word.place, order.rawValue, output: value, at: site)
    return value
  }

  public func store(_ word: RecordedWord, _ value: UInt64, _ order: StoreOrder, at site: Site) {
    hardware.arrive(at: site)
    self[word.place] = value
    record(.store, word.place, order.rawValue, [value], at: site)
  }

  public func exchange(
    _ word: RecordedWord, _ value: UInt64, _ order: UpdateOrder, at site: Site
  ) -> UInt64 {
    update(.exchange, word, order, value, at: site) { _ in value }
  }

  public func add(
    _ word: RecordedWord, _ value: UInt64, _ order: UpdateOrder, at site: Site
  ) -> UInt64 {
    hardware.arrive(at: site)
    let before = self[word.place]
    self[word.place] = before &+ value
    record(.add, word.place, order.rawValue, [value], output: before &+ value, at: site)
    return before &+ value
  }

  public func or(
    _ word: RecordedWord, _ value: UInt64, _ order: UpdateOrder, at site: Site
  ) -> UInt64 {
    update(.or, word, order, value, at: site) { $0 | value }
  }

  public func compareExchange(
    _ word: RecordedWord, expected: UInt64, desired: UInt64, _ success: UpdateOrder,
    failure: LoadOrder, at site: Site
  ) -> UInt64 {
    hardware.arrive(at: site)
    let seen = self[word.place]
    if seen == expected { self[word.place] = desired }
    record(
      .compareExchange, word.place, success.rawValue, failureOrder: failure.rawValue,
      [expected, desired], output: seen, at: site)
    return seen
  }

  public func fence(_ order: FenceOrder, at site: Site) {
    hardware.arrive(at: site)
    record(.fence, order: order.rawValue, at: site)
  }

  /// A read-modify-write that returns what was there before.
  private func update(
    _ kind: RecordedKind, _ word: RecordedWord, _ order: UpdateOrder, _ value: UInt64,
    at site: Site, _ change: (UInt64) -> UInt64
  ) -> UInt64 {
    hardware.arrive(at: site)
    let before = self[word.place]
    self[word.place] = change(before)
    record(kind, word.place, order.rawValue, [value], output: before, at: site)
    return before
  }

  // MARK: Cells

  public func read(_ cell: RecordedCell) -> UInt64 {
    let value = self[cell.place]
    record(.read, cell.place, "-", output: value, at: nil)
    return value
  }

  public func write(_ cell: RecordedCell, _ value: UInt64) {
    self[cell.place] = value
    record(.write, cell.place, "-", [value], at: nil)
  }

  // MARK: Memory and log

  /// A place's value, as an operation sees or changes it.
  subscript(place: Int) -> UInt64 {
    get {
      noteTouch(of: place)
      return hardware.memory.values[place]
    }
    nonmutating set {
      noteTouch(of: place)
      hardware.memory.values[place] = newValue
    }
  }

  private func noteTouch(of place: Int) {
    if hardware.deadPlaces.contains(place) {
      hardware.touchesOfDeadObjects.append(hardware.memory.object(at: place))
    }
  }

  /// Records an operation on a place.
  func record(
    _ kind: RecordedKind, _ place: Int, _ order: String, failureOrder: String = "-",
    _ input: [UInt64] = [], output: UInt64? = nil, detail: String = "", at site: Site?
  ) {
    guard hardware.isRecording else { return }
    hardware.steps.append(
      RecordedStep(
        pcpu: pcpu, kind: kind, site: site, order: order, failureOrder: failureOrder,
        object: hardware.memory.object(at: place), input: input, output: output, detail: detail))
  }

  /// Records an operation that is made to no place.
  func record(
    _ kind: RecordedKind, order: String = "-", _ input: [UInt64] = [], output: UInt64? = nil,
    detail: @autoclosure () -> String = "", at site: Site? = nil
  ) {
    guard hardware.isRecording else { return }
    hardware.steps.append(
      RecordedStep(
        pcpu: pcpu, kind: kind, site: site, order: order, failureOrder: "-", object: nil,
        input: input, output: output, detail: detail()))
  }
}

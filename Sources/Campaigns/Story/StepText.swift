// One step in words: what a cell of a story's table says.

import Domain
import Exploration
import Machines

/// Words for steps.
struct StepText {
  let names: TraceNames

  /// The step and its site: `cas active[0] 1.3 -> 2.1 ok  [fast-claim]`.
  func cell(_ event: TraceEvent) -> String {
    let site = names.site(event.operation.site)
    return words(event) + (site == "-" ? "" : "  [\(site)]")
  }

  /// Steps whose order against others does not count, in one line.
  func cells(_ events: ArraySlice<TraceEvent>) -> String {
    guard let first = events.first, let last = events.last else { return "" }
    let sites = "\(names.site(first.operation.site)) ... \(names.site(last.operation.site))"
    if first.operation.site == Site(0) {
      return "\(words(first)), and \(events.count - 1) more"
    }
    return "... \(events.count) steps  [\(sites)]"
  }

  /// What was read or written, for timelines.
  func value(_ event: TraceEvent) -> String {
    let object = names.object(of: event.operation)
    return object == "-" ? "\(event.result)" : names.value(event.result, of: object)
  }

  private func words(_ event: TraceEvent) -> String {
    let object = names.object(of: event.operation)
    func value(_ value: UInt64) -> String { names.value(value, of: object) }
    switch event.operation.kind {
    case .load: return "load \(object) -> \(value(event.result))"
    case .store: return "store \(object) = \(value(event.a))"
    case .exchange: return "xchg \(object) = \(value(event.a)), was \(value(event.before))"
    case .add: return "add \(object): \(value(event.before)) -> \(value(event.result))"
    case .or: return "or \(object), was \(value(event.before))"
    case .compareExchange:
      return event.before == event.a
        ? "cas \(object) \(value(event.a)) -> \(value(event.b)) ok"
        : "cas \(object) \(value(event.a)) -> \(value(event.b)) fails: \(value(event.before))"
    case .wait: return "wait \(object) -> \(value(event.result))"
    case .acquire: return "acquire \(object)"
    case .release: return "release \(object)"
    default: return hardwareWords(event)
    }
  }

  private func hardwareWords(_ event: TraceEvent) -> String {
    switch event.operation.kind {
    case .install: Self.entry(GuestPlace(bits: event.a))
    case .leaveGuest: "leave the guest, context stays"
    case .clearContext: "leave the guest"
    case .translate: "access page \(event.a): \(Self.translation(event.result))"
    case .speculate: "speculate page \(event.a): \(Self.translation(event.result))"
    case .invalidate: "invalidate \(Self.invalidation(event))"
    case .waitForInvalidations: "wait for invalidations"
    case .call: "call pCPUs" + Self.request(event.b)
    case .waitForCalls: "wait for calls"
    case .arriveInvalidation: "* an invalidation arrives"
    case .arriveInterrupt: "* an interrupt arrives"
    case .attachDevice:
      "a device uses tag \(GuestPlace(bits: event.a).tag) for VM \(GuestPlace(bits: event.a).slot)"
    case .detachDevice:
      event.result == 0
        ? "no device to take from VM \(GuestPlace(bits: event.a).slot)"
        : "a device leaves VM \(GuestPlace(bits: event.a).slot)"
    case .writeBackCache: "write the cache back"
    case .firmware: "firmware: \(Self.command(event))"
    case .fillUnasked: "* fills page \(event.result) unasked"
    default: event.operation.kind.name
    }
  }

  private static func request(_ bits: UInt64) -> String {
    switch CallRequest(rawValue: bits) {
    case .flushEverything: ": flush all"
    case .writeBackCache: ": write caches back"
    case .leaveGuest, nil: ""
    }
  }

  private static func command(_ event: TraceEvent) -> String {
    let what =
      switch FirmwareCommand(rawValue: event.a) {
      case .activate: "activate tag \(event.b)"
      case .deactivate: "deactivate tag \(event.b)"
      case .flushFabric, nil: "flush the fabric"
      }
    switch FirmwareAnswer(rawValue: event.result) {
    case .invalidTag: return what + ", refused: no such tag"
    case .writeBackRequired: return what + ", refused: write back first"
    case .fabricFlushRequired: return what + ", refused: flush the fabric first"
    case .success, nil: return what
    }
  }

  private static func entry(_ place: GuestPlace) -> String {
    "enter VM \(place.slot)"
      + (place.inner == Inner.l1 ? "" : ", its guest \(Inner.name(place.inner)),")
      + " with tag \(place.tag)"
  }

  private static func translation(_ result: UInt64) -> String {
    result == 0 ? "fault" : result == 1 ? "fill" : "hit"
  }

  private static func invalidation(_ event: TraceEvent) -> String {
    let what =
      switch event.a & 6 {
      case 0: "all"
      case 2: "tag \(event.b)"
      default: "page \(event.b >> 16) of tag \(event.b & 0xFFFF)"
      }
    return what + (event.a & 1 != 0 ? " everywhere" : " here")
  }
}

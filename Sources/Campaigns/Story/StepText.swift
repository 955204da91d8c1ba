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
    case .translate:
      "\(event.b == 0 ? "access" : "write") page \(event.a): \(Self.translation(event.result))"
    case .speculate: "speculate page \(event.a): \(Self.translation(event.result))"
    case .invalidate: "invalidate \(Self.invalidation(event.a, event.b))"
    case .waitForInvalidations: "wait for invalidations"
    case .call: "call pCPUs" + Self.request(event.b)
    case .waitForCalls: "wait for calls"
    case .arriveInvalidation: "* \(Self.arrival(event))"
    case .arriveInterrupt: "* an interrupt arrives"
    case .attachDevice:
      "a device uses tag \(GuestPlace(bits: event.a).tag) for VM \(GuestPlace(bits: event.a).slot)"
    case .detachDevice:
      event.result == 0
        ? "no device to take from VM \(GuestPlace(bits: event.a).slot)"
        : "a device leaves VM \(GuestPlace(bits: event.a).slot)"
    case .writeBackCache: "write the cache back"
    case .firmware: "firmware: \(Self.command(event))"
    case .fillUnasked:
      "* fills page \(event.result & 0xFFFF_FFFF) unasked\(Self.origin(event.result >> 32))"
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
    let outcome = TranslationStep(bits: result).outcome
    return (outcome == 0 ? "fault" : outcome == 1 ? "fill" : "hit") + origin(result)
  }

  /// Where a translation came from; nothing where tables are flat.
  private static func origin(_ bits: UInt64) -> String {
    let step = TranslationStep(bits: bits)
    if step.level == 0 { return "" }
    let from =
      switch step.origin {
      case .combinedEntry: ""
      case .stage2Entry: " from the stage-2 entry"
      case .root: " by a walk"
      case .rememberedTable: " by a walk from a remembered table"
      }
    return "\(from), level \(step.level)"
  }

  private static func arrival(_ event: TraceEvent) -> String {
    event.result == 0
      ? "an invalidation arrives"
      : "an invalidation of \(target(event.result, event.before)) arrives"
  }

  private static func invalidation(_ what: UInt64, _ operand: UInt64) -> String {
    target(what, operand) + (what & 1 != 0 ? " everywhere" : " here")
  }

  /// What an `InvalidationCode` and its operand name.
  private static func target(_ what: UInt64, _ operand: UInt64) -> String {
    let tag = "tag \(operand & 0xFFFF)"
    if InvalidationCode.isStage2(what) {
      let span = InvalidationCode.span(what, operand)
      let hint = span.level == 0 ? "" : ", level hint \(span.level)"
      return "stage 2 of \(tag), \(pages(span))\(hint),"
    }
    if InvalidationCode.isStage1(what) { return "stage 1 of \(tag)" }
    switch what & 6 {
    case 0: return "all"
    case 2: return tag
    default: return "page \(operand >> 16) of \(tag)"
    }
  }

  /// `page 3`, or `pages 3-5`.
  static func pages(_ span: Stage2Span) -> String {
    span.pages == 1 ? "page \(span.first)" : "pages \(span.first)-\(span.first + span.pages - 1)"
  }
}

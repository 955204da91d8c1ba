// What a hypervisor does in one slice of a fixed program, without anything to release.

import Domain

/// One thing that L1 does; `Scenario.NestedAction` says what each means.
enum NestedAction: Equatable, BitwiseCopyable, Sendable {
  case enterL1
  case run(guest: Int8, entries: Int8, isInterrupted: Bool)
  case stay(guest: Int8)
  case edit(inner: Int8, page: Int16)
  case invalidatePage(inner: Int8, page: Int16)
  case renew(guest: Int8)
  case flush(TLBControl)

  fileprivate init(_ action: Scenario.NestedAction) {
    switch action {
    case .enterL1: self = .enterL1
    case .run(let guest, let entries, let isInterrupted):
      self = .run(guest: Int8(guest), entries: Int8(entries), isInterrupted: isInterrupted)
    case .stay(let guest): self = .stay(guest: Int8(guest))
    case .edit(let inner, let page): self = .edit(inner: Int8(inner), page: Int16(page))
    case .invalidatePage(let inner, let page):
      self = .invalidatePage(inner: Int8(inner), page: Int16(page))
    case .renew(let guest): self = .renew(guest: Int8(guest))
    case .flushGuest: self = .flush(.thisASID)
    case .flushAll: self = .flush(.everything)
    }
  }
}

/// The actions of one slice, in place.
public struct NestedActions: Equatable, BitwiseCopyable, Sendable {
  private var places = InlineArray<12, NestedAction>(repeating: .enterL1)
  let count: Int

  /// These actions; a scenario's slice has at most so many.
  public init(_ actions: [Scenario.NestedAction]) {
    precondition(actions.count <= 12, "a hypervisor does at most 12 things in a slice")
    count = actions.count
    for (place, action) in actions.enumerated() { places[place] = NestedAction(action) }
  }

  subscript(_ place: Int) -> NestedAction { places[place] }

  /// Whether both are the same actions in the same order.
  public static func == (a: NestedActions, b: NestedActions) -> Bool {
    a.count == b.count && (0..<a.count).allSatisfy { a[$0] == b[$0] }
  }
}

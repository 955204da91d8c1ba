// O10: whether the invalidations of one flush reach every page that it must.

import Domain

/// What the invalidations of one flush cover of the pages that it is for. They may come in any order,
/// overlap, and reach beyond.
///
/// An invalidation with a level hint removes entries of that level only. So one counts if it has no
/// hint, or that of the level at which the flush says its entries are; where anything may be there
/// (level 0), only one without a hint does.
public struct SpanCover: Sendable {
  /// So many separate stretches are kept apart. Those that adjoin are one.
  public static let capacity = 64

  /// The pages that must go, and the level of the entries that are meant.
  public let wanted: Stage2Span
  /// All of `wanted` before this page is covered.
  private var reached: UInt64
  /// Stretches behind `reached`; no two of them adjoin.
  private var stretches = InlineArray<64, Stage2Span>(repeating: Stage2Span(first: 0, pages: 0))
  private var count = 0
  /// From here on a stretch was left out for want of room.
  private var unknownFrom = UInt64.max

  private var wantedEnd: UInt64 { wanted.first &+ wanted.pages }

  /// Nothing of `wanted` is covered yet.
  public init(of wanted: Stage2Span) {
    self.wanted = wanted
    reached = wanted.first
  }

  /// What an invalidation that reaches every pCPU covers. Those of stage 1, and of single pages of both
  /// stages, cover nothing: they leave what TLBs hold of stage 2.
  public mutating func add(_ what: Invalidation) {
    switch what {
    case .everything, .tag: addEverything()
    case .stage2(_, let span): add(span)
    case .page, .stage1: break
    }
  }

  /// All pages, entries of every level.
  public mutating func addEverything() { reached = max(reached, wantedEnd) }

  /// These pages, by an operation with this level hint.
  public mutating func add(_ span: Stage2Span) {
    guard span.level == 0 || span.level == wanted.level else { return }
    var first = max(span.first, reached)
    var end = min(span.first &+ span.pages, wantedEnd)
    guard first < end else { return }
    // It takes in those that it adjoins. One that it does not adjoin, what it took in does not either.
    var place = 0
    while place < count {
      let other = stretches[place]
      if other.first <= end && first <= other.first &+ other.pages {
        first = min(first, other.first)
        end = max(end, other.first &+ other.pages)
        count -= 1
        stretches[place] = stretches[count]
      } else {
        place += 1
      }
    }
    if first == reached {
      reached = end
    } else {
      keep(Stage2Span(first: first, pages: end &- first))
    }
  }

  /// Keeps a stretch, or leaves the farthest one out.
  private mutating func keep(_ stretch: Stage2Span) {
    if count < Self.capacity {
      stretches[count] = stretch
      count += 1
      return
    }
    var farthest = stretch
    for place in 0..<count where stretches[place].first > farthest.first {
      swap(&stretches[place], &farthest)
    }
    unknownFrom = min(unknownFrom, farthest.first)
  }

  /// The first page of `wanted` that nothing covers; nil if there is none, or if it lies where a stretch
  /// was left out.
  public var firstMissed: UInt64? {
    reached < wantedEnd && reached < unknownFrom ? reached : nil
  }
}

import Machines

/// B72: when a table gives way to a block, as many pages as it maps are flushed, but from the page of the
/// fault on. What TLBs hold of the pages before that one survives.
enum FlushFromTheMiddle: Stage2Rules {
  static func flushed(_ span: Stage2Span, brokenAt page: UInt64) -> Stage2Span {
    Stage2Span(first: page, pages: span.pages)
  }
}

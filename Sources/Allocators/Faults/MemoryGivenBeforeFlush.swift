/// B73M: unmapping gives memory back before the flush that it has put off. Whoever gets it shares it with
/// the TLBs' old translations until then.
enum MemoryGivenBeforeFlush: Stage2Rules {
  static var flushesBeforeGiving: Bool { false }
}

// O5 and O6: what must hold when a rollover returns.

import Domain
import Oracles
import Testing

@Suite("O5 and O6: rollovers") struct RolloverOracleTests {
  private let lost = (
    pcpu: PCPU(3), context: ContextWord(sequence: 1, slot: VMSlot(2), tag: Tag(9))
  )

  @Test func `O5 fires for a rollover without a complete flush`() {
    #expect(
      RolloverVerdict.judge(flushCompleted: false, lost: nil) == [.flushIncomplete])
  }

  @Test func `O6 fires for a live tag that was not kept`() {
    #expect(
      RolloverVerdict.judge(flushCompleted: true, lost: lost)
        == [.liveTagFreed(lost.pcpu, lost.context)])
  }

  @Test func `both can be broken at once`() {
    #expect(
      RolloverVerdict.judge(flushCompleted: false, lost: lost)
        == [.flushIncomplete, .liveTagFreed(lost.pcpu, lost.context)])
  }

  @Test func `a sound rollover is nothing to speak of`() {
    #expect(RolloverVerdict.judge(flushCompleted: true, lost: nil).isEmpty)
  }
}

// The loops are chosen by the demangled names of their types, and a choice that is not one is
// refused.

import Testing

@Suite struct LiveLoopTests {
  /// Of the bare machine with nothing replaced; B01's; the slow path; as the compiler names them.
  private static let loop =
    "$s10Allocators9runGuests__4stop6script4seed2onyAA5WorldVyxG_AA11LiveOraclesV1M_4WordQZSRySiG"
    + "6Domain4SeedVALQztAA12TagAllocatorRz8Machines12GuestMachineASRQlFAA9Arm64VMIDVyAU06Native"
    + "R0VyAU7NoProbeVGAA0S12VMIDAsMergedOG_Tg5"
  private static let slice =
    "$s10Allocators9GuestLoopV8runSlice2of2onySi_1MQztFAA9Arm64VMIDVy8Machines13NativeMachineVy"
    + "AK7NoProbeVGAA0H12VMIDAsMergedOG_Tg5"
  private static let slowPath =
    "$s10Allocators9Arm64VMIDV14enterUnderLock_7because2onAA5EntryV4WordQz_AC13SlowPathCauseOyxq__"
    + "GxtF8Machines13NativeMachineVyAN7NoProbeVG_AA0B12VMIDAsMergedOTg5"
  private static let otherLoop =
    "$s10Allocators14repeatFastPathys6UInt64VAA10BenchPlaceVyxG_SitAA12TagAllocatorRz8Machines13"
    + "NativeMachineVyAI7NoProbeVG1MRtzlFAA9Arm64VMIDVyAnA0cD6StoresOG_Tg5Tf4xn_n"

  private func code(_ bodies: [(symbol: String, instruction: String)]) -> Disassembly {
    Disassembly(
      bodies.enumerated().map { "\($0) <\($1.symbol)>:\n\($0): \($1.instruction)" }
        .joined(separator: "\n\n"))
  }

  private static let callsSlice = "call 1 <\(slice)>"

  @Test func `the soak is the loop, the slice that it calls and the slow path`() throws {
    let code = code([
      (Self.loop, Self.callsSlice), (Self.slice, "ret"), (Self.slowPath, "ret"),
      (Self.otherLoop, "ret"),
    ])
    let soak = try LiveLoop(.soak, of: .asMerged, in: code)
    #expect(soak.function.symbol == Self.loop)
    #expect(soak.slice?.symbol == Self.slice)
    #expect(soak.slowPath == Self.slowPath)
    #expect(LiveVersion.allBare(in: code) == [.asMerged])
  }

  @Test func `a slice may have gone into its loop`() throws {
    let soak = try LiveLoop(
      .soak, of: .asMerged, in: code([(Self.loop, "ret"), (Self.slowPath, "ret")]))
    #expect(soak.slice == nil)
  }

  @Test func `a name is known by its types, not by its letters`() throws {
    let code = code([(Self.otherLoop, "ret"), (Self.slowPath, "ret")])
    #expect(Demangling.readable(Self.otherLoop).contains("Allocators.FastPathStores>> of"))
    #expect(throws: LoopSelectionError.self) {
      try LiveLoop(.repeated, of: .asMerged, in: code)
    }
  }

  @Test func `a missing loop, a second one and a slice apart are refused`() throws {
    let none = code([(Self.slice, "ret"), (Self.slowPath, "ret")])
    let twice = code([
      (Self.loop, "ret"), (Self.loop + "Tf4xn_n", "ret"), (Self.slowPath, "ret"),
    ])
    let apart = code([(Self.loop, "ret"), (Self.slice, "ret"), (Self.slowPath, "ret")])
    for (code, text) in [
      (none, "but it holds 0"), (twice, "but it holds 2"), (apart, "does not call it"),
    ] {
      let error = #expect(throws: LoopSelectionError.self) {
        try LiveLoop(.soak, of: .asMerged, in: code)
      }
      #expect(error?.description.contains(text) == true)
    }
  }
}

// Seeds: same seed, same choices, in every version of the program.

import Domain
import Testing

@Suite("Seeds") struct SeedTests {
  /// Worked out by another program from the definition.
  @Test(
    arguments: [
      (1, "hardware of pCPU 0", 0x5660_B0AB_9ACF_C748),
      (1, "hardware of pCPU 1", 0x91BB_B32A_BD52_F33B),
      (0, "", 0x6E78_9E6A_A1B9_65F4), (0, "a", 0xE8BB_C788_A5A6_9037),
      (.max, "guests of pCPU 7", 0x67FC_E143_8A5B_1271), (0x5EED, "ü", 0xDD98_9262_5004_0C66),
    ] as [(UInt64, String, UInt64)])
  func `a child seed is what it always was`(_ parent: UInt64, _ name: String, _ child: UInt64) {
    #expect(Seed(parent).child(name).value == child)
  }

  @Test func `a child depends on its parent and its name, and on nothing else`() {
    let seed = Seed(42)
    let first = seed.child("guests of pCPU 0")
    _ = seed.child("another actor")
    #expect(seed.child("guests of pCPU 0") == first)
    #expect(seed.child("guests of pCPU 1") != first)
    #expect(Seed(43).child("guests of pCPU 0") != first)
    #expect(seed.child("") != seed)
  }

  @Test func `children of many names and parents are all different`() {
    let children = (0..<40).flatMap { parent in
      (0..<250).map { Seed(UInt64(parent)).child("part \($0)") }
    }
    #expect(Set(children).count == 10_000)
  }

  @Test func `the order of a name's letters counts`() {
    #expect(Seed(1).child("ab") != Seed(1).child("ba"))
    #expect(Seed(1).child("a").child("b") != Seed(1).child("ab"))
  }

  @Test func `a seed is read as it is printed`() {
    for value: UInt64 in [0, 1, 0x5EED, .max] {
      let seed = Seed(value)
      #expect(Seed(parsing: seed.description) == seed)
      #expect(Seed(parsing: String(value)) == seed)
    }
    #expect(Seed(parsing: "0X5eed") == Seed(0x5EED))
  }

  @Test(arguments: ["", "0x", "seed", "5eed", "-1", "1.5", " 1", "0x1_0", "18446744073709551616"])
  func `what names no seed is refused`(_ text: String) {
    #expect(Seed(parsing: text) == nil)
  }
}

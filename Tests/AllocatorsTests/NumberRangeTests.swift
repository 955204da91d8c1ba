// Which numbers are handed out: 1 to the highest, all of them, nothing else.

import Domain
import TestSupport
import Testing

@testable import Allocators

@Suite("arm64 VMIDs, the range of numbers") struct NumberRangeTests {
  /// The numbers that VMs get which come and go one by one.
  private func numbers(_ count: Int, tagBits: Int, usableTags: Int? = nil) -> [UInt64] {
    let world = RecordedVMIDs<Arm64VMIDAsMerged>(
      pcpus: 1, vms: 1, tagBits: tagBits, usableTags: usableTags)
    world.hardware.isRecording = false
    return (0..<count).map { _ in
      world.recreate(0)
      let tag = world.enter(0, on: 0).tag
      world.put(0, on: 0)
      return tag.number
    }
  }

  @Test(arguments: 1...16)
  func `all numbers of so many bits are handed out in turn, never 0, then from 1 again`(
    _ tagBits: Int
  ) {
    let highest: UInt64 = 1 << UInt64(tagBits) - 1
    let numbers = numbers(Int(highest) + 3, tagBits: tagBits)
    let again = (0..<3).map { UInt64($0) % highest + 1 }
    #expect(numbers == Array(1...highest) + again)
  }

  /// Around the borders of the bitmap's words, too.
  @Test(arguments: [1, 2, 5, 62, 63, 64, 65, 126, 127, 128, 129, 254])
  func `where fewer may be used, the highest of those is the last`(_ usable: Int) {
    let numbers = numbers(2 * usable + 1, tagBits: 8, usableTags: usable)
    let round = Array(1...UInt64(usable))
    #expect(numbers == round + round + [1])
  }

  @Test func `the generation stands above the number, whatever the bits`() {
    for tagBits in 1...16 {
      let world = RecordedVMIDs<Arm64VMIDAsMerged>(pcpus: 1, vms: 1, tagBits: tagBits)
      world.enter(0, on: 0)
      #expect(world.id(of: 0) == 1 << UInt64(tagBits) | 1)
    }
  }

  @Test func `fewer numbers than running guests plus one may still do`() {
    // SYSTEMS 1.6: whoever is in the slow path holds nothing, so as many as pCPUs suffice.
    let world = RecordedVMIDs<Arm64VMIDAsMerged>(pcpus: 2, vms: 3, tagBits: 2, usableTags: 2)
    world.enter(0, on: 0)
    let entries = (0..<10).map { round in
      defer { world.put(1 + round % 2, on: 1) }
      return world.enter(1 + round % 2, on: 1).tag
    }
    #expect(entries == Array(repeating: Tag(2), count: 10))
    #expect(world.number(of: 0) == 1)
  }
}

// The site table of the arm64 VMID allocator says what the code does.

import Domain
import Machines
import TestSupport
import Testing

@testable import Allocators

@Suite("arm64 VMIDs, the site table") struct Arm64VMIDSiteTests {
  /// All that happens in a world where every branch is taken.
  private func everything() -> [RecordedStep] {
    let world = RecordedVMIDs<Arm64VMIDAsMerged>(pcpus: 2, vms: 5, tagBits: 2)
    let m = world.hardware.machine(0)
    world.recreate(0)
    world.pass([0, 0], on: 0)
    world.enter(0, on: 0)
    world.pass([1, 2, 3, 4, 1, 2, 3, 4], on: 1)
    world.enter(0, on: 0)
    world.hardware.interrupt(before: Arm64VMIDSites.fastClaim) { world.pass([1, 2, 3, 4], on: 1) }
    world.enter(0, on: 0)
    _ = world.allocator.lateID(of: (), of: world.vms[0], on: m)
    world.allocator.flush(page: 3, of: world.vms[0], on: m)
    world.put(0, on: 0)
    return world.hardware.steps
  }

  /// The rows that no run of correct code with enough numbers reaches.
  private let unreachable = [Arm64VMIDSites.noFreeNumber]

  @Test func `every row but the BUG is reached`() {
    let reached = Set(everything().compactMap(\.site))
    let rows = Set(Arm64VMIDSites.table.map(\.site)).subtracting(unreachable)
    #expect(reached == rows)
  }

  @Test func `operation and ordering are those of the row`() throws {
    for step in everything() {
      guard let site = step.site else { continue }
      let row = try #require(Arm64VMIDSites.table.first { $0.site == site })
      #expect(step.kind.rawValue == row.operation, "\(row.name)")
      #expect(step.order == row.ordering, "\(row.name)")
      if step.kind == .compareExchange { #expect(step.failureOrder == row.ordering) }
    }
  }

  @Test func `the object is that of the row`() throws {
    for step in everything() {
      guard let site = step.site else { continue }
      let row = try #require(Arm64VMIDSites.table.first { $0.site == site })
      switch row.object {
      case "vm.id": #expect(step.object?.name == "id", "\(row.name)")
      case "active[this]":
        #expect(step.object == RecordedObject("active", step.pcpu.index), "\(row.name)")
      case "active[each]": #expect(step.object?.name == "active", "\(row.name)")
      case "generation", "lock": #expect(step.object?.name == row.object, "\(row.name)")
      case "everything", "page": #expect(step.detail.hasPrefix(row.object), "\(row.name)")
      default:
        #expect(row.object == "-", "\(row.name)")
        #expect(step.object == nil, "\(row.name)")
      }
    }
  }

  @Test func `the exchange of a rollover visits every pCPU`() {
    let visits = everything().filter { $0.site == Arm64VMIDSites.rolloverTakeActive }
    let first = visits.filter { $0.object?.index == 0 }
    let second = visits.filter { $0.object?.index == 1 }
    #expect(first.count == second.count)
    #expect(!first.isEmpty)
  }

  @Test func `rows are numbered from 1 without a gap, and no name stands twice`() {
    let table = Arm64VMIDSites.table
    #expect(table.map(\.site.number) == (1...UInt16(table.count)).map(\.self))
    #expect(Set(table.map(\.name)).count == table.count)
    #expect(table.allSatisfy { !$0.kernelFunction.isEmpty })
  }

  @Test func `every operation is one that machines have`() {
    let known = Set(RecordedKind.allCases.map(\.rawValue))
    #expect(Arm64VMIDSites.table.allSatisfy { known.contains($0.operation) })
  }

  @Test func `too few numbers for the running guests are a BUG at its own row`() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let world = RecordedVMIDs<Arm64VMIDAsMerged>(pcpus: 2, vms: 2, tagBits: 2, usableTags: 1)
      world.enter(0, on: 0)
      world.enter(1, on: 1)
    }
    let lastWords = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      lastWords.contains(
        "pCPU 1: bug no free number after a rollover at site "
          + "\(Arm64VMIDSites.noFreeNumber.number)"))
  }
}

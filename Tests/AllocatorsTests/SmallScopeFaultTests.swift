// The exhaustive search finds the faults that one thread can show, and only those.

import Testing

@testable import Allocators

@Suite("arm64 VMIDs, faults in a small world") struct SmallScopeFaultTests {
  private let scope = SmallScope(pcpus: 2, vms: 3, tags: 3)

  private func search<Rules: Arm64VMIDRules>(
    _: Rules.Type, mostOperations: Int = 12
  ) -> ScopeResult {
    SmallScopeSearch<Rules>(scope: scope, mostOperations: mostOperations).run()
  }

  /// What was seen, and the operations that led to it.
  private func violation<Rules: Arm64VMIDRules>(
    of rules: Rules.Type
  ) throws -> (ScopeViolation, [ScopeOperation]) {
    let result = search(rules)
    guard case .violation(let violation, let operations) = result else {
      throw NotFound(result: result)
    }
    return (violation, operations)
  }

  private struct NotFound: Error { let result: ScopeResult }

  @Test func `B04: a VM that enters on a second pCPU loses its number on the first`() throws {
    let (violation, operations) = try violation(of: NoRetestUnderLock.self)
    #expect(violation == .numberLost)
    #expect(operations == [.enter(vm: 0, pcpu: 0), .enter(vm: 0, pcpu: 1)])
  }

  @Test func `B06: a second rollover leaves a running guest's number unmarked`() throws {
    let (violation, operations) = try violation(of: RolloverForgetsReserved.self)
    #expect(violation == .notMarked)
    #expect(operations.count == 12)
  }

  @Test func `B06: the number of a running guest is then given to another VM`() {
    /// Of VM 0, which runs on, and of the VMs that come after two rollovers.
    func numbers<Rules: Arm64VMIDRules>(_ rules: Rules.Type) -> (Int, [Int]) {
      let world = RecordedVMIDs(rules, pcpus: 2, vms: 4, tagBits: 2)
      world.enter(0, on: 0)
      world.pass([1, 2, 3, 1, 2], on: 1)
      return (world.number(of: 0), [1, 2].map(world.number))
    }
    let wrong = numbers(RolloverForgetsReserved.self)
    #expect(wrong.1.contains(wrong.0))
    let right = numbers(Arm64VMIDAsMerged.self)
    #expect(!right.1.contains(right.0))
  }

  @Test func `B11: the first VM gets number 0`() throws {
    let (violation, operations) = try violation(of: NumberZero.self)
    #expect(violation == .outOfRange)
    #expect(operations == [.enter(vm: 0, pcpu: 0)])
  }

  @Test func `B09: a rollover flushes nothing`() throws {
    let (violation, _) = try violation(of: NoFlushAtRollover.self)
    #expect(violation == .noFlush)
  }

  @Test func `what needs two pCPUs at once is not seen`() {
    let results = [
      search(FastPathStores.self, mostOperations: 9),
      search(ScanLoadsThenStores.self, mostOperations: 9),
      search(BumpAfterScan.self, mostOperations: 9),
      search(ActiveAfterUnlock.self, mostOperations: 9),
    ]
    let right = search(Arm64VMIDAsMerged.self, mostOperations: 9)
    #expect(results.allSatisfy { $0 == right })
  }

  @Test func `B24: what is equivalent has the same states`() {
    #expect(search(BumpAfterForgetting.self) == search(Arm64VMIDAsMerged.self))
  }
}

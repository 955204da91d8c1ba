// The allocator run by one thread through every state of small worlds, next to a reference.

import Foundation
import Testing

@testable import Allocators

@Suite("arm64 VMIDs, every state of a small world") struct SmallScopeTests {
  @Test(arguments: [
    SmallScope(pcpus: 1, vms: 2, tags: 2), SmallScope(pcpus: 1, vms: 4, tags: 2),
    SmallScope(pcpus: 2, vms: 2, tags: 3), SmallScope(pcpus: 2, vms: 3, tags: 2),
    SmallScope(pcpus: 2, vms: 3, tags: 3), SmallScope(pcpus: 3, vms: 2, tags: 3),
    SmallScope(pcpus: 2, vms: 2, tags: 3, switchesDirectly: true),
  ])
  func `nothing is wrong in any of them`(_ scope: SmallScope) {
    let result = SmallScopeSearch<Arm64VMIDAsMerged>(scope: scope).run()
    guard case .clean(let states, let isComplete, let branches) = result else {
      Issue.record("\(result)")
      return
    }
    #expect(isComplete)
    #expect(states > 40)
    // One pCPU alone holds nothing when it rolls over, and finds no slot empty but its first.
    let unreachable: Set<Branch> = scope.pcpus == 1 ? [.alreadyCurrent, .renewed] : []
    #expect(branches == Set(Branch.allCases).subtracting(unreachable))
  }

  /// With a limit on the operations in a row: more states than a quick test has time for.
  @Test(arguments: [
    (SmallScope(pcpus: 2, vms: 4, tags: 3), 12), (SmallScope(pcpus: 2, vms: 4, tags: 4), 13),
    (SmallScope(pcpus: 3, vms: 3, tags: 4), 12), (SmallScope(pcpus: 3, vms: 4, tags: 3), 9),
    (SmallScope(pcpus: 3, vms: 4, tags: 4, switchesDirectly: true), 8),
  ])
  func `nothing is wrong after so many operations`(_ scope: SmallScope, _ operations: Int) {
    let result = SmallScopeSearch<Arm64VMIDAsMerged>(
      scope: scope, mostOperations: operations
    ).run()
    guard case .clean(_, let isComplete, let branches) = result else {
      Issue.record("\(result)")
      return
    }
    #expect(!isComplete, "the limit can go")
    #expect(branches.contains(.freshAfterRollover), "too few operations to mean anything")
  }

  /// The same without a limit: minutes.
  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["VMIDTORTURE_FULL_TESTS"] != nil),
    arguments: [
      SmallScope(pcpus: 2, vms: 4, tags: 3), SmallScope(pcpus: 2, vms: 4, tags: 4),
      SmallScope(pcpus: 3, vms: 3, tags: 4), SmallScope(pcpus: 3, vms: 4, tags: 3),
      SmallScope(pcpus: 2, vms: 4, tags: 3, switchesDirectly: true),
    ])
  func `nothing is wrong in any state of a larger world`(_ scope: SmallScope) {
    let result = SmallScopeSearch<Arm64VMIDAsMerged>(scope: scope).run()
    guard case .clean(let states, let isComplete, let branches) = result else {
      Issue.record("\(result)")
      return
    }
    #expect(isComplete)
    #expect(branches == Set(Branch.allCases))
    print("\(scope): \(states) states")
  }
}

import Allocators
import Campaigns
import Domain
import Testing

/// The mutants that nobody wrote by hand: each is seen, or survives for a reason that is written
/// down, and no reason is given for one that is seen.
@Suite("Mutants", .serialized, .enabled(if: RealThreads.isOptimised, RealThreads.whySkipped))
struct MutantTests {
  @Test(arguments: TagSystem.all.filter { $0.verdict == .clean }.map(\.name))
  func `every mutant of a right system is seen or explained`(_ name: String) throws {
    let system = try #require(TagSystem.named(name))
    let run = try MutantRun(system, schedules: 2000, seed: Seed(2026))
    let outcomes = try run.mutants.map(run.run)
    #expect(outcomes.contains { $0.killedBy != nil })
    for outcome in outcomes where outcome.killedBy == nil {
      #expect(outcome.reason != nil, "\(outcome.name) survives \(outcome.schedules) schedules")
    }
    let seen = Set(outcomes.filter { $0.killedBy != nil }.map(\.name))
    #expect(seen.isDisjoint(with: MutantRun.explained(of: system)))
  }
}

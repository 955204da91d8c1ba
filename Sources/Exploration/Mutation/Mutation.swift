// Mutants that nobody wrote by hand: one operation of a program misbehaves, whatever the program
// says. Made between the front and the engine, so that neither knows of them.

import Domain
import Machines

/// What goes wrong at one place of a program.
public struct Mutation: Hashable, Sendable {
  /// The ways to be wrong.
  public enum Kind: Hashable, Sendable {
    /// The operation's order is the next weaker one.
    case weaken
    /// The operation is left out. What is read is as it is.
    case skip
    /// A read-modify-write is a load and, later, a store.
    case tear
    /// What is loaded differs in this bit: the lowest one of a generation, so that the current one
    /// compares as an old one, and the last one as the current one.
    case flip(bit: UInt64)
    /// An invalidation comes after the lock was given back, or, where none is held, after the guest
    /// was left.
    case delay
    /// An invalidation of all TLBs reaches this pCPU's only.
    case narrow
    /// A lock is neither taken nor given back.
    case unlock
  }

  /// What goes wrong.
  public let kind: Kind
  /// The kind of operation that it happens to.
  public let operation: StepKind
  /// Where; a lock is named by its object instead, and goes wrong everywhere.
  public let site: Site
  /// The lock.
  public let object: Int

  /// `kind` at `operation` of `site`, or with the lock `object`.
  public init(_ kind: Kind, _ operation: StepKind, at site: Site, object: Int = 0) {
    self.kind = kind
    self.operation = operation
    self.site = site
    self.object = object
  }

  /// Whether it happens to `operation`.
  public func applies(to operation: ControlledOperation) -> Bool {
    if kind == .unlock {
      return (operation.kind == .acquire || operation.kind == .release)
        && operation.object == object
    }
    return operation.kind == self.operation && operation.site == site
  }

  /// What can go wrong at an operation that a program makes.
  ///
  /// - Parameter generationBit: the lowest bit of a generation in an id.
  public static func all(
    of operation: ControlledOperation, generationBit: UInt64
  ) -> [Mutation] {
    let kind = operation.kind
    var kinds: [Kind] = operation.order.weaker(for: kind) == nil ? [] : [.weaken]
    switch kind {
    case .load: kinds.append(.flip(bit: generationBit))
    case .store, .wait, .fence, .waitForInvalidations, .call, .waitForCalls, .writeBackCache,
      .firmware:
      kinds.append(.skip)
    case .exchange, .add, .or, .compareExchange: kinds.append(.tear)
    case .invalidate: kinds += [.skip, .delay, .narrow]
    default: break
    }
    let mutations = kinds.map { Mutation($0, kind, at: operation.site) }
    return kind == .acquire
      ? mutations + [Mutation(.unlock, kind, at: Site(0), object: operation.object)] : mutations
  }
}

extension OrderCode {
  /// The next weaker order that such an operation can have; nil if there is none.
  func weaker(for kind: StepKind) -> OrderCode? {
    let reads = kind == .load || kind == .wait
    switch self {
    case .relaxed, .storeStore, .loadLoad, .contextSwitch: return nil
    case .acquire, .release: return kind == .fence ? nil : .relaxed
    case .acquireRelease: return .acquire
    case .sequentiallyConsistent:
      return reads ? .acquire : kind == .store ? .release : .acquireRelease
    case .fullyOrdered: return .acquireRelease
    case .full: return .release
    }
  }
}

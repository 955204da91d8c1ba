// Requests to flush: how a pCPU makes the vCPUs of a VM drop translations that only the pCPUs that
// ran them have. KVM's kvm_flush_remote_tlbs and KVM_REQ_TLB_FLUSH.

import Domain
import Machines

/// One request word for each vCPU of a VM: not 0 if it must flush before it next enters its guest.
///
/// Whoever asks sets the words and then calls every other pCPU. A vCPU that is in its guest is thrown
/// out by the call and takes its request before it goes back in. One that is about to enter has its
/// interrupts off: either it was called before that, and the last look sees the request, or the call
/// waits until the guest has been left. So when the calls are answered, nobody is in a guest of the VM
/// who does not flush first. The kernel calls only those that say that they are in guest mode; to call
/// the others, too, costs time and changes nothing.
struct FlushRequests<M: CallingMachine>: Sendable {
  private let sites: FlushRequestSites
  let words: Bank<M.Word>

  init(vcpus: Int, _ sites: FlushRequestSites, in memory: M.Memory) {
    self.sites = sites
    words = memory.words(vcpus, initially: 0, .ownLine, named: "requests")
  }

  /// Has every vCPU flush, and returns when none runs that has not. The caller's own pCPU is in no
  /// guest; its interrupts are on.
  func raiseForAll(on m: M) {
    for vcpu in 0..<words.count {
      // Fully ordered: what the caller changed is seen by whoever sees the request.
      _ = m.or(words[vcpu], 1, .fullyOrdered, at: sites.raise)
    }
    m.call(PCPUSet(first: m.pcpuCount), .leaveGuest, at: sites.call)
    m.waitForCalls(at: sites.callWait)
  }

  /// Whether `vcpu` has to flush; if so it is no longer asked to. Fully ordered: fills come after what
  /// was changed before the request. Pairs with `raiseForAll`.
  @inline(__always)
  func take(_ vcpu: Int, on m: M) -> Bool {
    if m.load(words[vcpu], .relaxed, at: sites.look) == 0 { return false }
    _ = m.exchange(words[vcpu], 0, .fullyOrdered, at: sites.take)
    return true
  }

  /// The last look, interrupts off. Relaxed: the answer to the call orders it (see the type).
  @inline(__always)
  func isRaised(_ vcpu: Int, on m: M) -> Bool {
    m.load(words[vcpu], .relaxed, at: sites.lastLook) != 0
  }

  /// New vCPUs: nothing is asked of them.
  func reset(on m: M) {
    for vcpu in 0..<words.count { m.store(words[vcpu], 0, .relaxed, at: sites.reset) }
  }
}

/// Where the operations of requests stand in the site table of their user.
struct FlushRequestSites: Sendable {
  let raise: Site
  let call: Site
  let callWait: Site
  let look: Site
  let take: Site
  let lastLook: Site
  let reset: Site
}

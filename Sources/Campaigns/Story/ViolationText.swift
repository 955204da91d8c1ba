// What an oracle says, as a sentence with names and numbers in it.

import Domain
import Exploration
import Machines

/// Sentences for violations, from the trace that led to them.
struct ViolationText {
  let execution: RecordedExecution
  let names: TraceNames
  private var events: [TraceEvent] { execution.events }

  init(_ execution: RecordedExecution, _ names: TraceNames) {
    self.execution = execution
    self.names = names
  }

  /// The sentence of `violation`.
  func sentence(_ violation: Violation) -> String {
    switch violation {
    case .twoTags(let pcpu, let other):
      return "\(vm(on: pcpu)) is in the guest on \(place(pcpu)) with tag \(tag(on: pcpu)) and on "
        + "\(place(other)) with tag \(tag(on: other))"
    case .twoVMs(let pcpu, let other):
      return "tag \(tag(on: pcpu)) is live on \(place(other)) for \(vm(on: other)) and on "
        + "\(place(pcpu)) for \(vm(on: pcpu))\(unlikeNames(pcpu, other)); \(flushes(between: other, pcpu))"
    case .twoOwners(let pcpu, let tag, let owner, let other):
      return "the TLB of pCPU \(pcpu) holds entries of two VMs under tag \(tag): of VM number "
        + "\(owner), which runs, and of VM number \(other) (VMs numbered as created, from 1)"
    case .staleHit(let pcpu, let tag, let page, let version, let oldest):
      // Where tables have levels, memory may also be given away before the flush is.
      let what =
        names.hasLevels
        ? "that is flushed, or whose memory is given away" : "whose flush was complete"
      return "pCPU \(pcpu) hit an entry of page \(page) under tag \(tag) \(what): "
        + "version \(version), but nothing older than \(oldest) may be left"
    case .foreignUse(let pcpu, let tag, let page):
      return
        "pCPU \(pcpu) used a translation of page \(page) under tag \(tag) that leads into memory "
        + "which is not \(vm(on: pcpu))'s: the walk that made it went through a table page that was freed"
    case .revokedWrite(let pcpu, let tag, let page, let version, let oldest):
      return
        "pCPU \(pcpu) wrote to page \(page) through an entry under tag \(tag) that may no longer "
        + "be written through: version \(version), but the flush took that right from all older than "
        + "\(oldest)"
    case .noFlush(let pcpu):
      return "the rollover of pCPU \(pcpu) ended without a complete flush of every TLB"
    case .lostTag(let pcpu, let running):
      return "the rollover of pCPU \(pcpu) gave up tag \(tag(on: running)), with which "
        + "\(vm(on: running)) was in the guest on \(place(running)) all the time"
    case .outOfRange(let pcpu, let tag):
      return "pCPU \(pcpu) enters with tag \(tag), which is none that may be handed out"
    case .generationBack(let pcpu, let from, let to):
      return "on pCPU \(pcpu) the generation of a VM's id went back, from \(from) to \(to)"
    case .tagChanged(let pcpu, let published, let entered):
      return "pCPU \(pcpu) decided on tag \(published) and entered with tag \(entered)"
    case .freedTwice(let pcpu, let tag):
      return "pCPU \(pcpu) gave back tag \(tag), which was free already"
    case .freedInUse(let pcpu, let tag, let user):
      return
        "pCPU \(pcpu) gave back tag \(tag), with which \(vm(on: user)) is in the guest on pCPU "
        + "\(user)"
    case .otherVCPU(let pcpu, let tag, let vcpu, let other):
      return "vCPU \(vcpu) of \(vm(on: pcpu)) on pCPU \(pcpu) used an entry under tag \(tag) that "
        + "was made for vCPU \(other)"
    case .underCover(let pcpu, let missed, let first, let pages, let level):
      let all = StepText.pages(Stage2Span(first: first, pages: pages))
      return "pCPU \(pcpu) was to invalidate \(all), entries of "
        + (level == 0 ? "every level" : "level \(level)")
        + ", and nothing that it issued does so for page \(missed)"
    case .tagLeft(let pcpu, let tag):
      return "pCPU \(pcpu) found no tag for a new VM, although tag \(tag) is nobody's"
    case .linesLeft(let pcpu, let tag, let holder):
      return "pCPU \(pcpu) handed out tag \(tag) while lines under its old key are "
        + (holder < 0 ? "on their way to memory" : "in the cache of pCPU \(holder)")
    case .otherLevel(let pcpu, let tag, let inner, let other):
      return
        "\(Inner.name(inner)) of \(vm(on: pcpu)) on pCPU \(pcpu) used an entry under tag \(tag) "
        + "that was made for \(Inner.name(other))"
    case .staleInner(let pcpu, let tag, let inner, let page, let version, let oldest):
      return "\(Inner.name(inner)) of \(vm(on: pcpu)) on pCPU \(pcpu) hit an entry of page \(page) "
        + "under tag \(tag) that the VM's own hypervisor had flushed: version \(version), but nothing "
        + "older than \(oldest) may be left"
    case .lostWrite(let pcpu, let slot, let page):
      return
        "pCPU \(pcpu) took page \(page) of VM \(slot) out of the log of writes, which did not have it, "
        + "although a guest has written it since it was last taken out"
    case .bug(let pcpu, let message, let length, let site):
      return "pCPU \(pcpu) can't go on: \(text(message, length)) (\(names.site(site)))"
    case .deadlock:
      return "nobody can go on" + waiters
    case .race(let pcpu, let cell, let other, let writes):
      return "pCPU \(pcpu) \(writes ? "writes" : "reads") \(names.cell(cell)), and nothing orders "
        + "that with an access of pCPU \(other)"
    }
  }

  // MARK: Who is in which guest

  /// A pCPU, or behind the pCPUs a device of a slot.
  private func place(_ resident: Int) -> String {
    resident < names.pcpuCount ? "pCPU \(resident)" : "a device"
  }

  /// The last time that `pcpu` entered a guest, or a device began to use a tag.
  private func lastEntry(on pcpu: Int) -> Int? {
    if pcpu >= names.pcpuCount {
      return events.indices.last {
        events[$0].operation.kind == .attachDevice
          && GuestPlace(bits: events[$0].a).slot == pcpu - names.pcpuCount
      }
    }
    return events.indices.last {
      events[$0].agent.number == pcpu && events[$0].operation.kind == .install
    }
  }

  private func vm(on pcpu: Int) -> String {
    lastEntry(on: pcpu).map { "VM \(GuestPlace(bits: events[$0].a).slot)" } ?? "a VM"
  }

  private func tag(on pcpu: Int) -> String {
    lastEntry(on: pcpu).map { "\(GuestPlace(bits: events[$0].a).tag)" } ?? "?"
  }

  /// Two VMs that had one slot, one after the other, are told apart by their numbers.
  private func unlikeNames(_ pcpu: Int, _ other: Int) -> String {
    guard vm(on: pcpu) == vm(on: other), let a = lastEntry(on: other), let b = lastEntry(on: pcpu)
    else { return "" }
    return
      " (VM numbers \(events[a].b & 0xFFFF_FFFF) and \(events[b].b & 0xFFFF_FFFF): one followed the other)"
  }

  private func flushes(between first: Int, _ second: Int) -> String {
    guard let a = lastEntry(on: first), let b = lastEntry(on: second), a < b else {
      return "no flush between"
    }
    let count = events[a..<b].count {
      $0.operation.kind == .invalidate && $0.a & 7 == 1
    }
    return count == 0
      ? "no flush between" : "\(count) flush\(count == 1 ? "" : "es") of all TLBs between"
  }

  /// The deadlocked: what each waits for, and who holds it.
  private var waiters: String {
    let lines = execution.unfinished.map { waiting in
      let object = names.object(of: waiting.operation)
      let what = object == "-" ? "" : " for \(object)\(holder(of: waiting.operation))"
      return "\(waiting.pcpu) waits\(what) at \(names.site(waiting.operation.site))"
    }
    return lines.isEmpty ? "" : ": " + lines.joined(separator: ", ")
  }

  /// Who took a lock last and has not given it back.
  private func holder(of operation: ControlledOperation) -> String {
    guard operation.kind == .acquire else { return "" }
    let last = events.last {
      $0.operation.object == operation.object && names.isLockStep($0)
    }
    guard let last, last.operation.kind != .release else { return "" }
    return ", which \(last.agent.pcpu(pcpuCount: names.pcpuCount)) holds,"
  }

  private func text(_ address: UInt64, _ length: UInt64) -> String {
    guard let start = UnsafePointer<UInt8>(bitPattern: UInt(address)) else { return "bug" }
    return String(decoding: UnsafeBufferPointer(start: start, count: Int(length)), as: UTF8.self)
  }
}

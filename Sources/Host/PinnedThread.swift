// Threads. They start only here: a start closure written in `main.swift` or in `@main` inherits
// main-actor isolation and dies on another thread.

import CHost
import Glibc

/// One pthread, bound to one CPU if asked.
public struct PinnedThread: Sendable {
  private let thread: pthread_t

  /// Starts a thread that runs `body` once.
  ///
  /// - Parameters:
  ///   - name: shown by `ps` and debuggers; the kernel keeps 15 characters.
  ///   - cpu: the CPU to stay on, one of `HostDescription.allowedCPUs`; nil leaves it to the kernel.
  ///   - body: what it does.
  public init(name: String, cpu: Int?, _ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(Start(name: name, cpu: cpu, body: body))
    var thread = pthread_t()
    let error = pthread_create(&thread, nil, runStart, start.toOpaque())
    precondition(error == 0, "pthread_create failed with error \(error)")
    self.thread = thread
  }

  /// Waits until the body has returned.
  public func join() {
    let error = pthread_join(thread, nil)
    precondition(error == 0, "pthread_join failed with error \(error)")
  }

  /// Lets the thread go: nobody will wait for it. For threads that a stalled allocator holds.
  public func abandon() { pthread_detach(thread) }
}

/// What a new thread needs; it releases it itself.
private final class Start: Sendable {
  let name: String
  let cpu: Int?
  let body: @Sendable () -> Void

  init(name: String, cpu: Int?, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.cpu = cpu
    self.body = body
  }
}

private func runStart(_ opaque: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let opaque else { return nil }
  let start = Unmanaged<Start>.fromOpaque(opaque).takeRetainedValue()
  chost_name_this_thread(String(start.name.prefix(15)))
  // A CPU that went away since it was listed costs the pinning, not the run.
  if let cpu = start.cpu { _ = chost_pin_to_cpu(Int32(cpu)) }
  start.body()
  return nil
}

// What the machine is that a run was made on: a figure without it says little.

import CHost
import Foundation

/// The host of a run.
public struct HostDescription: Sendable {
  /// As the kernel names the processor; "unknown" if it doesn't.
  public let processor: String
  /// `x86_64` or `arm64`.
  public let architecture: String
  /// Kernel name and release.
  public let kernel: String
  /// The CPUs that this process may use.
  public let allowedCPUs: [Int]

  /// Asks the kernel.
  public static func current() -> HostDescription {
    var names = utsname()
    uname(&names)
    return HostDescription(
      processor: processorName(), architecture: architectureName,
      kernel: "\(text(of: names.sysname)) \(text(of: names.release))",
      allowedCPUs: listAllowedCPUs())
  }

  /// Whether stores become visible in program order (total store order), so that what the sampling
  /// oracle sees is certain.
  public static var hasTotalStoreOrder: Bool {
    #if arch(x86_64)
      true
    #else
      false
    #endif
  }

  private static var architectureName: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown"
    #endif
  }

  private static func listAllowedCPUs() -> [Int] {
    var cpus = [Int32](repeating: 0, count: 1024)
    let count = Int(chost_allowed_cpus(&cpus, Int32(cpus.count)))
    return cpus.prefix(count).map(Int.init)
  }

  /// Threads that ran or wanted to run, on average over the last minute; 0 if nobody says.
  public static var loadAverage: Double {
    var averages = [0.0]
    return getloadavg(&averages, 1) == 1 ? averages[0] : 0
  }

  private static func processorName() -> String {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("model name") }),
      let colon = line.firstIndex(of: ":")
    else { return "unknown" }
    return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
  }

  private static func text<Characters>(of field: Characters) -> String {
    withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

/// The memory of this process, as the kernel counts it.
public enum ResidentMemory {
  /// The most there ever was, in bytes.
  public static func peakBytes() -> UInt64 { chost_peak_resident_bytes() }

  /// What there is now, in bytes; 0 where the kernel does not tell.
  public static func currentBytes() -> UInt64 {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
      return 0
    }
    let fields = text.split(separator: " ")
    guard fields.count > 1, let pages = UInt64(fields[1]) else { return 0 }
    return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
  }
}

/// How often the kernel has taken the calling thread off its CPU.
public func contextSwitchesOfThisThread() -> UInt64 { chost_context_switches_of_this_thread() }

/// Whether whoever read `descriptor`, a pipe or a socket, has gone away.
public func readerIsGone(_ descriptor: Int32) -> Bool { chost_reader_is_gone(descriptor) != 0 }

// What the host says of itself.

import Foundation
import Glibc
import Host
import Testing

@Suite("The host") struct HostDescriptionTests {
  private let host = HostDescription.current()

  @Test func `every part of its description says something`() {
    #expect(!host.processor.isEmpty)
    #expect(["x86_64", "arm64"].contains(host.architecture))
    #expect(host.kernel.hasPrefix("Linux "))
    #expect(host.kernel.count > "Linux ".count)
    #expect(!host.allowedCPUs.isEmpty)
  }

  @Test func `the allowed CPUs are different ones, in order`() {
    #expect(Array(Set(host.allowedCPUs)).sorted() == host.allowedCPUs)
    #expect(host.allowedCPUs.allSatisfy { $0 >= 0 })
  }

  @Test func `x86 has total store order, Arm has not`() {
    #expect(HostDescription.hasTotalStoreOrder == (host.architecture == "x86_64"))
  }

  @Test func `memory is counted in bytes, and the peak is the most there was`() {
    let before = ResidentMemory.currentBytes()
    // Much, so that what other tests free meanwhile does not count.
    let megabytes = 192
    let block = UnsafeMutableRawPointer.allocate(byteCount: megabytes << 20, alignment: 4096)
    memset(block, 1, megabytes << 20)
    let during = ResidentMemory.currentBytes()
    block.deallocate()
    #expect(before > 1 << 20)
    #expect(during >= before + UInt64(megabytes / 2) << 20)
    #expect(ResidentMemory.peakBytes() >= UInt64(megabytes) << 20)
  }

  @Test func `a pipe's reader is gone once it has closed its end`() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    #expect(!readerIsGone(ends[1]))
    close(ends[0])
    #expect(readerIsGone(ends[1]))
    close(ends[1])
    #expect(readerIsGone(ends[1]), "no descriptor, no reader")
  }

  @Test func `a full pipe's reader is still there`() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    let block = [UInt8](repeating: 0, count: 4096)
    while write(ends[1], block, block.count) > 0 {}
    #expect(!readerIsGone(ends[1]))
    ends.forEach { close($0) }
  }

  @Test func `a file has no reader that could go`() throws {
    let file = open("/dev/null", O_WRONLY)
    try #require(file >= 0)
    #expect(!readerIsGone(file))
    close(file)
  }
}

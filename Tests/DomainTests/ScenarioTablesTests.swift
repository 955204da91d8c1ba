import Domain
import Testing

@Suite("Scenarios whose tables have levels") struct ScenarioTablesTests {
  private func scenario(_ change: (inout Scenario) -> Void) -> Scenario {
    var scenario = Scenario(name: "own", summary: "a test's")
    scenario.tableLevels = 2
    scenario.rootBits = 3
    scenario.tableBits = 9
    change(&scenario)
    return scenario
  }

  private func refusal(_ change: (inout Scenario) -> Void) -> String? {
    do {
      try scenario(change).validate()
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func `levels and bits span an address space`() throws {
    #expect(scenario { _ in }.addressSpacePages == 8 * 512)
    #expect(scenario { $0.tableLevels = 1 }.addressSpacePages == 8)
    #expect(refusal { $0.pagesPerVM = 4096 } == nil)
  }

  @Test func `guests touch only what is there`() {
    let text = refusal {
      $0.pagesPerVM = 9
      $0.pageStride = 512
    }
    #expect(
      text
        == "guests touch 9 pages, one in 512, but the address space has 4096; lower pagesPerVM or "
        + "pageStride, or raise rootBits or tableLevels")
    #expect(refusal { $0.pageStride = 1 << 30 } != nil)
  }

  @Test func `an entry has room for its frame and its owner`() {
    #expect(
      refusal {
        $0.tableLevels = 4
        $0.vms = 2
      }
        == "tables of that many levels and bits span 1073741824 pages, but 134217728 is the most that "
        + "an entry can name; lower tableLevels, rootBits or tableBits")
    let manyVMs = refusal {
      $0.vms = 256
      $0.tableBits = 1
    }
    #expect(
      manyVMs?.hasPrefix("256 VMs have tables with levels, but an entry can name 255") == true)
  }

  @Test func `memory slots are equal, and memory has a name for each frame`() {
    #expect(
      refusal { $0.memslots = 3 }
        == "memslots is 3, but 4096 pages are no whole number of such slots; give a divisor of it")
    #expect(
      refusal { $0.memoryBlocks = 1 << 20 }
        == "memoryBlocks is 1048576, but an entry can name 524288 of that level; lower memoryBlocks or "
        + "raise blockLevel")
  }

  @Test(arguments: ["unmap 0:4+8", "protect 1:0+4096", "collapse 0:4095", "split 3:0"])
  func `a change is written as it is read`(text: String) throws {
    let step = try #require(Scenario.ProgramStep(parsing: text))
    #expect("\(step)" == text)
  }

  @Test(
    arguments: [
      "unmap 0:4+0", "unmap 0:4+", "unmap 0:+4", "protect 0:4", "collapse 0:1+1", "split 0",
      "unmap 0:-1+4", "protect 0:1+-1", "fold 0:1",
    ])
  func `what is no change is refused`(text: String) {
    #expect(Scenario.ProgramStep(parsing: text) == nil)
  }

  @Test func `a change must fit the VM and its address space`() {
    func refusal(_ text: String, levels: Int = 2) -> String? {
      self.refusal {
        $0.tableLevels = levels
        $0.pcpus = 1
        $0.program = [[text]]
      }
    }
    #expect(refusal("unmap 0:4095+1") == nil)
    #expect(
      refusal("unmap 0:4095+2")
        == "program of pCPU 0 has \"unmap 0:4095+2\", but a VM's last page is 4095 (they count from 0); "
        + "name one that is there, or raise rootBits or tableLevels")
    #expect(
      refusal("collapse 0:1", levels: 0)
        == "program of pCPU 0 has \"collapse 0:1\", but the VMs' tables are flat; give tableLevels, or "
        + "\"unmap VM:page\"")
    #expect(refusal("split 9:1")?.contains("VM") == true)
  }
}

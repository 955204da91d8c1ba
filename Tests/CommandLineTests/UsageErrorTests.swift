import Foundation
import Testing

@Suite("Usage errors") struct UsageErrorTests {
  /// A command line and what it is told. Each: exit code 2, nothing on stdout, nothing started.
  static let cases: [(String, String)] = [
    (
      "saok",
      "there is no command 'saok'; there are soak, bench, explore, replay, "
        + "shrink, selftest, list, plan"
    ),
    (
      "soak --sead 5",
      "'soak' has no option '--sead'; did you mean --seed? see vmidtorture soak --help"
    ),
    ("soak -x", "'soak' has no option '-x'; see vmidtorture soak --help"),
    ("soak --seed", "--seed needs a value: give --seed N"),
    (
      "soak --seed x",
      "--seed is 'x', but a number, decimal or hexadecimal with 0x is wanted"
    ),
    ("soak --json=1", "--json takes no value, but '1' was given; leave it out"),
    ("soak d06 small", "'small' is one word too many; see vmidtorture soak --help"),
    (
      "soak --tag-bits 0", "tagBits is 0, but a tag has 1 to 16 bits; give --tag-bits 1 ... 16"
    ),
    (
      "soak --tag-bits 17", "tagBits is 17, but a tag has 1 to 16 bits; give --tag-bits 1 ... 16"
    ),
    (
      "soak --tag-bits 3",
      "8 pCPUs need at least 9 usable tags (one more than pCPUs), but tagBits 3 gives 7; raise "
        + "tagBits, lower pcpus, or set fewTags: true to run into exhaustion on purpose"
    ),
    ("soak --vms 0", "vms is 0, but a run has 1 to 4096 VMs; give --vms 1 ... 4096"),
    (
      "soak small --system template-global-lock",
      "template-global-lock needs at least 4 usable tags for so many pCPUs and VMs, but there are "
        + "3; raise tagBits, lower vms or pcpus, or set fewTags: true to run into exhaustion on "
        + "purpose"
    ),
    (
      "soak small --system template-global-lock --few-tags true",
      "a VM needs a tag, but none is free and the system does not roll over; lower vms or raise "
        + "tagBits"
    ),
    ("bench --pcpus 0", "--pcpus is '0', but a whole number from 1 to 64 is wanted"),
    (
      "bench --compare --case fast",
      "--compare and --case contradict each other; leave one out"
    ),
    (
      "bench --time 1s",
      "--time says something about --compare only; give that, too, or leave --time out"
    ),
    (
      "bench --compare --time 1ms", "--time is '1ms', but a duration from 10ms to 1h is wanted"
    ),
    (
      "bench --memory 4",
      "--memory says something about --range only; give that, too, or leave --memory out"
    ),
    (
      "bench --compare --features fwb",
      "--features says something about --range only; give that, too, or leave --features out"
    ),
    (
      "bench --range --compare",
      "--range and --compare contradict each other; leave one out"
    ),
    (
      "bench --range --rounds 5",
      "--range and --rounds contradict each other; leave one out"
    ),
    ("bench --range arm64-vmid", "'arm64-vmid' is one word too many; see vmidtorture bench --help"),
    (
      "bench --range --memory 0",
      "--memory is '0', but a list of different whole numbers from 1 to 256, with commas between "
        + "them, is wanted"
    ),
    (
      "bench --range --memory 1,257",
      "--memory is '1,257', but a list of different whole numbers from 1 to 256, with commas "
        + "between them, is wanted"
    ),
    (
      "bench --range --memory 2,,4",
      "--memory is '2,,4', but a list of different whole numbers from 1 to 256, with commas between "
        + "them, is wanted"
    ),
    (
      "bench --range --vcpus -1",
      "--vcpus is '-1', but a list of different whole numbers from 1 to 512, with commas between "
        + "them, is wanted"
    ),
    (
      "bench --range --vcpus 2,2",
      "--vcpus is '2,2', but a list of different whole numbers from 1 to 512, with commas between "
        + "them, is wanted"
    ),
    (
      "bench --range --features fwb",
      "--features is 'fwb', but a list with tlbirange, which is what base does without, is wanted"
    ),
    (
      "bench --range --features tlbrange",
      "there is no feature 'tlbrange'; did you mean tlbirange? there are tlbirange, fwb, lpa2"
    ),
    ("explore", "explore needs a SCENARIO: give vmidtorture explore SCENARIO"),
    (
      "explore m1-r2 --strategy dfz",
      "there is no strategy 'dfz'; did you mean dfs? there are portfolio, random, runs, pct, pos, "
        + "urw, surw, dfs, delay, dpor"
    ),
    ("explore m1-r2 --model tso", "there is no memory model 'tso'; there are sc"),
    (
      "explore m1-r2 --carrier fibre",
      "there is no carrier 'fibre'; there are fiber, thread"
    ),
    (
      "explore m1-r2 --keep-going --stop-first",
      "--keep-going and --stop-first contradict each other; leave one out"
    ),
    ("explore m1-r2 --jobs 0", "--jobs is '0', but a whole number from 1 to 256 is wanted"),
    (
      "explore m1-r2 --trace /nowhere/t.json",
      "/nowhere/t.json cannot be written: its folder is not there or takes no files; give another "
        + "place with --trace"
    ),
    ("replay", "replay needs a FILE: give vmidtorture replay FILE"),
    (
      "replay /nowhere.json",
      "/nowhere.json: it cannot be read (No such file or directory); give the path of a replay file"
    ),
    ("shrink", "shrink needs a FILE: give vmidtorture shrink FILE"),
    ("list d06", "'d06' is one word too many; see vmidtorture list --help"),
    ("plan", "plan needs a START_PAGE: give vmidtorture plan START_PAGE PAGES"),
    ("plan 0", "plan needs a PAGES: give vmidtorture plan START_PAGE PAGES"),
    ("plan 0 1 2", "'2' is one word too many; see vmidtorture plan --help"),
    ("plan 0 x", "PAGES is 'x', but a whole number, decimal or hexadecimal with 0x is wanted"),
    ("plan -1 5", "the first page is -1, but there is nothing below 0; give 0 or more"),
    ("plan 0 -5", "the number of pages is -5, but there is nothing below 0; give 1 or more"),
    (
      "plan 0 0",
      "the range has no page, but there is nothing to invalidate then; give at least 1 page"
    ),
    (
      "plan 68719476735 2",
      "2 pages from 68719476735 end behind the address space, which has 68719476736 pages (48 bits); "
        + "give at most 1 from there"
    ),
    (
      "plan 0 1 --version increasin",
      "there is no version 'increasin' of the planner; did you mean increasing? there are current, "
        + "arguments-advanced, decreasing-masked, increasing, increasing-unmasked"
    ),
    (
      "plan 0 1 --ipa-bits 52",
      "an address space of 52 bits is given, but a VM has 32 to 48 without lpa2; give one of these"
    ),
    ("selftest d06", "'d06' is one word too many; see vmidtorture selftest --help"),
    (
      "soak small --system template-global-lock --fault B01",
      "fault B01-fast-path-stores is one of arm64-vmid, but the scenario runs "
        + "template-global-lock; give a scenario of arm64-vmid, or --system arm64-vmid"
    ),
  ]

  @Test(arguments: cases)
  func `bad input is told what was wanted, what was given and what to do`(
    _ line: String, _ text: String
  ) throws {
    let outcome = try Tool.run(line.split(separator: " ").map(String.init))
    #expect(outcome.stderr == "vmidtorture: \(text)\n")
    #expect(outcome.exitCode == 2)
    #expect(outcome.stdout.isEmpty)
  }

  @Test func `a system that is not there: the nearest, and where all stand`() throws {
    let outcome = try Tool.run(["bench", "arm64"])
    #expect(outcome.exitCode == 2)
    #expect(
      outcome.stderr.hasPrefix(
        "vmidtorture: there is no system 'arm64'; did you mean arm64-vmid? there are arm64-vmid, "))
    #expect(outcome.stderr.hasSuffix("more (see vmidtorture list)\n"))
  }

  @Test func `a version that is there to be found wrong is not compared`() throws {
    let outcome = try Tool.run(["bench", "--compare", "kvm-arm-2012"])
    #expect(outcome.exitCode == 2)
    #expect(outcome.stderr.contains("there is no measured system 'kvm-arm-2012'"))
    #expect(outcome.stdout.isEmpty)
  }

  @Test func `what is wrong already is not broken`() throws {
    let outcome = try Tool.run(["selftest", "--mutants", "kvm-arm-2012"])
    #expect(outcome.exitCode == 2)
    #expect(outcome.stderr.contains("there is no right system 'kvm-arm-2012'"))
    #expect(outcome.stdout.isEmpty)
  }

  @Test func `a scenario that is not there: some that are, and where the others stand`() throws {
    let outcome = try Tool.run(["soak", "d60"])
    #expect(outcome.exitCode == 2)
    #expect(
      outcome.stderr.hasPrefix(
        "vmidtorture: no scenario is called \"d60\"; there are d06, small, no-switch-barrier and "))
    #expect(outcome.stderr.contains("more (see vmidtorture list); a file is given by a path"))
  }

  @Test(arguments: ["-1s", "0s", "10", "400d", "soon", "1e999s"])
  func `a duration that makes no sense is refused`(_ duration: String) throws {
    let outcome = try Tool.run(["soak", "--duration", duration])
    #expect(outcome.exitCode == 2)
    #expect(outcome.stderr.hasPrefix("vmidtorture: duration"))
    #expect(outcome.stdout.isEmpty)
  }

  @Test(arguments: ["fault", "fault=B99"])
  func `an unknown fault is answered with those that there are`(_ option: String) throws {
    let outcome = try Tool.run(["soak", "--\(option)"] + (option == "fault" ? ["B99"] : []))
    #expect(outcome.exitCode == 2)
    #expect(outcome.stderr.contains("there is no fault 'B99'"))
    #expect(outcome.stderr.contains("B01-fast-path-stores"))
  }
}

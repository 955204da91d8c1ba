// Durations are read and written exactly, and what is no duration is refused by name.

import Domain
import Testing

@Suite("Durations as text") struct DurationTextTests {
  @Test(
    arguments: [
      ("30s", Duration.seconds(30)), ("10m", .seconds(600)), ("4d", .seconds(345_600)),
      ("500ms", .milliseconds(500)), ("250us", .microseconds(250)), ("2h", .seconds(7200)),
      ("1.5h", .seconds(5400)), ("7ns", .nanoseconds(7)), ("0.5s", .milliseconds(500)),
      ("007s", .seconds(7)), ("1.000000001s", .nanoseconds(1_000_000_001)),
      ("0.000000001ns", Duration(attoseconds: 1)), ("366d", DurationText.longest),
      ("8784h", DurationText.longest), ("31622400000000000ns", DurationText.longest),
    ] as [(String, Duration)])
  func `a number with a unit is read exactly`(_ text: String, _ duration: Duration) throws {
    #expect(try DurationText.parse(text) == duration)
  }

  private static let form =
    "write a number and a unit (ns, us, ms, s, m, h or d), such as 500ms, 30s, 1.5h or 4d"

  @Test(
    arguments: [
      ("", "\"\" is no duration"), ("abc", "\"abc\" is no duration"),
      ("s", "\"s\" is no duration"), (".5h", "\".5h\" is no duration"),
      ("5.s", "\"5.s\" is no duration"), ("1.2.3s", "\"1.2.3s\" is no duration"),
      ("nan", "\"nan\" is no duration"), ("inf", "\"inf\" is no duration"),
      ("-inf", "\"-inf\" is no duration"), ("+5s", "\"+5s\" is no duration"),
      (" 5s", "\" 5s\" is no duration"), ("\u{663}s", "\"\u{663}s\" is no duration"),
      ("0x10s", "\"0x10s\" has the unknown unit \"x10s\""),
      ("10", "\"10\" has no unit"), ("1.5", "\"1.5\" has no unit"),
      ("10 s", "\"10 s\" has the unknown unit \" s\""),
      ("10S", "\"10S\" has the unknown unit \"S\""),
      ("10sec", "\"10sec\" has the unknown unit \"sec\""),
      ("1e3s", "\"1e3s\" has the unknown unit \"e3s\""),
      ("1m30s", "\"1m30s\" has the unknown unit \"m30s\""),
      ("5s\n", "\"5s\\n\" has the unknown unit \"s\\n\""),
      ("-5s", "\"-5s\" is negative"), ("-0s", "\"-0s\" is negative"),
      ("0s", "\"0s\" is no time at all"), ("0.000d", "\"0.000d\" is no time at all"),
      ("367d", "\"367d\" is longer than 366d"),
      ("366.000000001d", "\"366.000000001d\" is longer than 366d"),
      ("99999999999999999999d", "\"99999999999999999999d\" is longer than 366d"),
      ("9223372036854775807d", "\"9223372036854775807d\" is longer than 366d"),
      ("0.0000000001s", "\"0.0000000001s\" has more than 9 decimals"),
    ] as [(String, String)])
  func `what is no duration is refused with the accepted form`(_ text: String, _ why: String) {
    let error = #expect(throws: DurationTextError.self) { try DurationText.parse(text) }
    #expect(error?.description == "\(why); \(Self.form)")
  }

  @Test(
    arguments: [
      (Duration.seconds(10), "10s"), (.seconds(90), "90s"), (.seconds(60), "1m"),
      (.seconds(86_400), "1d"), (.seconds(3600), "1h"), (.milliseconds(1500), "1500ms"),
      (.microseconds(1), "1us"), (.nanoseconds(17), "17ns"), (.zero, "0s"),
      (.seconds(-90), "-90s"), (Duration(attoseconds: 1), "0.000000001ns"),
      (Duration(attoseconds: 1_500_000_000), "1.5ns"),
    ] as [(Duration, String)])
  func `the exact form is in the largest unit without a fraction`(
    _ duration: Duration, _ text: String
  ) {
    #expect(DurationText.exact(duration) == text)
  }

  @Test(arguments: [1, 999, 1_000_000_007, 86_400_000_000_000_000, 31_622_400_000_000_000_000])
  func `the exact form is read back unchanged`(_ attoseconds: Int128) throws {
    for scale in [Int128(1), 1000, 1_000_000] {
      let duration = Duration(attoseconds: attoseconds * scale)
      #expect(try DurationText.parse(DurationText.exact(duration)) == duration)
    }
  }

  @Test(
    arguments: [
      (Duration.zero, "0 s"), (.nanoseconds(7), "7 ns"), (Duration(attoseconds: 1), "0 ns"),
      (.microseconds(12_345), "12.3 ms"), (.microseconds(250), "250 us"),
      (.nanoseconds(999_949), "999.9 us"), (.nanoseconds(999_950), "1 ms"),
      (.milliseconds(10_000), "10 s"), (.milliseconds(59_949), "59.9 s"),
      (.milliseconds(59_950), "1m"), (.seconds(90), "1m 30s"), (.milliseconds(119_600), "2m"),
      (.seconds(3600), "1h"), (.seconds(7500), "2h 5m"), (.seconds(86_399), "1d"),
      (.seconds(4 * 86_400 + 2 * 3600), "4d 2h"), (.seconds(366 * 86_400), "366d"),
      (.seconds(-90), "-1m 30s"), (.seconds(Int64.max), "106751991167300d"),
    ] as [(Duration, String)])
  func `the form for people has at most two figures`(_ duration: Duration, _ text: String) {
    #expect(DurationText.rounded(duration) == text)
  }
}

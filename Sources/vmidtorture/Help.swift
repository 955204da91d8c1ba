// Help texts, made from the same tables that parse.

import Domain
import Reports

/// Writes help.
enum Help {
  /// The overview.
  static var overview: String {
    let rows = commands.map { ["  " + $0.name + " " + $0.synopsis, $0.summary] }
    return """
      vmidtorture: tortures the allocators that hand out TLB tags (VMIDs, ASIDs, VPIDs)

      usage: vmidtorture COMMAND [OPTIONS]

      \(TextTable.render(rows, alignRight: []).joined(separator: "\n"))

        --help      this text; behind a command, that command's
        --version   the version

      examples:
        vmidtorture soak                                   the main job, 10 s
        vmidtorture soak d06 --duration 4d --seed 0x5eed   days, unattended
        vmidtorture soak small --fault B01                 a bug on purpose: it must be found
        vmidtorture explore m1-r2 --fault B01              the same, step by step, in milliseconds

      \(exitCodes)

      """
  }

  /// One command's help.
  static func text(of command: any Command.Type) -> String {
    let rows = command.allOptions.map { option in
      ["  " + option.name + (option.value.map { " " + $0 } ?? ""), option.help]
    }
    return """
      usage: vmidtorture \(command.name) \(command.synopsis)

      \(command.summary)

      \(TextTable.render(rows, alignRight: []).joined(separator: "\n"))

      \(command.notes)

      \(exitCodes)

      """
  }
}

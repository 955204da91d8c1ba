/// How many schedules the portfolio takes to find each fault in its scenario: the median of 31 seeds.
enum Medians {
  static let all = [arm64VMID, armASID, kvmArm, svm, xen].reduce(into: [:]) { all, family in
    all.merge(family) { _, _ in fatalError("a fault has two medians") }
  }

  static let arm64VMID: [String: Int] = [
    "B01": 52, "B01S": 52, "B02": 172, "B04": 3, "B06": 28, "B06S": 12, "B09": 1,
    "B11": 1, "B15": 15, "B19": 38, "B22": 212, "B28": 129,
    "H01": 1, "H02": 1, "H03": 1, "H04": 1,
  ]

  static let armASID: [String: Int] = [
    "B03": 20, "B03A": 3235, "B06A": 68, "B16": 3, "B33": 54, "B35": 88,
  ]

  static let kvmArm: [String: Int] = ["B37": 1340]

  static let svm: [String: Int] = [:]

  static let xen: [String: Int] = [:]
}

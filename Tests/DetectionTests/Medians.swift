/// How many schedules the portfolio takes to find each fault in its scenario: the median of 31 seeds.
enum Medians {
  static let all = [arm64VMID, armASID, kvmArm, svm, xen].reduce(into: [:]) { all, family in
    all.merge(family) { _, _ in fatalError("a fault has two medians") }
  }

  static let arm64VMID: [String: Int] = [
    "B01": 52, "B01S": 52, "B02": 172, "B04": 3, "B06": 28, "B06S": 12, "B09": 1,
    "B11": 1, "B19": 38, "B21": 84, "B22": 212,
    "B28": 129, "H01": 1, "H02": 1, "H03": 1, "H04": 1, "H06": 978,
  ]

  static let armASID: [String: Int] = [:]

  static let kvmArm: [String: Int] = ["B37": 1340]

  static let svm: [String: Int] = [
    "B38": 1, "B48": 36, "B49": 6, "B51": 1, "B52": 2, "B53": 19, "B62": 33, "B70": 1,
  ]

  static let xen: [String: Int] = [
    "B46": 1, "B50": 8, "B63": 1, "B65": 1, "B66": 1, "B67": 13, "B68": 18,
  ]
}

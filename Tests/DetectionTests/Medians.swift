/// How many schedules the portfolio takes to find each fault in its scenario: the median of 31 seeds.
enum Medians {
  static let all = [arm64VMID, armASID, kvmArm, svm, svmNested, sev, xen, tables].reduce(into: [:])
  {
    all, family in
    all.merge(family) { _, _ in fatalError("a fault has two medians") }
  }

  static let arm64VMID: [String: Int] = [
    "B01": 52, "B01S": 52, "B02": 172, "B04": 3, "B06": 28, "B06S": 12, "B07": 3248, "B09": 1,
    "B10": 1, "B11": 1, "B12": 2, "B13": 16, "B15": 15, "B19": 38, "B20": 43, "B21": 84, "B22": 212,
    "B25": 1,
    "B26": 15, "B26S": 1, "B28": 129, "B30": 1, "B30S": 1,
    "H01": 1, "H02": 1, "H03": 1, "H04": 1, "H06": 978,
  ]

  static let armASID: [String: Int] = [
    "B03": 20, "B03A": 3235, "B06A": 68, "B16": 3, "B33": 54, "B35": 88,
  ]

  static let kvmArm: [String: Int] = [
    "B36": 240, "B37": 1340, "B37K": 1105, "B39": 31_565, "B41": 110, "B44R": 1422, "B47": 22,
    "H05": 3,
  ]

  static let svm: [String: Int] = [
    "B38": 1, "B48": 36, "B49": 6, "B51": 1, "B52": 2, "B53": 19, "B62": 33, "B70": 1,
  ]

  static let sev: [String: Int] = [
    "B59": 1, "B59D": 3, "B59W": 1, "B60": 1, "B61": 1,
  ]

  static let svmNested: [String: Int] = [
    "B49A": 1, "B54": 9, "B55": 7, "B56": 2, "B57": 7, "B58": 1, "B58A": 4, "B58B": 1,
  ]

  static let xen: [String: Int] = [
    "B46": 1, "B50": 4, "B63": 2, "B65": 1, "B66": 1, "B67": 19, "B68": 1,
  ]

  static let tables: [String: Int] = [
    "B71": 1, "B72": 1, "B73": 285, "B73L": 4, "B73M": 60, "B74": 1, "B74T": 1, "B75": 2113,
    "B77": 1, "B78": 1,
    "B80": 125,
  ]
}

// Swift symbols in readable form. Mangled ones cannot be searched: a word that a name has in
// common with an earlier one is replaced by a letter (`FastPathStores` becomes `AA0cD6StoresO`).

import Glibc

enum Demangling {
  private typealias Demangler =
    @convention(c) (
      UnsafePointer<CChar>?, Int, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>?, UInt32
    ) -> UnsafeMutablePointer<CChar>?

  /// The Swift runtime's own, which has no Swift name yet.
  private static let demangler: Demangler? = {
    guard let process = dlopen(nil, RTLD_NOW), let symbol = dlsym(process, "swift_demangle")
    else { return nil }
    return unsafeBitCast(symbol, to: Demangler.self)
  }()

  /// The symbol itself if it is none of Swift's.
  static func readable(_ symbol: String) -> String {
    guard let demangler, let text = demangler(symbol, symbol.utf8.count, nil, nil, 0) else {
      return symbol
    }
    defer { free(text) }
    return String(cString: text)
  }
}

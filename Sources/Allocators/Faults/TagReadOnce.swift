/// B80: unmapping reads the VM's number once for all its parts. A rollover between two of them may give the
/// VM another one, under which the later parts' pages are filled before they are broken.
enum TagReadOnce: Stage2Rules {
  static var readsTagOnce: Bool { true }
}

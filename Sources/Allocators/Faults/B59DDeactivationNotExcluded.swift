/// B59D: a guest may be deactivated between the write-back of the caches and the flush of the fabric.
/// The firmware then refuses the flush, and a VM gets no number although some wait to be recycled.
enum DeactivationNotExcluded: SVMSEVRules {
  @inline(__always) static var excludesDeactivation: Bool { false }
}

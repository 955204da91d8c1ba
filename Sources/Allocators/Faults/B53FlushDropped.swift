/// B53: a pCPU without FLUSHBYASID is asked to flush one ASID and flushes nothing.
enum FlushDropped: SVMStaticRules {
  @inline(__always) static var flushASID: TLBControl { .nothing }
}

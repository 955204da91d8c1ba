// What Swift's view of the C library lacks: the cycle counter, the spin hint, affinity, a few
// per-thread figures of the kernel, and landmarks. The only C of the project.

#ifndef CHOST_H
#define CHOST_H

#include <stddef.h>
#include <stddef.h>
#include <stdint.h>

/// Ticks of the time-stamp counter (x86-64) or of the virtual counter (arm64). Not core cycles:
/// the counter runs at a constant rate whatever the core's frequency.
static inline uint64_t chost_cycles(void) {
#if defined(__x86_64__)
  uint32_t low, high;
  // lfence: the counter is not read before the instructions under measurement have ended.
  __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
  return ((uint64_t)high << 32) | low;
#elif defined(__aarch64__)
  uint64_t ticks;
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
  return ticks;
#else
#error "no cycle counter known for this architecture"
#endif
}

/// Tells the core that this is a spin loop.
static inline void chost_spin_hint(void) {
#if defined(__x86_64__)
  __asm__ volatile("pause");
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

// Landmarks: no-operations with a number in them, by which a test finds its way through the
// disassembled guest loop. They cost a decode slot, no ordering. "memory" keeps the compiler
// from moving a memory access across one.
#if defined(__x86_64__)
#define CHOST_LANDMARK(number) __asm__ volatile("nopl " #number "(%%rax)" : : : "memory")
#else
#define CHOST_LANDMARK(number) __asm__ volatile("" : : : "memory")
#endif

/// The allocator is about to be asked for a tag.
static inline void chost_landmark_entry(void) { CHOST_LANDMARK(0x56540001); }
/// `put` has just stored ACTIVE_INVALID.
static inline void chost_landmark_put(void) { CHOST_LANDMARK(0x56540002); }
/// What follows may hold locked instructions: the run left the direct way from `put` to the next
/// entry, because the scenario says so or because the vCPU's VM has ended.
static inline void chost_landmark_detour(void) { CHOST_LANDMARK(0x56540003); }

/// Binds the calling thread to one CPU. Returns 0 or an errno.
int chost_pin_to_cpu(int cpu);

/// Names the calling thread, for `ps` and debuggers; at most 15 characters.
void chost_name_this_thread(const char *name);

/// The CPUs that the process may use: writes up to `capacity` numbers, returns how many there are.
int chost_allowed_cpus(int *cpus, int capacity);

/// How often the kernel has taken the calling thread off its CPU, willing or not.
uint64_t chost_context_switches_of_this_thread(void);

/// The most resident memory that the process ever had, in bytes.
uint64_t chost_peak_resident_bytes(void);

/// Whether the reader of `descriptor` (a pipe or a socket) has gone away.
int chost_reader_is_gone(int descriptor);

/// Leaves the current stack and goes on with another one. Returns when somebody switches back.
/// `from` receives the stack pointer of the one that is left.
#if defined(__x86_64__)
__attribute__((always_inline)) static inline void chost_switch_stack(void **from, void *to) {
  // The compiler keeps what it still needs: every register is clobbered. No call, so that calls and
  // returns stay paired for the return predictor; 128 bytes are the red zone. The floating-point
  // control words are not saved: nobody here changes them.
  __asm__ volatile(
      "leaq -128(%%rsp), %%rsp\n\t"
      "pushq %%rbp\n\t"
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rax\n\t"
      "movq %%rsp, (%0)\n\t"
      "movq %1, %%rsp\n\t"
      "popq %%rax\n\t"
      "jmpq *%%rax\n"
      "1:\n\t"
      "popq %%rbp\n\t"
      "leaq 128(%%rsp), %%rsp"
      : "+D"(from), "+S"(to)
      :
      : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",
        "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
        "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
}
#else
void chost_switch_stack(void **from, void *to);
#endif

/// Makes a stack that, once switched to, calls `body(argument)`, which must not return. `top` is
/// the end of the memory. Returns the stack pointer to switch to.
void *chost_prepare_stack(void *top, void (*body)(void *), void *argument);

/// Maps `bytes` of stack with a guard page below; NULL if there is no memory. Only what is touched
/// becomes resident.
void *chost_map_stack(size_t bytes);

/// Gives a stack of `chost_map_stack` back.
void chost_unmap_stack(void *stack, size_t bytes);

/// Hands the baton to the thread that waits for it, or will wait.
void chost_unpark(uint32_t *baton);

/// Waits for the baton and takes it.
void chost_park(uint32_t *baton);

#endif

// Switching between stacks, and parking a thread. x86-64 and arm64.
//
// On x86-64 the switch itself is in the header, so that it is compiled into the function that makes
// it. It ends in an indirect jump and not in a return: the return predictor would be wrong at every
// switch.

#define _GNU_SOURCE
#include "CHost.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)

// The first frame of a new stack finds argument and function on it. The call leaves the stack
// aligned as any other does.
__asm__(
    ".text\n"
    ".type chost_first_frame, @function\n"
    "chost_first_frame:\n"
    "  popq %rdi\n"
    "  popq %rax\n"
    "  xorl %ebp, %ebp\n"
    "  callq *%rax\n"
    "  ud2\n"
    ".size chost_first_frame, . - chost_first_frame\n");

extern char chost_first_frame[];

void *chost_prepare_stack(void *top, void (*body)(void *), void *argument) {
  uintptr_t aligned = (uintptr_t)top & ~(uintptr_t)15;
  // Three words are popped; then the stack is aligned, as it is before every call.
  void **frame = (void **)aligned - 5;
  frame[0] = chost_first_frame;
  frame[1] = argument;
  frame[2] = (void *)body;
  return frame;
}

#elif defined(__aarch64__)

__asm__(
    ".text\n"
    ".globl chost_switch_stack\n"
    ".type chost_switch_stack, %function\n"
    ".p2align 4\n"
    "chost_switch_stack:\n"
    "  sub sp, sp, #160\n"
    "  stp x19, x20, [sp, #0]\n"
    "  stp x21, x22, [sp, #16]\n"
    "  stp x23, x24, [sp, #32]\n"
    "  stp x25, x26, [sp, #48]\n"
    "  stp x27, x28, [sp, #64]\n"
    "  stp x29, x30, [sp, #80]\n"
    "  stp d8, d9, [sp, #96]\n"
    "  stp d10, d11, [sp, #112]\n"
    "  stp d12, d13, [sp, #128]\n"
    "  stp d14, d15, [sp, #144]\n"
    "  mov x9, sp\n"
    "  str x9, [x0]\n"
    "  mov sp, x1\n"
    "  ldp x19, x20, [sp, #0]\n"
    "  ldp x21, x22, [sp, #16]\n"
    "  ldp x23, x24, [sp, #32]\n"
    "  ldp x25, x26, [sp, #48]\n"
    "  ldp x27, x28, [sp, #64]\n"
    "  ldp x29, x30, [sp, #80]\n"
    "  ldp d8, d9, [sp, #96]\n"
    "  ldp d10, d11, [sp, #112]\n"
    "  ldp d12, d13, [sp, #128]\n"
    "  ldp d14, d15, [sp, #144]\n"
    "  add sp, sp, #160\n"
    "  br x30\n"
    ".size chost_switch_stack, . - chost_switch_stack\n"
    ".type chost_first_frame, %function\n"
    "chost_first_frame:\n"
    "  mov x0, x20\n"
    "  blr x19\n"
    "  brk #0\n"
    ".size chost_first_frame, . - chost_first_frame\n");

extern char chost_first_frame[];

void *chost_prepare_stack(void *top, void (*body)(void *), void *argument) {
  uintptr_t aligned = (uintptr_t)top & ~(uintptr_t)15;
  void **frame = (void **)aligned - 20;
  for (int i = 0; i < 20; i++) frame[i] = NULL;
  frame[0] = (void *)body;             // x19
  frame[1] = argument;                 // x20
  frame[11] = chost_first_frame;       // x30
  return frame;
}

#endif

void *chost_map_stack(size_t bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *stack = mmap(NULL, bytes + page, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED) return NULL;
  // The lowest page catches an overflow.
  mprotect(stack, page, PROT_NONE);
  return stack + page;
}

void chost_unmap_stack(void *stack, size_t bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  munmap((char *)stack - page, bytes + page);
}

void chost_unpark(uint32_t *baton) {
  // Release: the thread that takes the baton sees all that was done before.
  __atomic_store_n(baton, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, baton, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void chost_park(uint32_t *baton) {
  while (__atomic_exchange_n(baton, 0, __ATOMIC_ACQUIRE) == 0)
    syscall(SYS_futex, baton, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

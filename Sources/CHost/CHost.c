#define _GNU_SOURCE
#include "CHost.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

int chost_pin_to_cpu(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

void chost_name_this_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int chost_allowed_cpus(int *cpus, int capacity) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  int count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &set)) continue;
    if (count < capacity) cpus[count] = cpu;
    count++;
  }
  return count;
}

uint64_t chost_context_switches_of_this_thread(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_THREAD, &usage) != 0) return 0;
  return (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw;
}

uint64_t chost_peak_resident_bytes(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return (uint64_t)usage.ru_maxrss * 1024;
}

int chost_reader_is_gone(int descriptor) {
  // POLLERR is always reported; no event is asked for.
  struct pollfd poller = {.fd = descriptor, .events = 0, .revents = 0};
  return poll(&poller, 1, 0) > 0 && (poller.revents & (POLLERR | POLLNVAL)) != 0;
}

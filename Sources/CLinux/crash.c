// What happens when the process crashes: registered memory is wiped, then the signal takes its default course. These handlers
// also stand in the place of Swift's backtracer, which would print the memory around every register.
#define _GNU_SOURCE
#include "CLinux.h"
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { region_limit = 16 };
static struct { void *volatile bytes; volatile size_t count; volatile bool discards; } regions[region_limit];
static pthread_mutex_t regions_lock = PTHREAD_MUTEX_INITIALIZER;

static int add(void *bytes, size_t count, bool discards) {
    int result = -1;
    pthread_mutex_lock(&regions_lock);
    for (int i = 0; i < region_limit; i++) {
        if (regions[i].bytes == NULL) {
            regions[i].count = count;
            regions[i].discards = discards;
            regions[i].bytes = bytes;
            result = 0;
            break;
        }
    }
    pthread_mutex_unlock(&regions_lock);
    return result;
}

int onetime_crash_wipe_add(void *bytes, size_t count) {
    return add(bytes, count, false);
}

int onetime_crash_discard_add(void *bytes, size_t count) {
    return add(bytes, count, true);
}

void onetime_crash_wipe_remove(void *bytes) {
    pthread_mutex_lock(&regions_lock);
    for (int i = 0; i < region_limit; i++) {
        if (regions[i].bytes == bytes) regions[i].bytes = NULL;
    }
    pthread_mutex_unlock(&regions_lock);
}

static void wipe_and_die(int signal_number) {
#ifndef ONETIME_ABLATE_WIPING
    for (int i = 0; i < region_limit; i++) {
        // Volatile stores: a handler may call only what is safe in a signal.
        volatile unsigned char *bytes = regions[i].bytes;
        if (bytes == NULL) continue;
        if (regions[i].discards) {
            madvise((void *)bytes, regions[i].count, MADV_DONTNEED);
            continue;
        }
        for (size_t k = 0; k < regions[i].count; k++) bytes[k] = 0;
    }
    onetime_scrub();
#endif
    // SA_RESETHAND has put the default action back; the signal is delivered when this handler returns.
    raise(signal_number);
}

void onetime_crash_wipe_install(void) {
    static unsigned char alternate[96 * 1024];
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate, .ss_flags = 0};
    sigaltstack(&stack, NULL);
    static const int fatal[] = {SIGSEGV, SIGILL, SIGBUS, SIGABRT, SIGFPE, SIGTRAP, SIGQUIT, SIGSYS};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        struct sigaction action = {0};
        action.sa_handler = wipe_and_die;
        action.sa_flags = (int)(SA_ONSTACK | SA_RESETHAND);
        sigfillset(&action.sa_mask);
        sigaction(fatal[i], &action, NULL);
    }
}

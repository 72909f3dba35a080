// Shims over variadic system calls, and threads.
#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

int onetime_memfd_secret(void) {
    return (int)syscall(SYS_memfd_secret, 02000000 /* O_CLOEXEC */);
}

int onetime_prctl(int option, unsigned long value) {
    return prctl(option, value, 0UL, 0UL, 0UL);
}

struct start {
    void (*body)(void *);
    void *context;
    char name[16];
};

static void *run(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    // By prctl, for the thread itself: pthread_setname_np writes to a file under /proc.
    prctl(PR_SET_NAME, start.name, 0UL, 0UL, 0UL);
    start.body(start.context);
    return NULL;
}

int onetime_thread_start(void (*body)(void *), void *context, size_t stack_bytes, const char *name) {
    struct start *start = malloc(sizeof *start);
    if (start == NULL) return ENOMEM;
    *start = (struct start){.body = body, .context = context};
    strncpy(start->name, name, sizeof start->name - 1);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, run, start);
    if (error != 0) free(start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

int onetime_socket_unacknowledged(int descriptor) {
    int count = 0;
    return ioctl(descriptor, TIOCOUTQ, &count) != 0 ? -1 : count;
}

int onetime_pipe_capacity(int descriptor, int *waiting) {
    int capacity = fcntl(descriptor, F_GETPIPE_SZ);
    return capacity < 0 || ioctl(descriptor, FIONREAD, waiting) != 0 ? -1 : capacity;
}

void onetime_pipe_enlarge(int descriptor, int capacity) {
    int waiting = 0;
    int before = onetime_pipe_capacity(descriptor, &waiting);
    if (before >= 0 && before < capacity && waiting == 0) fcntl(descriptor, F_SETPIPE_SZ, capacity);
}

int onetime_send_datagrams(int socket, const void *bytes, size_t start, const size_t *ends, size_t count) {
    struct mmsghdr messages[64];
    struct iovec parts[64];
    if (count > 64) count = 64;
    for (size_t index = 0; index < count; index++) {
        parts[index] = (struct iovec){(unsigned char *)bytes + start, ends[index] - start};
        messages[index] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[index], .msg_iovlen = 1}};
        start = ends[index];
    }
    return sendmmsg(socket, messages, (unsigned)count, MSG_NOSIGNAL);
}

// Others may write there meanwhile: what is read is not used, only that it is read.
__attribute__((no_sanitize("thread"))) void onetime_touch(const void *bytes, size_t count) {
    const volatile unsigned char *page = bytes;
    for (size_t offset = 0; offset < count; offset += 4096) (void)page[offset];
}

extern const char __executable_start[], etext[];

void onetime_release_code(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)__executable_start + page - 1) / page * page;
    uintptr_t end = (uintptr_t)etext / page * page;
    if (end <= start) return;
    // Small pages: a page of 2 MiB for the sake of one function would be a quarter of the process.
    madvise((void *)start, end - start, MADV_NOHUGEPAGE);
    madvise((void *)start, end - start, MADV_DONTNEED);
}

// The scanner's own test subject: puts bytes where a careless program leaves them, and waits.
//
// Reads lines "PLACE HEX" from stdin and wipes what it read; prints "ready" after a line "go" and sleeps (30 s at
// most).
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint8_t registers[64];
static volatile int in_registers;

static void *hold_in_registers(void *unused) {
    (void)unused;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) __asm__ volatile("vmovdqu64 %0, %%zmm20" : : "m"(registers));
    else __asm__ volatile("movdqu %0, %%xmm7" : : "m"(registers));
    explicit_bzero(registers, sizeof registers);
    in_registers = 1;
    for (;;) __asm__ volatile("pause");
#endif
    in_registers = 1;
    pause();
    return NULL;
}

static void *pages(int flags, int fd) { return mmap(NULL, 8192, PROT_READ | PROT_WRITE, flags, fd, 0); }

static void put(const char *place, const uint8_t *bytes, size_t length, uint8_t *stack) {
    uint8_t *at = NULL;
    if (!strcmp(place, "heap")) at = malloc(length);
    else if (!strcmp(place, "stack")) at = stack;
    else if (!strcmp(place, "shared")) at = pages(MAP_SHARED | MAP_ANONYMOUS, -1);
    else if (!strcmp(place, "file")) {  // a private mapping of a file, changed in memory only
        FILE *self = fopen("/proc/self/exe", "r");
        at = pages(MAP_PRIVATE, fileno(self));
        fclose(self);
    } else if (!strcmp(place, "secret")) {
        int fd = (int)syscall(SYS_memfd_secret, 0);
        if (fd < 0 || ftruncate(fd, 8192)) { printf("no memfd_secret\n"); return; }
        at = pages(MAP_SHARED, fd);
        close(fd);
    } else if (!strcmp(place, "registers")) {
        memcpy(registers, bytes, sizeof registers);
        pthread_t thread;
        pthread_create(&thread, NULL, hold_in_registers, NULL);
        while (!in_registers) usleep(1000);
        return;
    } else at = pages(MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (!at || at == MAP_FAILED) { printf("no %s\n", place); return; }
    memcpy(at, bytes, length);
    if (!strcmp(place, "dontdump")) madvise(at, 8192, MADV_DONTDUMP), mlock(at, 8192);
    if (!strcmp(place, "none")) mprotect(at, 8192, PROT_NONE);
}

int main(void) {
    static char line[20000], byte;
    static uint8_t bytes[10000];
    uint8_t stack[1024] = {0};
    prctl(PR_SET_DUMPABLE, 0);
    size_t have = 0;
    while (read(0, &byte, 1) == 1) {
        if (byte != '\n') { if (have < sizeof line - 1) line[have++] = byte; continue; }
        line[have] = 0;
        if (!strcmp(line, "go")) break;
        char *hex = strchr(line, ' ');
        if (!hex) return 2;
        *hex++ = 0;
        size_t length = strlen(hex) / 2;
        for (size_t i = 0; i < length; i++) {
            unsigned value;
            sscanf(hex + 2 * i, "%2x", &value);
            bytes[i] = (uint8_t)value;
        }
        put(line, bytes, length, stack);
        explicit_bzero(bytes, sizeof bytes);
        explicit_bzero(line, sizeof line);
        have = 0;
    }
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) __asm__ volatile("vpxorq %%zmm16, %%zmm16, %%zmm16" : :);
#endif
    printf("ready\n");
    fflush(stdout);
    sleep(30);
    return stack[0] ? 0 : 1;
}

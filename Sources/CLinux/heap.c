// The allocator's wiping free: every heap block of the process, Swift's and OpenSSL's included, is zeroed before it goes back
// to glibc. The linker puts these in place (--wrap=free, --wrap=realloc, --wrap=reallocarray); elsewhere they lie unused.
#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void __real_free(void *block) __attribute__((weak));
void *__real_realloc(void *block, size_t size) __attribute__((weak));
void __wrap_free(void *block);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_reallocarray(void *block, size_t count, size_t size);

void __wrap_free(void *block) {
    if (block == NULL) return;
    onetime_wipe(block, malloc_usable_size(block));
    __real_free(block);
}

void *__wrap_realloc(void *block, size_t size) {
    if (block == NULL) return malloc(size);
    if (size == 0) {
        __wrap_free(block);
        return NULL;
    }
    // glibc may move the bytes and leave the old ones behind, so the move is made here.
    size_t old = malloc_usable_size(block);
    if (size <= old && old - size < old / 4) return block;
    void *moved = malloc(size);
    if (moved == NULL) return NULL;
    memcpy(moved, block, old < size ? old : size);
    __wrap_free(block);
    return moved;
}

void *__wrap_reallocarray(void *block, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return __wrap_realloc(block, total);
}

int onetime_heap_is_wiped(void) {
#ifdef ONETIME_ABLATE_WIPING
    return 0;
#else
    return __real_free != NULL;
#endif
}

void onetime_heap_trim(void) {
    malloc_trim(0);
}

void onetime_heap_configure(void) {
    mallopt(M_MMAP_THRESHOLD, 64 * 1024);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
    mallopt(M_ARENA_MAX, 1);
}

// OpenSSL's allocator: blocks of the size in which libssl holds one TLS record, decrypted or not yet encrypted, come from
// protected memory as long as there is some; everything else from the heap, whose blocks are wiped when they are freed.
#define _GNU_SOURCE
#include "CLinux.h"
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// libssl's two buffers of a connection take 16 KiB of content and some hundred bytes around it; nothing else of its comes
// in this size.
enum { smallest = 16384, block_size = 17408 };

static unsigned char *region;
static size_t block_count;
// A bit for each block that is lent; libssl works on the loop's thread, but OpenSSL allocates on others, too.
static _Atomic uint64_t lent;

size_t onetime_record_block_size(void) {
    return block_size;
}

void onetime_records_use(void *bytes, size_t count) {
    region = bytes;
    block_count = count / block_size < 64 ? count / block_size : 64;
}

static int is_ours(const void *block) {
    const unsigned char *bytes = block;
    return region != NULL && bytes >= region && bytes < region + block_count * block_size;
}

static void *borrow(void) {
    uint64_t before = atomic_load_explicit(&lent, memory_order_relaxed);
    for (;;) {
        const unsigned index = before == UINT64_MAX ? 64 : (unsigned)__builtin_ctzll(~before);
        if (index >= block_count) return NULL;
        if (atomic_compare_exchange_weak(&lent, &before, before | UINT64_C(1) << index)) return region + index * block_size;
    }
}

static void give_back(void *block) {
    onetime_wipe(block, block_size);
    const size_t index = (size_t)((unsigned char *)block - region) / block_size;
    atomic_fetch_and(&lent, ~(UINT64_C(1) << index));
}

void *onetime_records_malloc(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    if (size >= smallest && size <= block_size) {
        void *block = borrow();
        if (block != NULL) return block;
    }
    return malloc(size);
}

void onetime_records_free(void *block, const char *file, int line) {
    (void)file;
    (void)line;
    if (is_ours(block)) give_back(block);
    else free(block);
}

void *onetime_records_realloc(void *block, size_t size, const char *file, int line) {
    if (!is_ours(block)) return realloc(block, size);
    if (size > 0 && size <= block_size) return block;
    void *moved = size > 0 ? malloc(size) : NULL;
    if (moved != NULL) memcpy(moved, block, block_size);
    if (moved != NULL || size == 0) onetime_records_free(block, file, line);
    return moved;
}

// Wiping of what the language cannot name: vector registers and the dead part of the stack.
//
// memcpy and the ciphers leave the last bytes they moved in vector registers, where they stay for as long as nobody else
// uses that register; a dump of the process includes them. On AVX-512 machines vzeroall does not reach zmm16-31.
#define _GNU_SOURCE
#include "CLinux.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

void onetime_wipe(void *bytes, size_t count) {
#ifndef ONETIME_ABLATE_WIPING
    explicit_bzero(bytes, count);
#else
    (void)bytes;
    (void)count;
#endif
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vl"), noinline)) static void clear_avx512(void) {
    __asm__ volatile("vzeroall\n\t"
                     "vpxorq %%xmm16,%%xmm16,%%xmm16\n\tvpxorq %%xmm17,%%xmm17,%%xmm17\n\t"
                     "vpxorq %%xmm18,%%xmm18,%%xmm18\n\tvpxorq %%xmm19,%%xmm19,%%xmm19\n\t"
                     "vpxorq %%xmm20,%%xmm20,%%xmm20\n\tvpxorq %%xmm21,%%xmm21,%%xmm21\n\t"
                     "vpxorq %%xmm22,%%xmm22,%%xmm22\n\tvpxorq %%xmm23,%%xmm23,%%xmm23\n\t"
                     "vpxorq %%xmm24,%%xmm24,%%xmm24\n\tvpxorq %%xmm25,%%xmm25,%%xmm25\n\t"
                     "vpxorq %%xmm26,%%xmm26,%%xmm26\n\tvpxorq %%xmm27,%%xmm27,%%xmm27\n\t"
                     "vpxorq %%xmm28,%%xmm28,%%xmm28\n\tvpxorq %%xmm29,%%xmm29,%%xmm29\n\t"
                     "vpxorq %%xmm30,%%xmm30,%%xmm30\n\tvpxorq %%xmm31,%%xmm31,%%xmm31\n\t" ::
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                           "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19", "xmm20",
                           "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30",
                           "xmm31");
}
__attribute__((target("avx"), noinline)) static void clear_avx(void) {
    __asm__ volatile("vzeroall" ::: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                     "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}
__attribute__((noinline)) static void clear_sse(void) {
    __asm__ volatile("pxor %%xmm0,%%xmm0\n\tpxor %%xmm1,%%xmm1\n\tpxor %%xmm2,%%xmm2\n\tpxor %%xmm3,%%xmm3\n\t"
                     "pxor %%xmm4,%%xmm4\n\tpxor %%xmm5,%%xmm5\n\tpxor %%xmm6,%%xmm6\n\tpxor %%xmm7,%%xmm7\n\t"
                     "pxor %%xmm8,%%xmm8\n\tpxor %%xmm9,%%xmm9\n\tpxor %%xmm10,%%xmm10\n\tpxor %%xmm11,%%xmm11\n\t"
                     "pxor %%xmm12,%%xmm12\n\tpxor %%xmm13,%%xmm13\n\tpxor %%xmm14,%%xmm14\n\tpxor %%xmm15,%%xmm15" ::
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                           "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}
static void clear_registers(void) {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) clear_avx512();
    else if (__builtin_cpu_supports("avx")) clear_avx();
    else clear_sse();
}
#elif defined(__aarch64__)
static void clear_registers(void) {
    __asm__ volatile(
        "movi v0.2d,#0\n\tmovi v1.2d,#0\n\tmovi v2.2d,#0\n\tmovi v3.2d,#0\n\tmovi v4.2d,#0\n\tmovi v5.2d,#0\n\t"
        "movi v6.2d,#0\n\tmovi v7.2d,#0\n\tmovi v16.2d,#0\n\tmovi v17.2d,#0\n\tmovi v18.2d,#0\n\tmovi v19.2d,#0\n\t"
        "movi v20.2d,#0\n\tmovi v21.2d,#0\n\tmovi v22.2d,#0\n\tmovi v23.2d,#0\n\tmovi v24.2d,#0\n\tmovi v25.2d,#0\n\t"
        "movi v26.2d,#0\n\tmovi v27.2d,#0\n\tmovi v28.2d,#0\n\tmovi v29.2d,#0\n\tmovi v30.2d,#0\n\tmovi v31.2d,#0" ::
            : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
              "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}
#else
static void clear_registers(void) {}
#endif

// Zeroes words without a call, whose frame would be left below them.
static inline void clear_words(void *words, size_t bytes) {
#if defined(__x86_64__)
    size_t count = bytes / 8;
    __asm__ volatile("rep stosq" : "+D"(words), "+c"(count) : "a"(0L) : "memory");
#else
    for (volatile uint64_t *word = words; bytes > 0; bytes -= 8) *word++ = 0;
#endif
}

// What a request of the API leaves on the stack fits the first. The stack below it was zeroed before and is looked at: whatever
// went deeper left its frames there, and then all is cleared as deep as anything goes below the event loop, pages included.
enum { shallow = 10 * 1024, lookout = 4 * 1024, deep = 64 * 1024 };

__attribute__((noinline)) static bool clear_shallow(void) {
    uint64_t dead[(lookout + shallow) / 8], found = 0;
    const uint64_t *below = dead;
    clear_words(dead + lookout / 8, shallow);
    // Keeps the compiler from drawing conclusions from what this function never wrote.
    __asm__ volatile("" : "+r"(below) : : "memory");
    for (size_t i = 0; i < lookout / 8; i++) found |= below[i];
    return found == 0;
}

__attribute__((noinline)) static void clear_deep(void) {
    uint64_t dead[deep / 8];
    clear_words(dead, deep);
}

void onetime_scrub(void) {
#ifndef ONETIME_ABLATE_WIPING
    if (!clear_shallow()) clear_deep();
    clear_registers();
#endif
}

// Declarations that Swift's Glibc module leaves out, one-line shims over variadic calls and macros, and the few routines
// that have to be written below the language: wiping of registers and stack, crash handlers, the wiping allocator.
#ifndef ONETIME_CLINUX_H
#define ONETIME_CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

// Sockets: hidden behind _GNU_SOURCE in the headers that the importer sees.
int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);

// Memory that the kernel takes out of its own map (memfd_secret(2)); -1 and errno where the kernel has none.
int onetime_memfd_secret(void);

// prctl(2) without its variadic signature.
int onetime_prctl(int option, unsigned long value);

// Zeroes every vector register and the stack below the caller. Call it where a request that moved content has ended.
void onetime_scrub(void);

// Zeroes bytes in a way that no optimiser drops.
void onetime_wipe(void *bytes, size_t count);

// Registers memory that is wiped when the process crashes; at most 16 regions, -1 when there is no room.
int onetime_crash_wipe_add(void *bytes, size_t count);
// The same for pages that are mostly untouched: a crash gives them back to the kernel instead of writing to each.
int onetime_crash_discard_add(void *bytes, size_t count);
// Takes a region off that list again.
void onetime_crash_wipe_remove(void *bytes);
// Installs handlers that wipe the regions and the registers and then die of the signal, in place of Swift's backtracer.
void onetime_crash_wipe_install(void);

// Whether freed heap memory is wiped in this executable: only one that is linked with --wrap=free is.
int onetime_heap_is_wiped(void);
// Gives free heap pages back to the kernel.
void onetime_heap_trim(void);
// Makes glibc hand blocks of 64 KiB and more back to the kernel as soon as they are freed, and use one heap for all threads.
void onetime_heap_configure(void);

// OpenSSL's allocator (CRYPTO_set_mem_functions): TLS records lie in these bytes, which live as long as the process; at most
// 64 at a time.
void onetime_records_use(void *bytes, size_t count);
size_t onetime_record_block_size(void);
void *onetime_records_malloc(size_t size, const char *file, int line);
void *onetime_records_realloc(void *block, size_t size, const char *file, int line);
void onetime_records_free(void *block, const char *file, int line);

// Reads one byte of each page, so that the kernel backs all of them.
void onetime_touch(const void *bytes, size_t count);
// Lets go of the executable's code pages; those that are used again come back from the page cache.
void onetime_release_code(void);

// A thread that runs the function with the context, with all signals blocked and a name of up to 15 bytes; 0 or an errno.
int onetime_thread_start(void (*body)(void *), void *context, size_t stack_bytes, const char *name);

// How many bytes of a socket were sent and not acknowledged; -1 where that is not known.
int onetime_socket_unacknowledged(int descriptor);

// How many bytes a pipe holds, and how many are in it; -1 where a descriptor is no pipe.
int onetime_pipe_capacity(int descriptor, int *waiting);
// Has an empty pipe hold so many bytes, where that is more than it does and is allowed.
void onetime_pipe_enlarge(int descriptor, int capacity);

// sendmmsg(2) without SIGPIPE, of up to 64 of `count` datagrams that lie one behind the other: the first begins at `start`, each ends
// where `ends` says. Returns how many were sent, or -1.
int onetime_send_datagrams(int socket, const void *bytes, size_t start, const size_t *ends, size_t count);

// Has the processor fetch a cache line that is going to be written; harmless for any address.
static inline void onetime_prefetch_for_writing(const void *byte) { __builtin_prefetch(byte, 1, 3); }

// Files of the page, embedded at build time.
enum onetime_asset {
    onetime_asset_style_css,
    onetime_asset_page_js,
    onetime_asset_seal_js,
    onetime_asset_receipt_js,
    onetime_asset_reveal_js,
    onetime_asset_qr_js,
    onetime_asset_make_js,
    onetime_asset_icon_svg,
};
// The bytes of a file, which live as long as the process, and how many they are.
const unsigned char *onetime_asset(enum onetime_asset asset, size_t *count);

#endif

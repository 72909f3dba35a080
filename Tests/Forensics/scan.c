// Searches a frozen process, a process on its way out, or a core file for surviving pieces of canaries.
//
//   scan live PID PATTERNS            freeze every thread, read all memory and registers, let go
//   scan exit PID PATTERNS SECONDS    print "armed", wait until the process exits, search it before its memory is gone
//   scan file PATH PATTERNS           search a core file
//
// PATTERNS holds records of four little-endian 32-bit numbers (disguise, least run, length, 0) and the bytes. Every
// window of eight bytes of every disguise is looked for; a window found is followed both ways, and counts if the run is
// long enough. Lines printed: hit (disguise, length, address, region, and the bytes of a run of at most SHOWN in base 16), unread,
// threads, exited, scanned. Only for Linux; registers are complete on x86-64.
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif
enum { PIECE = 1 << 20, OVERLAP = 4096, MAX_THREADS = 1024, MAX_HITS = 200, SHOWN = 64 };  // hits printed for one disguise

struct disguise { const uint8_t *bytes; uint32_t length, least, number, hits; };
struct window { uint64_t value; uint32_t disguise, offset, next; };

static struct disguise *disguises;
static uint32_t disguise_count, window_count, *buckets, bucket_mask, hits;
static struct window *windows;
static uint64_t *bitmap, scanned;
static unsigned bitmap_shift;

static void fail(const char *what) { fprintf(stderr, "scan: %s: %s\n", what, strerror(errno)); exit(3); }

static uint64_t load(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static uint64_t spread(uint64_t v) { return v * 0x9E3779B97F4A7C15ull; }

static void read_patterns(const char *path) {
    int fd = open(path, O_RDONLY);
    struct stat info;
    if (fd < 0 || fstat(fd, &info)) fail(path);
    uint8_t *data = malloc((size_t)info.st_size + 1);
    for (off_t have = 0; have < info.st_size;) {
        ssize_t n = read(fd, data + have, (size_t)(info.st_size - have));
        if (n <= 0) fail(path);
        have += n;
    }
    close(fd);
    uint64_t total = 0;
    for (int pass = 0; pass < 2; pass++) {
        uint32_t count = 0;
        for (off_t at = 0; at + 16 <= info.st_size; count++) {
            uint32_t head[4];
            memcpy(head, data + at, 16);
            if (pass) disguises[count] = (struct disguise){data + at + 16, head[2], head[1], head[0], 0};
            else if (head[2] >= 8) total += head[2] - 7;
            at += 16 + head[2];
        }
        if (!pass) disguises = calloc(count + 1, sizeof *disguises);
        disguise_count = count;
    }
    unsigned bits = 10;
    while ((1ull << bits) < total * 2) bits++;
    buckets = calloc(1ull << bits, sizeof *buckets);
    bucket_mask = (uint32_t)((1ull << bits) - 1);
    unsigned map_bits = bits + 3 < 20 ? 20 : bits + 3;
    bitmap = calloc((1ull << map_bits) / 64, 8);
    bitmap_shift = 64 - map_bits;
    windows = calloc(total + 1, sizeof *windows);
    if (!buckets || !bitmap || !windows) fail("memory");
    window_count = 1;
    for (uint32_t d = 0; d < disguise_count; d++)
        for (uint32_t o = 0; o + 8 <= disguises[d].length; o++) {
            uint64_t value = load(disguises[d].bytes + o), mixed = spread(value);
            uint32_t bucket = (uint32_t)(mixed >> 20) & bucket_mask;
            bitmap[(mixed >> bitmap_shift) / 64] |= 1ull << ((mixed >> bitmap_shift) % 64);
            windows[window_count] = (struct window){value, d, o, buckets[bucket]};
            buckets[bucket] = window_count++;
        }
}

// Reports every run found in `data`; `address` is where data[0] stands. Runs that end before `fresh` were reported
// before.
static void search(const uint8_t *data, size_t size, size_t fresh, uint64_t address, const char *region) {
    scanned += size - fresh;
    if (size < 8) return;
    for (size_t p = 0; p + 8 <= size; p++) {
        uint64_t value = load(data + p), mixed = spread(value);
        uint64_t bit = mixed >> bitmap_shift;
        if (!(bitmap[bit / 64] >> (bit % 64) & 1)) continue;
        size_t best = 0, best_start = p;
        uint32_t best_disguise = 0;
        for (uint32_t w = buckets[(uint32_t)(mixed >> 20) & bucket_mask]; w; w = windows[w].next) {
            if (windows[w].value != value) continue;
            const struct disguise *d = &disguises[windows[w].disguise];
            size_t start = p, end = p + 8, left = windows[w].offset, right = left + 8;
            while (start > 0 && left > 0 && data[start - 1] == d->bytes[left - 1]) start--, left--;
            while (end < size && right < d->length && data[end] == d->bytes[right]) end++, right++;
            if (end - start >= d->least && end - start > best)
                best = end - start, best_start = start, best_disguise = windows[w].disguise;
        }
        if (!best) continue;
        if (best_start + best > fresh && ++hits && disguises[best_disguise].hits++ < MAX_HITS) {
            printf("hit\t%u\t%zu\t%llx\t%s\t", disguises[best_disguise].number, best,
                   (unsigned long long)(address + best_start), region);
            for (size_t i = 0; best <= SHOWN && i < best; i++) printf("%02x", data[best_start + i]);
            putchar('\n');
        }
        p = best_start + best - 8 > p ? best_start + best - 8 : p;
    }
}

static void search_range(int memory, uint64_t start, uint64_t end, const char *region, uint64_t page,
                         uint64_t *unread) {
    static uint8_t buffer[OVERLAP + PIECE];
    size_t kept = 0;
    for (uint64_t at = start; at < end;) {
        size_t want = end - at > PIECE ? PIECE : (size_t)(end - at);
        ssize_t got = pread(memory, buffer + kept, want, (off_t)at);
        if (got <= 0) {
            *unread += page;
            at += page;
            kept = 0;
            continue;
        }
        search(buffer, kept + (size_t)got, kept, at - kept, region);
        size_t all = kept + (size_t)got, keep = all < OVERLAP ? all : OVERLAP;
        memmove(buffer, buffer + all - keep, keep);
        kept = keep;
        at += (uint64_t)got;
    }
}

// Reads what the process could have written: no untouched pages, no pages of a private file mapping that are still the
// file's.
static void search_memory(pid_t pid) {
    char path[64], line[4600];
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    if (memory < 0) fail(path);
    snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
    int pagemap = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "re");
    if (!maps) fail(path);
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), entries[512];
    while (fgets(line, sizeof line, maps)) {
        unsigned long long start, end, inode;
        char mode[8], name[4200] = "";
        if (sscanf(line, "%llx-%llx %7s %*s %*s %llu %4199[^\n]", &start, &end, mode, &inode, name) < 4) continue;
        char *shown = name;
        while (*shown == ' ') shown++;
        if (!*shown) shown = "anonymous";
        if (!strncmp(shown, "[vvar", 5) || !strcmp(shown, "[vsyscall]")) continue;
        int shared = mode[3] == 's', file = inode != 0;
        char region[4300];
        snprintf(region, sizeof region, "%s %s", shown, mode);
        uint64_t unread = 0, from = 0;
        int open_run = 0;
        for (uint64_t at = start; at < end;) {
            uint64_t count = (end - at) / page > 512 ? 512 : (end - at) / page;
            ssize_t got = shared ? -1 : pread(pagemap, entries, count * 8, (off_t)(at / page * 8));
            for (uint64_t i = 0; i < count; i++, at += page) {
                int take = 1;
                if (got > (ssize_t)(i * 8)) {
                    int present = (int)(entries[i] >> 63), swapped = (int)(entries[i] >> 62 & 1);
                    int cached = (int)(entries[i] >> 61 & 1);
                    take = (present || swapped) && !(file && cached);
                }
                if (take && !open_run) from = at, open_run = 1;
                if (!take && open_run) search_range(memory, from, at, region, page, &unread), open_run = 0;
            }
        }
        if (open_run) search_range(memory, from, end, region, page, &unread);
        if (unread) printf("unread\t%llu\t%s\n", (unsigned long long)unread, region);
    }
    fclose(maps);
    if (pagemap >= 0) close(pagemap);
    close(memory);
}

static void search_registers(pid_t tid) {
    static uint8_t state[65536], wide[16 * 64];
    char region[64];
    struct iovec part = {state, sizeof state};
    snprintf(region, sizeof region, "registers of thread %d", tid);
    if (!ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &part)) search(state, part.iov_len, 0, 0, region);
    else printf("unread\t0\t%s: %s\n", region, strerror(errno));
    part = (struct iovec){state, sizeof state};
#if defined(__x86_64__)
    snprintf(region, sizeof region, "vector registers of thread %d", tid);
    if (ptrace(PTRACE_GETREGSET, tid, NT_X86_XSTATE, &part)) {
        printf("unread\t0\t%s: %s\n", region, strerror(errno));
        return;
    }
    search(state, part.iov_len, 0, 0, region);
    if (part.iov_len < 1152 + 512) return;
    for (int i = 0; i < 16; i++) {  // xmm, the upper half of ymm and of zmm stand apart: put each register together
        memcpy(wide + i * 64, state + 160 + i * 16, 16);
        memcpy(wide + i * 64 + 16, state + 576 + i * 16, 16);
        memcpy(wide + i * 64 + 32, state + 1152 + i * 32, 32);
    }
    search(wide, sizeof wide, 0, 0, region);
#else
    snprintf(region, sizeof region, "vector registers of thread %d", tid);
    if (!ptrace(PTRACE_GETREGSET, tid, NT_FPREGSET, &part)) search(state, part.iov_len, 0, 0, region);
#endif
}

static struct { pid_t tid; int leaving, gone; double since; } threads[MAX_THREADS];
static int thread_count;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int place_of(pid_t tid) {
    for (int i = 0; i < thread_count; i++) if (threads[i].tid == tid) return i;
    if (thread_count == MAX_THREADS) { errno = ENOMEM; fail("threads"); }
    threads[thread_count].tid = tid;
    return thread_count++;
}

static void seize_all(pid_t pid, unsigned long options, int freeze) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    for (int before = -1; before != thread_count;) {  // again until no new thread shows up
        before = thread_count;
        DIR *tasks = opendir(path);
        if (!tasks) fail(path);
        for (struct dirent *entry; (entry = readdir(tasks));) {
            pid_t tid = (pid_t)atoi(entry->d_name);
            int known = 0;
            for (int i = 0; i < thread_count; i++) known |= threads[i].tid == tid;
            if (tid <= 0 || known) continue;
            if (ptrace(PTRACE_SEIZE, tid, 0, options)) {
                if (errno == ESRCH || (options && errno == EPERM)) continue;
                fail("PTRACE_SEIZE");
            }
            place_of(tid);
            if (!freeze) continue;
            int status;
            if (ptrace(PTRACE_INTERRUPT, tid, 0, 0)) fail("PTRACE_INTERRUPT");
            if (waitpid(tid, &status, __WALL) < 0) fail("waitpid");
        }
        closedir(tasks);
    }
}

static void search_live(pid_t pid) {
    seize_all(pid, 0, 1);
    search_memory(pid);
    for (int i = 0; i < thread_count; i++) search_registers(threads[i].tid);
    for (int i = 0; i < thread_count; i++) ptrace(PTRACE_DETACH, threads[i].tid, 0, 0);
    printf("threads\t%d\n", thread_count);
}

// Returns once the process is gone. A thread that ends alone is let go after its registers were searched; when the main
// thread is on its way out and every other one too, the memory is searched.
static void search_at_exit(pid_t pid, double seconds) {
    unsigned long options = PTRACE_O_TRACEEXIT | PTRACE_O_TRACECLONE;
    seize_all(pid, options, 0);
    printf("armed\n");
    fflush(stdout);
    int searched = 0;
    for (double deadline = now() + seconds; now() < deadline;) {
        int status;
        pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);
        if (tid > 0) {
            int place = place_of(tid);
            if (!WIFSTOPPED(status)) {
                threads[place].gone = 1;
                if (tid != pid) continue;
                if (WIFEXITED(status)) printf("exited\tcode\t%d\n", WEXITSTATUS(status));
                else printf("exited\tsignal\t%d\n", WTERMSIG(status));
                printf("threads\t%d\n", thread_count);
                if (!searched) { fprintf(stderr, "scan: the process was gone before it could be searched\n"); exit(3); }
                return;
            }
            int event = status >> 16;
            if (event == PTRACE_EVENT_EXIT) {
                threads[place].leaving = 1;
                threads[place].since = now();
            } else {
                int pass = event ? 0 : WSTOPSIG(status);
                ptrace(PTRACE_CONT, tid, 0, pass);
            }
            continue;
        }
        int staying = 0, main_leaves = 0;
        double longest = 0;
        for (int i = 0; i < thread_count; i++) {
            if (threads[i].gone || threads[i].leaving == 2) continue;
            if (!threads[i].leaving) { staying++; continue; }
            if (threads[i].tid == pid) main_leaves = 1;
            if (now() - threads[i].since > longest) longest = now() - threads[i].since;
        }
        if (main_leaves && (!staying || longest > 2) && !searched) {
            search_memory(pid);
            searched = 1;
        }
        if (longest > 0 && (searched || longest > 0.3))
            for (int i = 0; i < thread_count; i++) {
                if (threads[i].leaving != 1 || threads[i].gone || (threads[i].tid == pid && !searched)) continue;
                search_registers(threads[i].tid);
                threads[i].leaving = 2;
                ptrace(PTRACE_CONT, threads[i].tid, 0, 0);
            }
        usleep(1000);
    }
    fprintf(stderr, "scan: the process did not exit in time\n");
    exit(4);
}

static void search_file(const char *path) {
    int fd = open(path, O_RDONLY);
    struct stat info;
    if (fd < 0 || fstat(fd, &info)) fail(path);
    if (!info.st_size) return;
    uint8_t *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) fail(path);
    search(data, (size_t)info.st_size, 0, 0, "core file");
}

int main(int count, char **arguments) {
    if (count < 4) { fprintf(stderr, "usage: scan live|exit|file PID|PATH PATTERNS [SECONDS]\n"); return 2; }
    read_patterns(arguments[3]);
    if (!strcmp(arguments[1], "live")) search_live((pid_t)atoi(arguments[2]));
    else if (!strcmp(arguments[1], "file")) search_file(arguments[2]);
    else if (!strcmp(arguments[1], "exit"))
        search_at_exit((pid_t)atoi(arguments[2]), count > 4 ? atof(arguments[4]) : 20);
    else return 2;
    printf("scanned\t%llu\t%u\n", (unsigned long long)scanned, hits);
    return 0;
}

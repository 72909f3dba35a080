// Starts a program whose clocks a test moves, without a line in that program that knows of it.
//
//     moving_clock PAGE -- COMMAND ARGUMENT...
//
// PAGE is a descriptor of a shared page (struct page below, written by moving_clock.py): what to add to the wall clock and to the
// clock that counts suspended time, or where both stand still, and the timers.
//
// The program becomes COMMAND itself, so that whoever started it has its process id, its exit code and its signals. A tracer that is
// nobody's child holds it by ptrace and ends with it; if the tracer dies first, the kernel kills the program. A seccomp filter stops
// only what asks for the time; everything else runs at full speed. At such a stop the tracer touches nothing but registers: it sends
// the thread to a page of code which was mapped at the start, and which asks the kernel and adds what has to be added. So it works with
// a process that has made its memory unreadable (PR_SET_DUMPABLE), too. The vDSO, which tells the time without the kernel, is hidden.
//
// CLOCK_MONOTONIC is left alone: only the C library uses it, for waiting.
//
// Exits with 77 where ptrace or seccomp is not permitted, and says so.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { not_permitted = 77, page_bytes = 4096, timer_count = 8 };

#if !defined(__x86_64__)

int main(void) {
    fputs("moving_clock: written for x86-64 only\n", stderr);
    return not_permitted;
}

#else

#define CODE_ADDRESS 0x6d6f76000000ul
#define PAGE_ADDRESS 0x6d6f76100000ul

// All times in nanoseconds. moving_clock.py has the same layout.
struct timer {
    int64_t deadline;   // of the moved clock; 0 is none
    int64_t interval;
    int32_t source;     // the descriptor that the test shares
    int32_t descriptor; // the program's own, or -1
};
struct page {
    uint64_t sequence; // odd while the test writes
    int64_t wall;      // added, or where it stands still
    int64_t boot;
    uint64_t stands;
    uint64_t timers_used;
    struct timer timers[timer_count];
};

// MARK: what runs within the program. Calls nothing, and has no data of its own.

#define INSIDE __attribute__((section("inside"), noinline, used, target("general-regs-only")))
#define INLINE static inline __attribute__((always_inline, target("general-regs-only")))

INLINE long kernel(long number, long a, long b, long c, long d) {
    long result;
    register long fourth __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
}

INLINE int64_t moved_time(volatile struct page *page, int is_wall) {
    for (;;) {
        uint64_t before = page->sequence;
        int64_t time = is_wall ? page->wall : page->boot;
        if (!page->stands) {
            struct timespec real;
            kernel(SYS_clock_gettime, is_wall ? CLOCK_REALTIME : CLOCK_BOOTTIME, (long)&real, 0, 0);
            time += real.tv_sec * 1000000000l + real.tv_nsec;
        }
        if (!(before & 1) && page->sequence == before) return time;
    }
}

// Sets a timer to when the moved clock will show its deadline. The test sets it anew when it moves the clock.
INLINE long set_timer(volatile struct page *page, volatile struct timer *timer) {
    for (;;) {
        uint64_t before = page->sequence;
        int64_t deadline = timer->deadline;
        struct itimerspec setting = {{0, 0}, {0, 0}};
        if (deadline && page->stands) {
            deadline = deadline <= page->boot ? 1 : 0;
        } else if (deadline) {
            deadline = deadline - page->boot > 1 ? deadline - page->boot : 1;
        }
        setting.it_value.tv_sec = deadline / 1000000000l;
        setting.it_value.tv_nsec = deadline % 1000000000l;
        setting.it_interval.tv_sec = timer->interval / 1000000000l;
        setting.it_interval.tv_nsec = timer->interval % 1000000000l;
        long result = kernel(SYS_timerfd_settime, timer->descriptor, TFD_TIMER_ABSTIME, (long)&setting, 0);
        if (result < 0 || (!(before & 1) && page->sequence == before)) return result;
    }
}

INSIDE long inside_call(long a, long b, long c, long d, long number) {
    volatile struct page *page = (struct page *)PAGE_ADDRESS;
    if (number == SYS_clock_gettime) {
        int64_t time = moved_time(page, a != CLOCK_BOOTTIME);
        ((struct timespec *)b)->tv_sec = time / 1000000000l;
        ((struct timespec *)b)->tv_nsec = time % 1000000000l;
        return 0;
    }
    if (number == SYS_gettimeofday) {
        int64_t time = moved_time(page, 1);
        if (a) {
            ((struct timeval *)a)->tv_sec = time / 1000000000l;
            ((struct timeval *)a)->tv_usec = time % 1000000000l / 1000;
        }
        return 0;
    }
    if (number == SYS_time) {
        int64_t seconds = moved_time(page, 1) / 1000000000l;
        if (a) *(time_t *)a = seconds;
        return seconds;
    }
    if (number == SYS_timerfd_create) {
        // The test's end of a shared timer does not block, so the program's cannot either.
        if (!(b & TFD_NONBLOCK)) return -EINVAL;
        uint64_t index = __atomic_fetch_add(&page->timers_used, 1, __ATOMIC_SEQ_CST);
        if (index >= timer_count) return -EMFILE;
        long result = kernel(
            SYS_fcntl, page->timers[index].source, b & TFD_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0, 0);
        if (result >= 0) page->timers[index].descriptor = (int32_t)result;
        return result;
    }
    // timerfd_settime
    for (int index = 0; index < timer_count; index++) {
        volatile struct timer *timer = &page->timers[index];
        if (timer->descriptor != a) continue;
        const struct itimerspec *setting = (struct itimerspec *)c;
        if (d) return -EINVAL;
        int64_t value = setting->it_value.tv_sec * 1000000000l + setting->it_value.tv_nsec;
        timer->interval = setting->it_interval.tv_sec * 1000000000l + setting->it_interval.tv_nsec;
        timer->deadline = value && !(b & TFD_TIMER_ABSTIME) ? value + moved_time(page, 0) : value;
        return set_timer(page, timer);
    }
    return kernel(number, a, b, c, d);
}

// Comes in with the registers of a system call: its number in rax, and where to go on in rcx, as the instruction leaves it.
__asm__(".pushsection inside, \"ax\", @progbits\n"
        "inside_entry:\n"
        "    lea -128(%rsp), %rsp\n" // a leaf function may keep something there
        "    pushfq\n"
        "    push %rcx\n"
        "    push %rdi\n"
        "    push %rsi\n"
        "    push %rdx\n"
        "    push %r8\n"
        "    push %r9\n"
        "    push %r10\n"
        "    push %rbp\n"
        "    mov %rsp, %rbp\n"
        "    and $-16, %rsp\n"
        "    mov %r10, %rcx\n"
        "    mov %rax, %r8\n"
        "    call inside_call\n"
        "    mov %rbp, %rsp\n"
        "    pop %rbp\n"
        "    pop %r10\n"
        "    pop %r9\n"
        "    pop %r8\n"
        "    pop %rdx\n"
        "    pop %rsi\n"
        "    pop %rdi\n"
        "    pop %rcx\n"
        "    popfq\n"
        "    lea 128(%rsp), %rsp\n"
        "    jmp *%rcx\n"
        ".popsection\n");
extern const unsigned char inside_entry[];
extern const unsigned char __start_inside[], __stop_inside[];

// MARK: the program, before it becomes the command

static void fail(const char *what) {
    fprintf(stderr, "moving_clock: %s: %s\n", what, strerror(errno));
    _exit(not_permitted);
}

// Stops calls that ask for the time, unless they come from the page of code.
static void filter_calls(void) {
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define HIGH_HALF(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field) + 4)
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
    struct sock_filter lines[] = {
        LOAD(arch),
        IS(AUDIT_ARCH_X86_64, 0, 16),
        HIGH_HALF(instruction_pointer),
        IS((uint32_t)(CODE_ADDRESS >> 32), 0, 3),
        LOAD(instruction_pointer),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(uint32_t)(page_bytes - 1)),
        IS((uint32_t)CODE_ADDRESS, 11, 0),
        LOAD(nr),
        IS(SYS_gettimeofday, 8, 0),
        IS(SYS_time, 7, 0),
        IS(SYS_timerfd_settime, 6, 0),
        IS(SYS_timerfd_create, 1, 0),
        IS(SYS_clock_gettime, 0, 5),
        LOAD(args[0]),
        IS(CLOCK_BOOTTIME, 2, 0),
        IS(CLOCK_REALTIME, 1, 0),
        IS(CLOCK_REALTIME_COARSE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof lines / sizeof lines[0], lines};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) fail("seccomp");
}

static int code_file(void) {
    int file = memfd_create("moving-clock", MFD_CLOEXEC);
    size_t count = (size_t)(__stop_inside - __start_inside);
    if (file < 0 || count > page_bytes || ftruncate(file, page_bytes)
        || pwrite(file, __start_inside, count, 0) != (ssize_t)count)
        fail("the page of code");
    return file;
}

// MARK: the tracer

static void trace(int request, pid_t thread, long address, long data) {
    // A thread may be killed at any moment; its end is told by waitpid.
    if (ptrace(request, thread, address, data) && errno != ESRCH) fail("ptrace");
}

// Overwrites the vDSO's entry of the auxiliary vector, which lies behind arguments and environment.
static void hide_vdso(pid_t program) {
    struct user_regs_struct registers;
    trace(PTRACE_GETREGS, program, 0, (long)&registers);
    long place = (long)registers.rsp;
    for (int lists = 0; lists < 2;) {
        place += 8;
        if (!ptrace(PTRACE_PEEKDATA, program, place, 0)) lists++;
    }
    for (place += 8;; place += 16) {
        long type = ptrace(PTRACE_PEEKDATA, program, place, 0);
        if (type == AT_NULL) return;
        if (type == AT_SYSINFO_EHDR) trace(PTRACE_POKEDATA, program, place, AT_IGNORE);
    }
}

// Waits for a stop of the program that is no signal.
static void await_stop(pid_t program, int wanted) {
    int status;
    if (waitpid(program, &status, __WALL) != program || !WIFSTOPPED(status) || WSTOPSIG(status) != wanted)
        fail("a stop that was not expected");
}

static long call_in(pid_t program, struct user_regs_struct registers, const long *arguments, long number) {
    registers.rax = (unsigned long)number;
    registers.orig_rax = -1ul;
    registers.rdi = (unsigned long)arguments[0];
    registers.rsi = (unsigned long)arguments[1];
    registers.rdx = (unsigned long)arguments[2];
    registers.r10 = (unsigned long)arguments[3];
    registers.r8 = (unsigned long)arguments[4];
    registers.r9 = (unsigned long)arguments[5];
    trace(PTRACE_SETREGS, program, 0, (long)&registers);
    trace(PTRACE_SINGLESTEP, program, 0, 0);
    await_stop(program, SIGTRAP);
    trace(PTRACE_GETREGS, program, 0, (long)&registers);
    return (long)registers.rax;
}

// Maps both pages into the program that was just loaded, and closes their files.
static void move_in(pid_t program, int code, int page) {
    hide_vdso(program);
    trace(PTRACE_SYSCALL, program, 0, 0);
    await_stop(program, SIGTRAP | 0x80);
    struct user_regs_struct registers;
    trace(PTRACE_GETREGS, program, 0, (long)&registers);
    long place = (long)registers.rip;
    long text = ptrace(PTRACE_PEEKTEXT, program, place, 0);
    trace(PTRACE_POKETEXT, program, place, (text & ~0xffffl) | 0x050f);
    long fixed = MAP_FIXED_NOREPLACE;
    const long code_map[6] = {(long)CODE_ADDRESS, page_bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | fixed, code, 0};
    const long page_map[6] = {(long)PAGE_ADDRESS, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | fixed, page, 0};
    const long closing[2][6] = {{code}, {page}};
    if (call_in(program, registers, code_map, SYS_mmap) != (long)CODE_ADDRESS
        || call_in(program, registers, page_map, SYS_mmap) != (long)PAGE_ADDRESS)
        fail("mapping the pages");
    for (int i = 0; i < 2; i++) call_in(program, registers, closing[i], SYS_close);
    trace(PTRACE_POKETEXT, program, place, text);
    trace(PTRACE_SETREGS, program, 0, (long)&registers);
}

static void redirect(pid_t thread) {
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, thread, 0, &registers)) return;
    registers.rax = registers.orig_rax;
    registers.orig_rax = -1ul; // the call itself is left out
    registers.rcx = registers.rip;
    registers.rip = CODE_ADDRESS + (unsigned long)(inside_entry - __start_inside);
    trace(PTRACE_SETREGS, thread, 0, (long)&registers);
}

static int follow(int code, int page) {
    int status;
    pid_t thread;
    while ((thread = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (thread < 0 || !WIFSTOPPED(status)) continue;
        int event = status >> 16, number = WSTOPSIG(status);
        switch (event) {
            case PTRACE_EVENT_SECCOMP: redirect(thread); break;
            case PTRACE_EVENT_EXEC: move_in(thread, code, page); break;
            case PTRACE_EVENT_STOP:
                if (number != SIGTRAP) {
                    // Stopped by SIGSTOP and its like: it stays stopped until SIGCONT.
                    trace(PTRACE_LISTEN, thread, 0, 0);
                    continue;
                }
                break;
            default: break;
        }
        trace(PTRACE_CONT, thread, 0, event ? 0 : number);
    }
    return 0;
}

// A grandchild, so that the program has no child of which it knows nothing.
static void start_tracer(pid_t program, int answer, int code, int page) {
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child > 0) {
        waitpid(child, NULL, 0);
        return;
    }
    pid_t tracer = fork();
    if (tracer) _exit(tracer < 0);
    setsid();
    long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK
                   | PTRACE_O_TRACEVFORK | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, program, 0, options)) fail("PTRACE_SEIZE");
    if (write(answer, "!", 1) != 1) fail("pipe");
    close(answer);
    _exit(follow(code, page));
}

int main(int count, char **arguments) {
    if (count < 4 || strcmp(arguments[2], "--")) {
        fputs("usage: moving_clock PAGE -- COMMAND ARGUMENT...\n", stderr);
        return 2;
    }
    int page = atoi(arguments[1]), code = code_file(), ends[2];
    if (pipe2(ends, O_CLOEXEC)) fail("pipe");
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); // where Yama wants to be asked
    start_tracer(getpid(), ends[1], code, page);
    close(ends[1]);
    char byte;
    if (read(ends[0], &byte, 1) != 1) return not_permitted; // the tracer has said why
    filter_calls();
    // exec closes neither of them: they are mapped, and then closed, in the program that is loaded.
    if (fcntl(code, F_SETFD, 0) || fcntl(page, F_SETFD, 0)) fail("fcntl");
    execvp(arguments[3], arguments + 3);
    fail(arguments[3]);
}

#endif

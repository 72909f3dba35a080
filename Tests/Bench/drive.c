// A load generator that costs the client little: one request at a time on each of many keep-alive connections, in a closed
// loop or at a constant rate, with a histogram of latencies.
//
//   drive get PORT SECONDS TARGET        asks for TARGET
//   drive create PORT SECONDS            creates secrets of 256 bytes
//   drive reveal PORT SECONDS KEYS       reveals each secret of KEYS (as `load create` writes them) once; ends with the last
//
// Environment: DRIVE_CONNECTIONS (default 64); DRIVE_RATE (requests a second over all connections; 0, the default, is as
// many as the server answers). At a rate, latency counts from the moment at which the request was due, so a stall is not
// hidden by the requests that it kept from being sent. DRIVE_IDLE opens so many further connections first, each of which
// gets one answer and then idles; drive then prints "idle N", waits for a line on its standard input, and at the end asks
// on each of them once more.
//
// Prints one line: requests, failed (not 200), seconds, p50, p99, p999, worst (microseconds), busy (share of its core), and
// idle connections that still answer at the end.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KEY = 31, LINE = 81, MAX_CONNECTIONS = 1024, IN = 1 << 16, SECRET = 256, SLOWEST = 2000000, EVENTS = 256 };

static struct connection { int fd; double asked; size_t have; char in[IN]; } *connections;
static struct connection *resting[MAX_CONNECTIONS];  // without a request under way
static int *idle, resting_count, under_way;
static char request[1024];
static size_t request_length, key_at;
static char *keys;
static long key_count, asked, answered, failed;
static uint32_t took[SLOWEST + 1];
static size_t usual_head, usual_length_at;

static void fail(const char *what) { fprintf(stderr, "drive: %s: %s\n", what, strerror(errno)); exit(3); }

static long setting(const char *name, long otherwise) {
    const char *value = getenv(name);
    return value ? atol(value) : otherwise;
}

static double seconds_of(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now(void) { return seconds_of(CLOCK_MONOTONIC); }

static int connected(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

static void read_keys(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    fseek(file, 0, SEEK_END);
    key_count = ftell(file) / LINE;
    rewind(file);
    keys = malloc((size_t)key_count * LINE + 1);
    if (!keys || fread(keys, LINE, (size_t)key_count, file) != (size_t)key_count) fail(path);
    fclose(file);
}

// The one request that is sent again and again; of a reveal only the key in it changes.
static void prepare(const char *action, const char *target) {
    const char *host = "HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    int length;
    if (!strcmp(action, "create")) {
        char secret[SECRET + 1] = "";
        while (strlen(secret) < SECRET) strcat(secret, "0123456789abcdef");
        length = snprintf(request, sizeof request,
            "POST /api/v1/share %sContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\nsecret=%s",
            host, SECRET + 7, secret);
    } else if (!strcmp(action, "reveal")) {
        read_keys(target);
        length = snprintf(request, sizeof request, "POST /api/v1/secret/%.*s %sContent-Length: 0\r\n\r\n", KEY, keys, host);
        key_at = strlen("POST /api/v1/secret/");
    } else {
        length = snprintf(request, sizeof request, "GET %s %s\r\n", target, host);
    }
    request_length = (size_t)length;
}

// The length of the whole answer that begins at `head`, 0 if it has not all arrived. Answers look alike, so the place of
// the last one's Content-Length is tried first.
static size_t whole_answer(char *head, size_t have) {
    const char *name = "\r\nContent-Length: ";
    size_t skip = strlen(name);
    if (usual_head && have >= usual_head && !memcmp(head + usual_head - 4, "\r\n\r\n", 4)
        && !memcmp(head + usual_length_at - skip, name, skip)) {
        size_t whole = usual_head + strtoul(head + usual_length_at, NULL, 10);
        return whole <= have ? whole : 0;
    }
    char *end = memmem(head, have, "\r\n\r\n", 4);
    if (!end) return 0;
    char *length = memmem(head, (size_t)(end + 2 - head), name, skip);
    if (!length) { errno = EPROTO; fail("an answer without Content-Length"); }
    usual_head = (size_t)(end + 4 - head);
    usual_length_at = (size_t)(length - head) + skip;
    size_t whole = usual_head + strtoul(length + skip, NULL, 10);
    if (whole >= IN) { errno = EMSGSIZE; fail("answer"); }
    return whole <= have ? whole : 0;
}

// Sends the next request on a resting connection; `due` is the moment from which its latency counts.
static void ask(double due) {
    struct connection *c = resting[--resting_count];
    if (keys) memcpy(request + key_at, keys + asked * LINE, KEY);
    c->asked = due;
    if (send(c->fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) fail("send");
    asked++;
    under_way++;
}

// Takes the answer that `c` waits for; whether it is complete.
static int take(struct connection *c) {
    ssize_t got = recv(c->fd, c->in + c->have, IN - 1 - c->have, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return 0;
    if (got == 0) errno = ECONNRESET;
    if (got <= 0) fail("receive");
    c->have += (size_t)got;
    c->in[c->have] = 0;
    size_t whole = whole_answer(c->in, c->have);
    if (!whole) return 0;
    if (whole != c->have) { errno = EPROTO; fail("more than one answer"); }
    if (memcmp(c->in + 9, "200", 3) && failed++ < 3) fprintf(stderr, "drive: %.*s\n", (int)(whole < 400 ? whole : 400), c->in);
    c->have = 0;
    double microseconds = (now() - c->asked) * 1e6;
    took[microseconds < SLOWEST ? (size_t)microseconds : SLOWEST]++;
    answered++;
    under_way--;
    resting[resting_count++] = c;
    return 1;
}

// One small request on an idle connection; whether it was answered with 200.
static int answers(int fd, int port) {
    char text[128], in[4096];
    int length = snprintf(text, sizeof text, "GET /health HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", port);
    if (send(fd, text, (size_t)length, MSG_NOSIGNAL) != length) return 0;
    ssize_t got = recv(fd, in, sizeof in, 0);
    return got > 12 && !memcmp(in + 9, "200", 3);
}

static int answering(int count, int port) {
    int alive = 0;
    for (int i = 0; i < count; i++) alive += answers(idle[i], port);
    return alive;
}

static void hold(int count, int port) {
    idle = calloc((size_t)count, sizeof *idle);
    for (int i = 0; i < count; i++) idle[i] = connected(port);
    printf("idle %d\n", answering(count, port));
    fflush(stdout);
    if (getchar() == EOF) exit(0);
}

static double percentile(double share) {
    long wanted = (long)((double)answered * share), seen = 0;
    for (size_t i = 0; i <= SLOWEST; i++)
        if ((seen += took[i]) > wanted) return (double)i;
    return SLOWEST;
}

static double worst(void) {
    for (size_t i = SLOWEST + 1; i-- > 0;)
        if (took[i]) return (double)i;
    return 0;
}

// Keeps requests going until `end` or the last key; then waits for the answers that are due.
static void drive(int poll, double begin, double end, long rate) {
    struct epoll_event ready[EVENTS];
    for (;;) {
        double moment = now();
        int more = moment < end && (!keys || asked < key_count);
        if (!more && !under_way) return;
        if (!more && moment > end + 10) { errno = ETIMEDOUT; fail("answers that are due"); }
        double wait = 1;
        while (more && resting_count && (!keys || asked < key_count)) {
            double due = rate ? begin + (double)asked / (double)rate : now();
            if (rate && due > moment) { wait = due - moment; break; }
            ask(due);
        }
        struct timespec pause = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
        int count = epoll_pwait2(poll, ready, EVENTS, &pause, NULL);
        if (count < 0 && errno != EINTR) fail("wait");
        for (int i = 0; i < count; i++) {
            struct connection *c = ready[i].data.ptr;
            if (take(c) && !rate && now() < end && (!keys || asked < key_count)) ask(now());
        }
    }
}

int main(int count, char **arguments) {
    if (count < 4) { fprintf(stderr, "usage: drive get|create|reveal PORT SECONDS [TARGET|KEYS]\n"); return 2; }
    int port = atoi(arguments[2]), width = (int)setting("DRIVE_CONNECTIONS", 64), idle_count = (int)setting("DRIVE_IDLE", 0);
    double length = atof(arguments[3]);
    long rate = setting("DRIVE_RATE", 0);
    if (width < 1 || width > MAX_CONNECTIONS || length <= 0 || length > 120 || rate < 0) {
        fprintf(stderr, "drive: settings out of range\n");
        return 2;
    }
    alarm((unsigned)length + 120);
    prctl(PR_SET_TIMERSLACK, 1000);
    prepare(arguments[1], count > 4 ? arguments[4] : "/health");
    if (idle_count) hold(idle_count, port);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    connections = calloc((size_t)width, sizeof *connections);
    for (int i = 0; i < width; i++) {
        struct connection *c = resting[resting_count++] = &connections[i];
        c->fd = connected(port);
        struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &wanted);
    }
    double begin = now(), spent = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    drive(poll, begin, begin + length, rate);
    double passed = now() - begin, busy = (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - spent) / passed;
    printf("requests %ld failed %ld seconds %.4f p50 %.0f p99 %.0f p999 %.0f worst %.0f busy %.3f idle %d\n", answered, failed,
        passed, percentile(0.5), percentile(0.99), percentile(0.999), worst(), busy, answering(idle_count, port));
    return 0;
}

// Full TLS 1.3 handshakes, one after the other on each of many connections: connect, handshake without resumption, one
// request with Connection: close, the whole answer, close.
//
//   handshakes PORT SECONDS [CONNECTIONS]      default 64
//
// Prints one line: requests, failed, seconds, p50, p99 (microseconds from connect to the end of the handshake), busy (share
// of its core).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 1024, SLOWEST = 5000000, EVENTS = 128, IN = 16384 };

static struct connection {
    int fd, shaken, sent;
    SSL *session;
    double begun;
    char in[32];  // the beginning of the answer
    size_t have;
} connections[MAX_CONNECTIONS];

static SSL_CTX *context;
static int poll, port, open_now;
static char request[128];
static long whole, failed;
static uint32_t took[SLOWEST + 1];

static void fail(const char *what) { fprintf(stderr, "handshakes: %s: %s\n", what, strerror(errno)); exit(3); }

static double seconds_of(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void begin(struct connection *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    *c = (struct connection){.begun = seconds_of(CLOCK_MONOTONIC)};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) fail("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) fail("connect");
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &wanted);
    if (!(c->session = SSL_new(context)) || !SSL_set_fd(c->session, c->fd)) fail("session");
    SSL_set_connect_state(c->session);
    open_now++;
}

static void end(struct connection *c, int good) {
    if (good) whole++;
    else if (failed++ < 3) ERR_print_errors_fp(stderr);
    ERR_clear_error();
    SSL_set_quiet_shutdown(c->session, 1);
    SSL_shutdown(c->session);
    SSL_free(c->session);
    close(c->fd);
    open_now--;
}

// Goes on as far as the socket allows; whether the connection is over.
static int step(struct connection *c) {
    static char in[IN];
    if (!c->shaken) {
        int done = SSL_do_handshake(c->session);
        if (done != 1) {
            int why = SSL_get_error(c->session, done);
            if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return 0;
            end(c, 0);
            return 1;
        }
        c->shaken = 1;
        double microseconds = (seconds_of(CLOCK_MONOTONIC) - c->begun) * 1e6;
        took[microseconds < SLOWEST ? (size_t)microseconds : SLOWEST]++;
        if (SSL_session_reused(c->session) || SSL_version(c->session) != TLS1_3_VERSION) { end(c, 0); return 1; }
    }
    if (!c->sent) {
        if (SSL_write(c->session, request, (int)strlen(request)) <= 0) { end(c, 0); return 1; }
        c->sent = 1;
    }
    for (;;) {
        int got = SSL_read(c->session, in, IN);
        if (got > 0) {
            size_t room = sizeof c->in - c->have, more = (size_t)got < room ? (size_t)got : room;
            memcpy(c->in + c->have, in, more);
            c->have += more;
            continue;
        }
        int why = SSL_get_error(c->session, got);
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return 0;
        end(c, why == SSL_ERROR_ZERO_RETURN && c->have > 12 && !memcmp(c->in + 9, "200", 3));
        return 1;
    }
}

static double percentile(double share) {
    long total = 0, seen = 0;
    for (size_t i = 0; i <= SLOWEST; i++) total += took[i];
    for (size_t i = 0; i <= SLOWEST; i++)
        if ((seen += took[i]) > (long)((double)total * share)) return (double)i;
    return SLOWEST;
}

int main(int count, char **arguments) {
    if (count < 3) { fprintf(stderr, "usage: handshakes PORT SECONDS [CONNECTIONS]\n"); return 2; }
    port = atoi(arguments[1]);
    double length = atof(arguments[2]);
    int width = count > 3 ? atoi(arguments[3]) : 64;
    if (width < 1 || width > MAX_CONNECTIONS || length <= 0 || length > 60) {
        fprintf(stderr, "handshakes: arguments out of range\n");
        return 2;
    }
    alarm((unsigned)length + 30);
    snprintf(request, sizeof request, "GET /health HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n", port);
    context = SSL_CTX_new(TLS_client_method());
    if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION)) fail("context");
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);  // the certificate is the benchmark's own
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    poll = epoll_create1(EPOLL_CLOEXEC);
    double start = seconds_of(CLOCK_MONOTONIC), spent = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < width; i++) begin(&connections[i]);
    while (open_now) {
        struct epoll_event ready[EVENTS];
        int number = epoll_wait(poll, ready, EVENTS, 1000);
        if (number < 0 && errno != EINTR) fail("wait");
        int more = seconds_of(CLOCK_MONOTONIC) - start < length;
        for (int i = 0; i < number; i++)
            if (step(ready[i].data.ptr) && more) begin(ready[i].data.ptr);
    }
    double passed = seconds_of(CLOCK_MONOTONIC) - start;
    printf("requests %ld failed %ld seconds %.4f p50 %.0f p99 %.0f busy %.3f\n", whole, failed, passed, percentile(0.5),
        percentile(0.99), (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - spent) / passed);
    return 0;
}

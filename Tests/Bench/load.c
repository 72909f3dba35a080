// A load generator for API v1: pipelined requests on several connections, each answer checked.
//
//   load create PORT KEYS COUNT [SIZE]    creates COUNT secrets of SIZE bytes (default 256); appends a line for each to
//                                         KEYS: secret key, receipt key, and the number its content begins with
//   load reveal PORT KEYS                 reveals every secret of KEYS and compares the content
//   load burn PORT KEYS                   burns every secret of KEYS
//
// Environment: LOAD_CONNECTIONS (default 16), LOAD_DEPTH (requests under way on each, default 16), LOAD_SECONDS (limit,
// default 300), LOAD_FIELDS (more fields of what is created, such as "&ttl=600"). Prints "ok N failed N seconds S"; the first failures go to stderr. Exits 1 if anything failed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KEY = 31, LINE = KEY + 1 + KEY + 1 + 16 + 1, MAX_CONNECTIONS = 256, IN = 1 << 17, MAX_SIZE = 65536 };
enum action { CREATE, REVEAL, BURN };

static struct connection {
    int fd;
    char in[IN], *out;
    size_t have, sent, filled;
    long *numbers, first, last;  // the requests under way, as a ring of `depth`
} *connections[MAX_CONNECTIONS];

static enum action action;
static long total, next, done, failed, base;
static size_t size = 256;
static int depth = 16;
static char *keys;
static const char *fields = "";
static FILE *output;

static void fail(const char *what) { fprintf(stderr, "load: %s: %s\n", what, strerror(errno)); exit(3); }

static long setting(const char *name, long otherwise) {
    const char *value = getenv(name);
    return value ? atol(value) : otherwise;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// The content of a secret: its number in hexadecimal, then letters that follow from it.
static void content_of(unsigned long number, char *to) {
    char head[17];
    snprintf(head, sizeof head, "%016lx", number);
    unsigned long state = number * 0x9E3779B97F4A7C15ul + 1;
    for (size_t i = 0; i < size; i++) {
        if (i < 16) { to[i] = head[i]; continue; }
        state = state * 6364136223846793005ul + 1442695040888963407ul;
        to[i] = (char)('a' + (state >> 59) % 26);
    }
}

static void append_request(struct connection *c, long number) {
    char *to = c->out + c->filled;
    const char *host = "HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    if (action == CREATE) {
        const char *type = "Content-Type: application/x-www-form-urlencoded";
        const size_t length = size + 7 + strlen(fields);
        to += sprintf(to, "POST /api/v1/share %s%s\r\nContent-Length: %zu\r\n\r\nsecret=", host, type, length);
        content_of((unsigned long)(base + number), to);
        to += size;
        to += sprintf(to, "%s", fields);
    } else {
        const char *line = keys + number * LINE;
        const char *key = action == REVEAL ? line : line + KEY + 1, *burn = action == REVEAL ? "" : "/burn";
        const char *what = action == REVEAL ? "secret" : "private";
        to += sprintf(to, "POST /api/v1/%s/%.*s%s %sContent-Length: 0\r\n\r\n", what, KEY, key, burn, host);
    }
    c->filled = (size_t)(to - c->out);
    c->numbers[c->last++ % depth] = number;
}

// The value of a string field of a JSON body, NULL if it is missing or shorter than `length`.
static const char *field(const char *body, size_t length, const char *name, size_t least) {
    const char *at = memmem(body, length, name, strlen(name)), *end = body + length;
    if (!at) return NULL;
    at += strlen(name);
    while (at < end && (*at == ':' || *at == ' ')) at++;
    return at < end && *at == '"' && (size_t)(end - at) > least + 1 ? at + 1 : NULL;
}

static void judge(long number, int status, const char *body, size_t length) {
    static char wanted[MAX_SIZE];
    int good = status == 200;
    if (good && action == CREATE) {
        const char *secret = field(body, length, "\"secret_key\"", KEY);
        const char *receipt = field(body, length, "\"metadata_key\"", KEY);
        good = secret && receipt;
        if (good) fprintf(output, "%.*s %.*s %016lx\n", KEY, secret, KEY, receipt, (unsigned long)(base + number));
    } else if (good && action == REVEAL) {
        const char *value = field(body, length, "\"value\"", size);
        content_of(strtoul(keys + number * LINE + 2 * KEY + 2, NULL, 16), wanted);
        good = value && !memcmp(value, wanted, size);
    }
    done++;
    if (good || failed++ >= 3) return;
    fprintf(stderr, "load: request %ld answered %d: %.*s\n", number, status, (int)(length > 200 ? 200 : length), body);
}

// Judges the whole answers that have arrived.
static void take_answers(struct connection *c) {
    size_t at = 0;
    for (;;) {
        char *head = c->in + at, *end = memmem(head, c->have - at, "\r\n\r\n", 4);
        if (!end) break;
        *end = 0;
        char *length_field = strcasestr(head, "\r\ncontent-length:");
        size_t body = length_field ? strtoul(length_field + 17, NULL, 10) : 0, whole = (size_t)(end + 4 - head) + body;
        *end = '\r';
        if (whole > IN) { errno = EMSGSIZE; fail("answer"); }
        if (c->have - at < whole) break;
        if (c->first == c->last) { errno = EPROTO; fail("an answer that nobody asked for"); }
        judge(c->numbers[c->first++ % depth], atoi(head + 9), end + 4, body);
        at += whole;
    }
    memmove(c->in, c->in + at, c->have - at);
    c->have -= at;
}

static void turn(struct connection *c, short ready) {
    if (ready & (POLLIN | POLLHUP | POLLERR)) {
        ssize_t got = recv(c->fd, c->in + c->have, IN - 1 - c->have, 0);
        if (got == 0) errno = ECONNRESET;
        if (got <= 0 && errno != EAGAIN) fail("receive");
        if (got > 0) c->have += (size_t)got;
        take_answers(c);
    }
    if (c->sent == c->filled) {
        c->sent = c->filled = 0;
        while (c->last - c->first < depth && next < total) append_request(c, next++);
    }
    if (c->sent < c->filled) {
        ssize_t put = send(c->fd, c->out + c->sent, c->filled - c->sent, MSG_NOSIGNAL);
        if (put < 0 && errno != EAGAIN) fail("send");
        if (put > 0) c->sent += (size_t)put;
    }
}

static void open_connections(int count, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    for (int i = 0; i < count; i++) {
        struct connection *c = connections[i] = calloc(1, sizeof *c);
        c->out = malloc((size_t)depth * (size + strlen(fields) + 512));
        c->numbers = calloc((size_t)depth, sizeof *c->numbers);
        c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
}

static void read_keys(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    fseek(file, 0, SEEK_END);
    total = ftell(file) / LINE;
    rewind(file);
    keys = malloc((size_t)total * LINE + 1);
    if (fread(keys, LINE, (size_t)total, file) != (size_t)total) fail(path);
    fclose(file);
}

int main(int count, char **arguments) {
    if (count < 4) { fprintf(stderr, "usage: load create|reveal|burn PORT KEYS [COUNT [SIZE]]\n"); return 2; }
    alarm((unsigned)setting("LOAD_SECONDS", 300));
    if (getenv("LOAD_FIELDS")) fields = getenv("LOAD_FIELDS");
    int width = (int)setting("LOAD_CONNECTIONS", 16), port = atoi(arguments[2]);
    depth = (int)setting("LOAD_DEPTH", 16);
    if (width < 1 || width > MAX_CONNECTIONS || depth < 1 || depth > 1024) {
        fprintf(stderr, "load: settings out of range\n");
        return 2;
    }
    if (count > 5) size = strtoul(arguments[5], NULL, 10);
    if (size < 16 || size > MAX_SIZE) { fprintf(stderr, "load: SIZE is 16 to 65536\n"); return 2; }
    action = !strcmp(arguments[1], "create") ? CREATE : !strcmp(arguments[1], "reveal") ? REVEAL : BURN;
    if (action == CREATE) {
        output = fopen(arguments[3], "a");
        if (!output || count < 5) fail(arguments[3]);
        fseek(output, 0, SEEK_END);
        base = ftell(output) / LINE;
        total = atol(arguments[4]);
    } else {
        read_keys(arguments[3]);
    }
    open_connections(width, port);
    double begin = now();
    struct pollfd ready[MAX_CONNECTIONS];
    while (done < total) {
        for (int i = 0; i < width; i++) {
            struct connection *c = connections[i];
            int more = c->sent < c->filled || (c->last - c->first <= depth / 2 && next < total);
            ready[i] = (struct pollfd){c->fd, (short)((c->first < c->last ? POLLIN : 0) | (more ? POLLOUT : 0)), 0};
        }
        if (poll(ready, (nfds_t)width, 1000) < 0 && errno != EINTR) fail("poll");
        for (int i = 0; i < width; i++)
            if (ready[i].revents) turn(connections[i], ready[i].revents);
    }
    if (output && fclose(output)) fail(arguments[3]);
    printf("ok %ld failed %ld seconds %.3f\n", done - failed, failed, now() - begin);
    return failed ? 1 : 0;
}

// The yardstick of scripts/bench: a bare HTTP/1.1 responder on epoll, one thread, keep-alive, the same body for every
// request.
//
//   epoll_responder PORT [BODY]     serves 127.0.0.1:PORT with BODY bytes (default 200); ends by SIGTERM or after 600 s
//
// It finds the end of the head, skips a body by its Content-Length, honours Connection: close and knows nothing else of
// HTTP. What has arrived together is answered together, with one send.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 4096, BUFFER = 65536, EVENTS = 256, MAX_BODY = 4096 };

static struct connection { size_t have; char *data; } connections[CONNECTIONS];
static char answer[MAX_BODY + 256], closing[MAX_BODY + 256], out[BUFFER];
static size_t answer_length, closing_length;

static void fail(const char *what) { perror(what); exit(1); }

static void hang_up(int fd) {
    close(fd);
    connections[fd].have = 0;
}

// The length of the body that the head announces; sets *last if the client wants to close.
static size_t announced(const char *head, size_t length, int *last) {
    const char *line = memchr(head, '\n', length), *end = head + length;
    size_t body = 0;
    while (line && ++line < end) {
        if ((*line | 32) == 'c' && end - line > 16) {
            if (!strncasecmp(line, "content-length:", 15)) body = strtoul(line + 15, NULL, 10);
            else if (!strncasecmp(line, "connection: close", 17)) *last = 1;
        }
        line = memchr(line, '\n', (size_t)(end - line));
    }
    return body;
}

static void serve(int fd) {
    struct connection *c = &connections[fd];
    if (!c->data && !(c->data = malloc(BUFFER))) fail("memory");
    ssize_t got = recv(fd, c->data + c->have, BUFFER - c->have, 0);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) hang_up(fd);
        return;
    }
    c->have += (size_t)got;
    size_t at = 0, filled = 0;
    int last = 0;
    while (!last) {
        char *end = memmem(c->data + at, c->have - at, "\r\n\r\n", 4);
        if (!end) break;
        size_t head = (size_t)(end + 4 - (c->data + at));
        size_t body = announced(c->data + at, head, &last);
        if (body > BUFFER - head) { hang_up(fd); return; }
        if (c->have - at < head + body) { last = 0; break; }
        at += head + body;
        if (filled + sizeof answer > sizeof out) {
            if (send(fd, out, filled, MSG_NOSIGNAL) != (ssize_t)filled) { hang_up(fd); return; }
            filled = 0;
        }
        memcpy(out + filled, last ? closing : answer, last ? closing_length : answer_length);
        filled += last ? closing_length : answer_length;
    }
    if (filled && send(fd, out, filled, MSG_NOSIGNAL) != (ssize_t)filled) { hang_up(fd); return; }
    if (last || (c->have == BUFFER && !at)) { hang_up(fd); return; }
    if (at) memmove(c->data, c->data + at, c->have - at);
    c->have -= at;
}

int main(int count, char **arguments) {
    if (count < 2) { fprintf(stderr, "usage: epoll_responder PORT [BODY]\n"); return 2; }
    alarm(600);
    int length = count > 2 ? atoi(arguments[2]) : 200;
    if (length < 0 || length > MAX_BODY) { fprintf(stderr, "epoll_responder: BODY is at most %d\n", MAX_BODY); return 2; }
    char body[MAX_BODY + 1] = "";
    memset(body, 'x', (size_t)length);
    answer_length = (size_t)snprintf(answer, sizeof answer,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", length, body);
    closing_length = (size_t)snprintf(closing, sizeof closing,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", length, body);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) fail("listen");
    int poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = listener}, ready[EVENTS];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &wanted);
    for (;;) {
        int number = epoll_wait(poll, ready, EVENTS, -1);
        for (int i = 0; i < number; i++) {
            if (ready[i].data.fd != listener) { serve(ready[i].data.fd); continue; }
            for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
                if (fd >= CONNECTIONS) { close(fd); continue; }
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                struct epoll_event new = {.events = EPOLLIN, .data.fd = fd};
                epoll_ctl(poll, EPOLL_CTL_ADD, fd, &new);
            }
        }
    }
}

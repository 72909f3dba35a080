// A client that burdens a TLS server with records that carry no content: `tls_flood KIND PORT`. It seals them beforehand, says
// "ready", waits for a line, sends them all and a request for /health behind them, and prints what became of that.
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { key_updates = 20000 };

static int say(const char *what) {
    printf("%s\n", what);
    fflush(stdout);
    return 1;
}

static void send_all(int server, BIO *out) {
    char *bytes;
    long left = BIO_get_mem_data(out, &bytes);
    while (left > 0) {
        ssize_t sent = send(server, bytes, (size_t)left, MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes += sent;
        left -= sent;
    }
    (void)BIO_reset(out);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const int is_renegotiation = strcmp(argv[1], "renegotiation") == 0;
    const int asks_for_answers = strcmp(argv[1], "answered key updates") == 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(server, (struct sockaddr *)&address, sizeof address) != 0) return say("no connection");
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context, is_renegotiation ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL *session = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL_set_bio(session, in, out);
    SSL_set_connect_state(session);
    char buffer[65536];
    while (SSL_do_handshake(session) != 1) {
        send_all(server, out);
        const ssize_t came = recv(server, buffer, sizeof buffer, 0);
        if (came <= 0) return say("no handshake");
        BIO_write(in, buffer, (int)came);
    }
    send_all(server, out);
    const char ask[] = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (is_renegotiation) {
        SSL_renegotiate(session);
        SSL_do_handshake(session);
    } else {
        const int kind = asks_for_answers ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
        for (int index = 0; index < key_updates; index++)
            if (SSL_key_update(session, kind) != 1 || SSL_do_handshake(session) != 1) return say("no key update");
        SSL_write(session, ask, sizeof ask - 1);
    }
    say("ready");
    if (fgets(buffer, sizeof buffer, stdin) == NULL) return 1;
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (fork() == 0) {
        send_all(server, out);
        _exit(0);
    }
    const char *outcome = "closed";
    ssize_t came;
    while ((came = recv(server, buffer, sizeof buffer, 0)) > 0) {
        BIO_write(in, buffer, (int)came);
        ERR_clear_error();
        const int content = SSL_read(session, buffer, sizeof buffer);
        if (content > 12 && memcmp(buffer, "HTTP/1.1 200", 12) == 0) outcome = "answered";
        if (content <= 0 && SSL_get_error(session, content) == SSL_ERROR_SSL) {
            outcome = ERR_reason_error_string(ERR_peek_last_error());
            break;
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%s\n%ld\n", outcome, (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000);
    return 0;
}

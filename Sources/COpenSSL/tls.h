// libssl's headers, inline functions for its macros, and the callbacks that libssl makes while it shakes hands.
#ifndef ONETIME_COPENSSL_TLS_H
#define ONETIME_COPENSSL_TLS_H

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// A session's socket. libssl reads on by itself for as long as nothing but key updates and the like comes, so whoever sends
// those without end would have the thread for himself; therefore a call may take so many bytes and no more, and a session so
// many key updates (RFC 8446, section 4.6.3; clients send one for each 2^24 records or so).
typedef struct {
    int descriptor, key_updates, is_at_end;
    size_t allowance;
} onetime_tls_socket;

enum { onetime_tls_call_bytes = 32768, onetime_tls_key_updates = 32 };

static int onetime_tls_socket_read(BIO *bio, char *bytes, size_t count, size_t *moved) {
    onetime_tls_socket *socket = (onetime_tls_socket *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (socket->key_updates > onetime_tls_key_updates) return 0;
    ssize_t received = -1;
    errno = EAGAIN;
    if (socket->allowance > 0) {
        if (count > socket->allowance) count = socket->allowance;
        do received = recv(socket->descriptor, bytes, count, 0);
        while (received < 0 && errno == EINTR);
    }
    if (received < 0 && errno == EAGAIN) BIO_set_retry_read(bio);
    socket->is_at_end = received == 0;
    if (received <= 0) return 0;
    socket->allowance -= (size_t)received;
    *moved = (size_t)received;
    return 1;
}

static int onetime_tls_socket_write(BIO *bio, const char *bytes, size_t count, size_t *moved) {
    const onetime_tls_socket *socket = (const onetime_tls_socket *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t sent;
    do sent = send(socket->descriptor, bytes, count, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno == EAGAIN) BIO_set_retry_write(bio);
    if (sent <= 0) return 0;
    *moved = (size_t)sent;
    return 1;
}

static long onetime_tls_socket_control(BIO *bio, int command, long number, void *pointer) {
    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF) return ((const onetime_tls_socket *)BIO_get_data(bio))->is_at_end;
    return command == BIO_CTRL_FLUSH;
}

static int onetime_tls_socket_free(BIO *bio) {
    OPENSSL_free(BIO_get_data(bio));
    return 1;
}

static void onetime_tls_message(int is_written, int version, int type, const void *bytes, size_t count, SSL *session,
                                void *unused) {
    (void)version;
    (void)unused;
    if (is_written || type != SSL3_RT_HANDSHAKE || count == 0) return;
    if (*(const unsigned char *)bytes != SSL3_MT_KEY_UPDATE) return;
    onetime_tls_socket *socket = (onetime_tls_socket *)BIO_get_data(SSL_get_rbio(session));
    socket->key_updates += 1;
    // A callback cannot refuse, and what libssl has read already may hold hundreds more; so this one is made one that libssl
    // itself refuses: its only byte of content says what kind of update it is.
    if (socket->key_updates > onetime_tls_key_updates && count > 4) ((unsigned char *)bytes)[4] = 0xff;
}

static BIO_METHOD *onetime_tls_socket_method = NULL;

static void onetime_tls_make_socket_method(void) {
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (made == NULL) return;
    BIO_meth_set_read_ex(made, onetime_tls_socket_read);
    BIO_meth_set_write_ex(made, onetime_tls_socket_write);
    BIO_meth_set_ctrl(made, onetime_tls_socket_control);
    BIO_meth_set_destroy(made, onetime_tls_socket_free);
    onetime_tls_socket_method = made;
}

// Gives a session its socket, which it does not close. 1 on success. Any thread may call it.
static inline int onetime_tls_set_socket(SSL *session, int descriptor) {
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    if (CRYPTO_THREAD_run_once(&once, onetime_tls_make_socket_method) != 1) return 0;
    BIO_METHOD *method = onetime_tls_socket_method;
    if (method == NULL) return 0;
    onetime_tls_socket *socket = (onetime_tls_socket *)OPENSSL_zalloc(sizeof *socket);
    BIO *bio = socket == NULL ? NULL : BIO_new(method);
    if (bio == NULL) {
        OPENSSL_free(socket);
        return 0;
    }
    socket->descriptor = descriptor;
    BIO_set_data(bio, socket);
    BIO_set_init(bio, 1);
    SSL_set_bio(session, bio, bio);
    SSL_set_msg_callback(session, onetime_tls_message);
    return 1;
}

// Lets the next calls take bytes from the socket again.
static inline void onetime_tls_allow(SSL *session) {
    ((onetime_tls_socket *)BIO_get_data(SSL_get_rbio(session)))->allowance = onetime_tls_call_bytes;
}

// Keys under which session tickets are sealed (RFC 5077, section 4): the one in use and the one before it. The memory is the
// caller's, so that it can be locked.
typedef struct {
    unsigned char name[16], cipher_key[32], mac_key[32];
} onetime_ticket_key;

typedef struct {
    onetime_ticket_key current, previous;
} onetime_ticket_keys;

// What a server's handshakes look up. It belongs to its first context, and goes with it.
typedef struct {
    onetime_ticket_keys *ticket_keys;
    EVP_CIPHER *ticket_cipher;
    int count;
    SSL_CTX *contexts[];
} onetime_tls_server;

static inline onetime_tls_server *onetime_tls_server_of(SSL *session) {
    return (onetime_tls_server *)SSL_CTX_get_app_data(SSL_get_SSL_CTX(session));
}

static int onetime_tls_ticket(SSL *session, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                              EVP_MAC_CTX *mac, int is_sealing) {
    onetime_tls_server *server = onetime_tls_server_of(session);
    const onetime_ticket_key *key = &server->ticket_keys->current;
    int result = 1;
    if (is_sealing) {
        memcpy(name, key->name, sizeof key->name);
        if (RAND_bytes(iv, 16) != 1) return -1;
    } else if (memcmp(name, key->name, sizeof key->name) != 0) {
        key = &server->ticket_keys->previous;
        if (memcmp(name, key->name, sizeof key->name) != 0) return 0;
        result = 2;
    }
    // One under the key before is taken, and replaced; so is every one in TLS 1.3, where a ticket that is shown twice tells who
    // listens that the two are one client (RFC 8446, appendix C.4).
    if (!is_sealing && SSL_version(session) == TLS1_3_VERSION) result = 2;
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key->mac_key, sizeof key->mac_key);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    if (EVP_MAC_CTX_set_params(mac, parameters) != 1
        || EVP_CipherInit_ex(cipher, server->ticket_cipher, NULL, key->cipher_key, iv, is_sealing) != 1) return -1;
    return result;
}

// Chooses the context whose certificate is for the name that the client asks for; the first one where none is.
static int onetime_tls_name(SSL *session, int *alert, void *unused) {
    (void)alert;
    (void)unused;
    const char *name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
    onetime_tls_server *server = onetime_tls_server_of(session);
    if (name == NULL) return SSL_TLSEXT_ERR_NOACK;
    for (int index = 0; index < server->count; index++) {
        X509 *certificate = SSL_CTX_get0_certificate(server->contexts[index]);
        if (X509_check_host(certificate, name, 0, 0, NULL) != 1) continue;
        SSL_set_SSL_CTX(session, server->contexts[index]);
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

// What OpenSSL remembers of an RSA key once it has signed (Montgomery forms of its factors, which are the key) lies in ordinary
// memory until the key is freed, though the key itself lies in locked memory. So a handshake signs with a copy.
static int onetime_tls_lend_key(SSL *session, void *unused) {
    (void)unused;
    EVP_PKEY *key = SSL_get_privatekey(session);
    if (key == NULL || !(EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))) return 1;
    EVP_PKEY *copy = EVP_PKEY_dup(key);
    int is_lent = copy != NULL && SSL_use_PrivateKey(session, copy) == 1;
    EVP_PKEY_free(copy);
    return is_lent;
}

// Frees the copy, once a step of a handshake is over. One that goes on as soon as the socket takes more may not have signed yet.
static inline void onetime_tls_take_key_back(SSL *session) {
    if (SSL_want_write(session)) return;
    EVP_PKEY *key = SSL_CTX_get0_privatekey(SSL_get_SSL_CTX(session));
    if (key != NULL && SSL_get_privatekey(session) != key) SSL_use_PrivateKey(session, key);
}

// HTTP/1.1, or HTTP/1.0, or no agreement at all (RFC 7301, section 3.2).
static int onetime_tls_protocol(SSL *session, const unsigned char **chosen, unsigned char *chosen_count,
                                const unsigned char *offered, unsigned int offered_count, void *unused) {
    (void)session;
    (void)unused;
    static const unsigned char ours[] = "\x08http/1.1\x08http/1.0";
    int found = SSL_select_next_proto((unsigned char **)chosen, chosen_count, ours, sizeof ours - 1, offered, offered_count);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A key file that wants a passphrase is refused, not asked about on a terminal.
static int onetime_tls_no_passphrase(char *buffer, int size, int is_writing, void *unused) {
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)unused;
    return 0;
}

// A context for servers: TLS 1.2 and 1.3, forward secret suites with authenticated encryption only, in our order. NULL where
// libssl refuses.
static inline SSL_CTX *onetime_tls_server_context(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL) return NULL;
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE
                                     | SSL_OP_PRIORITIZE_CHACHA | SSL_OP_CLEANSE_PLAINTEXT
                                     | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                  | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, 3600);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_passwd_cb(context, onetime_tls_no_passphrase);
    SSL_CTX_set_alpn_select_cb(context, onetime_tls_protocol, NULL);
    static const unsigned char scope[] = "onetime-lite";
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1
        && SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
        && SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1
        && SSL_CTX_set_session_id_context(context, scope, sizeof scope - 1) == 1) return context;
    SSL_CTX_free(context);
    return NULL;
}

static void onetime_tls_server_free(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long length,
                                    void *argument) {
    (void)parent;
    (void)data;
    (void)index;
    (void)length;
    (void)argument;
    onetime_tls_server *server = (onetime_tls_server *)pointer;
    if (server == NULL) return;
    for (int other = 1; other < server->count; other++) SSL_CTX_free(server->contexts[other]);
    EVP_CIPHER_free(server->ticket_cipher);
    OPENSSL_free(server);
}

// Joins contexts into a server; the first one owns the others from here on. 1 on success.
static inline int onetime_tls_join(SSL_CTX **contexts, int count, onetime_ticket_keys *ticket_keys) {
    static int owner_index = -1;
    if (owner_index < 0) owner_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, onetime_tls_server_free);
    onetime_tls_server *server = OPENSSL_zalloc(sizeof *server + (size_t)count * sizeof *contexts);
    if (owner_index < 0 || server == NULL) return 0;
    server->ticket_keys = ticket_keys;
    server->ticket_cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    server->count = count;
    for (int index = 0; index < count; index++) {
        server->contexts[index] = contexts[index];
        SSL_CTX_set_app_data(contexts[index], server);
        SSL_CTX_set_tlsext_ticket_key_evp_cb(contexts[index], onetime_tls_ticket);
        SSL_CTX_set_cert_cb(contexts[index], onetime_tls_lend_key, NULL);
        if (count > 1) SSL_CTX_set_tlsext_servername_callback(contexts[index], onetime_tls_name);
    }
    return SSL_CTX_set_ex_data(contexts[0], owner_index, server) == 1 && server->ticket_cipher != NULL;
}

// Hands certificates in PEM form on, one after the other, up to the end of the text; what is none is passed over. The first one may
// be marked as trusted. Returns how many there were, or 0 where one is broken or was not taken.
static inline int onetime_tls_certificates(const void *bytes, int size, int (*take)(SSL_CTX *, X509 *, int), SSL_CTX *context) {
    BIO *text = BIO_new_mem_buf(bytes, size);
    int count = 0, is_good = text != NULL;
    while (is_good) {
        X509 *certificate = PEM_read_bio_X509_AUX(text, NULL, onetime_tls_no_passphrase, NULL);
        if (certificate == NULL) {
            unsigned long error = ERR_peek_last_error();
            is_good = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
            if (is_good) ERR_clear_error();
            break;
        }
        is_good = take(context, certificate, count++);
        X509_free(certificate);
    }
    BIO_free(text);
    return is_good ? count : 0;
}

static int onetime_tls_take_link(SSL_CTX *context, X509 *certificate, int number) {
    if (number == 0) return SSL_CTX_use_certificate(context, certificate) == 1;
    return SSL_CTX_add1_chain_cert(context, certificate) == 1;
}

static int onetime_tls_take_authority(SSL_CTX *context, X509 *certificate, int number) {
    (void)number;
    return X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1;
}

// Gives a server's context its certificate, and those behind it, of a text in PEM form. 1 on success.
static inline int onetime_tls_take_chain(SSL_CTX *context, const void *bytes, int size) {
    return onetime_tls_certificates(bytes, size, onetime_tls_take_link, context) > 0;
}

// Gives a server's context the private key of a text in PEM form, which wants no passphrase. 1 on success.
static inline int onetime_tls_take_key(SSL_CTX *context, const void *bytes, int size) {
    BIO *text = BIO_new_mem_buf(bytes, size);
    EVP_PKEY *key = text == NULL ? NULL : PEM_read_bio_PrivateKey(text, NULL, onetime_tls_no_passphrase, NULL);
    int is_taken = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(text);
    return is_taken;
}

// Has a client's context believe the authorities of a text in PEM form. 1 on success.
static inline int onetime_tls_believe(SSL_CTX *context, const void *bytes, int size) {
    return onetime_tls_certificates(bytes, size, onetime_tls_take_authority, context) > 0;
}

// A context for clients that believe only in certificates of an authority, such as those that OpenSSL finds by itself if it is told to
// look (SSL_CERT_FILE and SSL_CERT_DIR say where). NULL where libssl refuses.
static inline SSL_CTX *onetime_tls_client_context(int looks_for_authorities) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) return NULL;
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                  | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if ((!looks_for_authorities || SSL_CTX_set_default_verify_paths(context) == 1)
        && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1
        && SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
        && SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1) return context;
    SSL_CTX_free(context);
    return NULL;
}

// Says whose certificate a client's session takes: that of a name, which it also asks for (SNI), or of an address of 4 or 16 bytes.
// 1 on success.
static inline int onetime_tls_expect(SSL *session, const char *name, const unsigned char *address, size_t count) {
    X509_VERIFY_PARAM *wanted = SSL_get0_param(session);
    if (name == NULL) return X509_VERIFY_PARAM_set1_ip(wanted, address, count);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return X509_VERIFY_PARAM_set1_host(wanted, name, 0) == 1 && SSL_set_tlsext_host_name(session, name) == 1;
}

static inline EVP_PKEY *onetime_new_p256_key(void) {
    return EVP_EC_gen("P-256");
}

// Adds a subject alternative name: a DNS name, or an address of 4 or 16 bytes. 1 on success.
static inline int onetime_add_name(GENERAL_NAMES *names, int is_address, const unsigned char *bytes, int count) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = is_address ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    if (name == NULL || value == NULL || ASN1_STRING_set(value, bytes, count) != 1) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return 0;
    }
    GENERAL_NAME_set0_value(name, is_address ? GEN_IPADD : GEN_DNS, value);
    if (sk_GENERAL_NAME_push(names, name) > 0) return 1;
    GENERAL_NAME_free(name);
    return 0;
}

// The DER form of a certificate's key usage (digital signature) and extended key usage (server). 1 on success.
static inline int onetime_add_usages(X509 *certificate) {
    ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
    EXTENDED_KEY_USAGE *extended = EXTENDED_KEY_USAGE_new();
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
    int succeeded = usage != NULL && extended != NULL && constraints != NULL
        && ASN1_BIT_STRING_set_bit(usage, 0, 1) == 1
        && sk_ASN1_OBJECT_push(extended, OBJ_nid2obj(NID_server_auth)) > 0
        && X509_add1_ext_i2d(certificate, NID_basic_constraints, constraints, 1, 0) == 1
        && X509_add1_ext_i2d(certificate, NID_key_usage, usage, 1, 0) == 1
        && X509_add1_ext_i2d(certificate, NID_ext_key_usage, extended, 0, 0) == 1;
    ASN1_BIT_STRING_free(usage);
    EXTENDED_KEY_USAGE_free(extended);
    BASIC_CONSTRAINTS_free(constraints);
    return succeeded;
}

#endif

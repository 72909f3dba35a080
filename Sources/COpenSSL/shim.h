// OpenSSL's headers as one module, and inline functions for the macros that Swift cannot import.
#ifndef ONETIME_COPENSSL_H
#define ONETIME_COPENSSL_H

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

// EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG with 16 bytes. 1 on success.
static inline int onetime_aead_get_tag(EVP_CIPHER_CTX *context, unsigned char *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}
static inline int onetime_aead_set_tag(EVP_CIPHER_CTX *context, const unsigned char *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag);
}

// SHA-256 by OpenSSL's functions of old, which it would rather not have called: those of EVP take memory from the heap and give it
// back for each digest. 1 on success.
static inline int onetime_sha256_begin(SHA256_CTX *state) {
    return SHA256_Init(state);
}
static inline int onetime_sha256_add(SHA256_CTX *state, const void *bytes, size_t count) {
    return SHA256_Update(state, bytes, count);
}
static inline int onetime_sha256_finish(SHA256_CTX *state, unsigned char *digest) {
    return SHA256_Final(digest, state);
}

// HKDF-SHA-256 (RFC 5869), both steps. 1 on success. The context is cleansed as it is freed. No salt is as many zeroes as the
// hash has bytes (section 2.2), which OpenSSL does not do by itself.
static inline int onetime_hkdf(const unsigned char *key, size_t key_size, const unsigned char *salt, size_t salt_size,
                               const unsigned char *info, size_t info_size, unsigned char *output, size_t size) {
    static const unsigned char zeroes[32];
    if (salt_size == 0) {
        salt = zeroes;
        salt_size = sizeof zeroes;
    }
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, (void *)"SHA256", 6),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_size),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_size),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_size),
        OSSL_PARAM_END,
    };
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(hkdf);
    int result = context ? EVP_KDF_derive(context, output, size, parameters) : 0;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(hkdf);
    return result;
}

#endif

// OpenSSL's headers as one module, and inline functions for the macros that Swift cannot import.
#ifndef ONETIME_COPENSSL_H
#define ONETIME_COPENSSL_H

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

// HKDF (RFC 5869), extract and expand, with a context that already has its digest. 1 on success.
static inline int onetime_hkdf(EVP_KDF_CTX *context, const unsigned char *key, size_t key_count,
                               const unsigned char *salt, size_t salt_count, const unsigned char *info,
                               size_t info_count, unsigned char *output, size_t output_count) {
    OSSL_PARAM parameters[4];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_count);
    parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_count);
    parameters[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_count);
    parameters[3] = OSSL_PARAM_construct_end();
    return EVP_KDF_derive(context, output, output_count, parameters);
}

// Overwrites the key and the salt that an HKDF context remembers; OpenSSL cleanses the old ones.
static inline void onetime_hkdf_forget(EVP_KDF_CTX *context) {
    static unsigned char nothing[1] = {0};
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, nothing, sizeof nothing);
    parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, nothing, sizeof nothing);
    parameters[2] = OSSL_PARAM_construct_end();
    EVP_KDF_CTX_set_params(context, parameters);
}

// Gives an HKDF context its digest, SHA-256. 1 on success.
static inline int onetime_hkdf_set_sha256(EVP_KDF_CTX *context) {
    OSSL_PARAM parameters[2];
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[1] = OSSL_PARAM_construct_end();
    return EVP_KDF_CTX_set_params(context, parameters);
}

// EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG with 16 bytes. 1 on success.
static inline int onetime_aead_get_tag(EVP_CIPHER_CTX *context, unsigned char *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}
static inline int onetime_aead_set_tag(EVP_CIPHER_CTX *context, const unsigned char *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag);
}

#endif

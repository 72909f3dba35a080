// OpenSSL's headers as one module, and inline functions for the macros that Swift cannot import.
#ifndef ONETIME_COPENSSL_H
#define ONETIME_COPENSSL_H

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

// Gives an HMAC context its digest, SHA-256. 1 on success.
static inline int onetime_hmac_set_sha256(EVP_MAC_CTX *context) {
    OSSL_PARAM parameters[2];
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[1] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(context, parameters);
}

// Overwrites the key that an HMAC context remembers; OpenSSL cleanses the old one.
static inline void onetime_hmac_forget(EVP_MAC_CTX *context) {
    static const unsigned char nothing[32] = {0};
    EVP_MAC_init(context, nothing, sizeof nothing, NULL);
}

// HKDF (RFC 5869, sections 2.2 and 2.3) over an HMAC-SHA256 context. EVP_KDF gives the same bytes in twice the time: it
// fetches its algorithms anew in each derivation, and it frees the salt without cleansing it. 1 on success.
static inline int onetime_hkdf(EVP_MAC_CTX *hmac, const unsigned char *key, size_t key_count,
                               const unsigned char *salt, size_t salt_count, const unsigned char *info,
                               size_t info_count, unsigned char *output, size_t output_count) {
    enum { hash_size = 32 };
    static const unsigned char no_salt[hash_size] = {0};
    unsigned char extracted[hash_size], block[hash_size];
    size_t written = 0;
    // A key of NULL would mean the key of the time before.
    int succeeded = output_count <= 255 * hash_size
        && EVP_MAC_init(hmac, salt_count == 0 ? no_salt : salt, salt_count == 0 ? hash_size : salt_count, NULL) == 1
        && (key_count == 0 || EVP_MAC_update(hmac, key, key_count) == 1)
        && EVP_MAC_final(hmac, extracted, &written, hash_size) == 1;
    for (size_t done = 0; succeeded && done < output_count; done += hash_size) {
        const unsigned char number = (unsigned char)(done / hash_size + 1);
        const size_t rest = output_count - done;
        // Without a key it starts again with the extracted one.
        succeeded = EVP_MAC_init(hmac, done == 0 ? extracted : NULL, done == 0 ? hash_size : 0, NULL) == 1
            && (done == 0 || EVP_MAC_update(hmac, block, hash_size) == 1)
            && (info_count == 0 || EVP_MAC_update(hmac, info, info_count) == 1)
            && EVP_MAC_update(hmac, &number, 1) == 1
            && EVP_MAC_final(hmac, block, &written, hash_size) == 1;
        if (succeeded) memcpy(output + done, block, rest < hash_size ? rest : hash_size);
    }
    OPENSSL_cleanse(extracted, sizeof extracted);
    OPENSSL_cleanse(block, sizeof block);
    onetime_hmac_forget(hmac);
    return succeeded;
}

// EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG with 16 bytes. 1 on success.
static inline int onetime_aead_get_tag(EVP_CIPHER_CTX *context, unsigned char *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}
static inline int onetime_aead_set_tag(EVP_CIPHER_CTX *context, const unsigned char *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag);
}

#endif

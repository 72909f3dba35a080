// OpenSSL's headers as one module, and inline functions for the macros that Swift cannot import.
#ifndef ONETIME_COPENSSL_H
#define ONETIME_COPENSSL_H

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

// EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG with 16 bytes. 1 on success.
static inline int onetime_aead_get_tag(EVP_CIPHER_CTX *context, unsigned char *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag);
}
static inline int onetime_aead_set_tag(EVP_CIPHER_CTX *context, const unsigned char *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag);
}

#endif

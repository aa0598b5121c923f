/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

static aw_time time_of(const ASN1_TIME *t)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;

    ASN1_TIME_diff(&days, &seconds, epoch, t);
    ASN1_TIME_free(epoch);
    return ((aw_time)days * 86400 + seconds) * AW_SECOND;
}

static BIO *text_bio(const char *pem)
{
    return BIO_new_mem_buf(pem, (int)strlen(pem));
}

int aw_cert_read(const char *pem, struct aw_cert *ret, struct aw_err *err)
{
    BIO *bio = text_bio(pem);
    unsigned n = 0;

    ERR_clear_error();
    for (X509 *x; (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)); n++) {
        if (n == 0)
            *ret =
                (struct aw_cert){time_of(X509_get0_notBefore(x)), time_of(X509_get0_notAfter(x))};
        X509_free(x);
    }
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(bio);
    if (n == 0)
        return aw_fail(err, AW_EINVAL, "it holds no certificate in PEM form");
    return ended ? AW_OK : aw_fail(err, AW_EINVAL, "certificate %u in it is broken", n + 1);
}

/* Nobody is asked for a password. */
static int no_password(char *dst, int cap, int writing, void *arg)
{
    *(bool *)arg = true;
    return -1;
}

int aw_cert_fits(const char *pem, const char *key, struct aw_err *err)
{
    BIO *cert_bio = text_bio(pem), *key_bio = text_bio(key);
    bool locked = false;
    X509 *x = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
    EVP_PKEY *k = PEM_read_bio_PrivateKey(key_bio, NULL, no_password, &locked);
    int r = AW_OK;

    if (!x)
        r = aw_fail(err, AW_EINVAL, "there is no certificate for the key");
    else if (!k)
        r = aw_fail(err, AW_EINVAL,
                    locked ? "the key is locked by a password; nobody is there to give it"
                           : "it holds no private key in PEM form");
    else if (X509_check_private_key(x, k) != 1)
        r = aw_fail(err, AW_EINVAL, "the key belongs to another certificate");
    ERR_clear_error();
    EVP_PKEY_free(k);
    X509_free(x);
    BIO_free(key_bio);
    BIO_free(cert_bio);
    return r;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Probes of the HTTP grammar, byte by byte, against the server on loopback: hand-written ones and
 * those generated for every byte value in every place. Each has its verdict:
 *
 *   NO     answered 4xx or 5xx (or cut), connection closed, no handler ran
 *   OK     RFC 9112 allows it: the handler ran once, and what follows on the connection is served
 *          once, or the connection was closed
 *   LAX    we are more patient than the RFC wants, and it does no harm: as OK
 *
 * The totals are printed, those of LAX by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/server.h"
#include "rawhttp.h"

enum verdict { NO, OK, LAX, N_VERDICTS };

static struct aw_http_server *server;
static unsigned port;
static atomic_uint handled, nexts, smuggled;
static unsigned totals[N_VERDICTS];

static void handler(void *ctx, struct aw_http_request *rq, const struct aw_http_view *v)
{
    smuggled += strcmp(v->path, "/smuggled") == 0;
    if (strcmp(v->path, "/next") == 0)
        nexts++;
    else
        handled++;
    aw_http_answer(rq, 200, "text/plain", "", 0, NULL, 0);
}

static int setup(void **state)
{
    server = aw_http_server_new(
        &(struct aw_http_server_options){.handler = handler, .header_ms = 1500, .body_ms = 1500});
    return aw_http_listen(server, "127.0.0.1", 0, NULL, NULL, &port, NULL);
}

static int teardown(void **state)
{
    printf("# figure: probes: %u refused, %u handled, %u handled though lax\n", totals[NO],
           totals[OK], totals[LAX]);
    assert_true(totals[NO] + totals[OK] + totals[LAX] >= 200);
    aw_http_server_free(server);
    return 0;
}

#define AFTER "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
#define NEXT  "GET /next HTTP/1.1\r\nHost: x\r\n\r\n"

static void probe_no(const char *what, const char *p, size_t n)
{
    struct raw_answer a;
    unsigned before = handled;
    int fd = raw_connect(port);

    raw_send(fd, p, n);
    raw_sends(fd, AFTER);
    raw_read(fd, false, &a);
    if (a.status && (a.status < 400 || a.status > 505))
        fail_msg("%s: answered %d", what, a.status);
    if (!raw_drained(fd, 5000)) /* the library's own refusals carry their header twice */
        fail_msg("%s: the connection stays open", what);
    if (handled != before || smuggled || nexts)
        fail_msg("%s: a handler ran", what);
    raw_done(&a);
    close(fd);
}

static void probe_ok(const char *what, const char *p, size_t n)
{
    struct raw_answer a, b;
    unsigned before = handled;
    int fd = raw_connect(port);

    raw_send(fd, p, n);
    raw_read(fd, false, &a);
    while (a.status == 100) {
        raw_done(&a);
        raw_read(fd, false, &a);
    }
    if (a.status != 200)
        fail_msg("%s: answered %d", what, a.status);
    raw_sends(fd, NEXT);
    raw_read(fd, false, &b);
    if (b.status != 0 && b.status != 200)
        fail_msg("%s: what follows is answered %d", what, b.status);
    if (handled != before + 1 || nexts != (b.status == 200) || smuggled)
        fail_msg("%s: %u handlers ran, then %u", what, handled - before, nexts);
    nexts = 0;
    raw_done(&a);
    raw_done(&b);
    close(fd);
}

static void probe(enum verdict verdict, const char *what, const char *p, size_t n)
{
    totals[verdict]++;
    if (verdict == LAX)
        printf("lax: %s\n", what);
    (verdict == NO ? probe_no : probe_ok)(what, p, n);
}

/* ---- written by hand ------------------------------------------------------------------------ */

struct row {
    enum verdict verdict;
    const char *what, *p;
    size_t n;
};

#define P(verdict, what, text)                                                                     \
    {                                                                                              \
        verdict, what, text, sizeof(text) - 1                                                      \
    }
#define POST    "POST /x HTTP/1.1\r\nHost: x\r\n"
#define GET     "GET /x HTTP/1.1\r\nHost: x\r\n"
#define HOST    " HTTP/1.1\r\nHost: x\r\n\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

static const struct row rows[] = {
    /* what must pass */
    P(OK, "plain", GET "\r\n"),
    P(OK, "HTTP/1.0 without Host", "GET /x HTTP/1.0\r\n\r\n"),
    P(OK, "a body", POST "Content-Length: 3\r\n\r\nabc"),
    P(OK, "a body of nothing", POST "Content-Length: 0\r\n\r\n"),
    P(NO, "leading zeros of a length", POST "Content-Length: 0003\r\n\r\nabc"),
    P(OK, "no blank behind the colon", "GET /x HTTP/1.1\r\nHost:x\r\n\r\n"),
    P(OK, "blanks and tabs behind the colon", "GET /x HTTP/1.1\r\nHost: \t x\r\n\r\n"),
    P(OK, "an empty value", GET "X-A:\r\nX-B: \r\n\r\n"),
    P(OK, "bytes beyond ASCII in a value", GET "X-A: \xe6\x9d\x8e\xff\r\n\r\n"),
    P(OK, "a tab in a value", GET "X-A: a\tb\r\n\r\n"),
    P(OK, "a colon in a value", GET "X-A: a:b: c\r\n\r\n"),
    P(OK, "a header that may come twice", GET "X-A: a\r\nX-A: b\r\n\r\n"),
    P(OK, "names in any case", "GET /x HTTP/1.1\r\nhOsT: x\r\n\r\n"),
    P(OK, "a query with everything in it", "GET /x?a=b&c=%20+d&&=&?/:@!$'()*,;~" HOST),
    P(OK, "an empty query", "GET /x?" HOST),
    P(OK, "percent-encoded UTF-8", "GET /%E6%9D%8E%2Fx" HOST),
    P(OK, "an empty line before the request", "\r\n" GET "\r\n"),
    P(OK, "Host with a port", "GET /x HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
    P(OK, "Expect: 100-continue", POST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"),
    P(OK, "Expect in capitals", POST "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi"),
    P(OK, "Connection: close", GET "Connection: close\r\n\r\n"),
    P(OK, "chunks", CHUNKED "3\r\nabc\r\n0\r\n\r\n"),
    P(OK, "chunks in hex of both cases", CHUNKED "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
    P(OK, "an extension of a chunk", CHUNKED "3;a=b;c=\"d\"\r\nabc\r\n0\r\n\r\n"),
    P(OK, "leading zeros of a chunk", CHUNKED "0003\r\nabc\r\n000\r\n\r\n"),
    P(OK, "a trailer", CHUNKED "3\r\nabc\r\n0\r\nX-A: b\r\n\r\n"),
    P(OK, "chunks of nothing", CHUNKED "0\r\n\r\n"),
    P(OK, "Chunked with a capital", POST "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"),
    /* where the head ends */
    P(NO, "bare LF everywhere", "GET /x HTTP/1.1\nHost: x\n\n"),
    P(NO, "bare LF behind the request line", "GET /x HTTP/1.1\nHost: x\r\n\r\n"),
    P(NO, "bare LF behind a header", "GET /x HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n"),
    P(NO, "bare LF behind the last header", "GET /x HTTP/1.1\r\nHost: x\n\r\n"),
    P(NO, "bare LF at the end", "GET /x HTTP/1.1\r\nHost: x\r\n\n"),
    P(NO, "bare LF that hides a length", GET "X-A: b\nContent-Length: 36\r\n\r\n"),
    P(NO, "bare LF that hides a coding",
      POST "X-A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    P(NO, "bare CR behind the request line", "GET /x HTTP/1.1\rHost: x\r\n\r\n"),
    P(NO, "bare CR in a value", GET "X-A: b\rX-B: c\r\n\r\n"),
    P(NO, "bare CR before a header", GET "\rX-A: b\r\n\r\n"),
    P(NO, "CR CR LF", GET "X-A: b\r\r\n\r\n"),
    P(NO, "LF CR", GET "X-A: b\n\rX-B: c\r\n\r\n"),
    P(NO, "NUL in a value", GET "X-A: b\0c\r\n\r\n"),
    P(NO, "NUL at the end of a value", GET "X-A: b\0\r\n\r\n"),
    P(NO, "NUL in front of a value", GET "X-A: \0b\r\n\r\n"),
    P(NO, "NUL in a name", GET "X\0A: b\r\n\r\n"),
    P(NO, "NUL in front of a name", GET "\0X-A: b\r\n\r\n"),
    P(NO, "NUL that hides a length", POST "Content-Length: 0\0, 36\r\n\r\n"),
    P(NO, "NUL that hides a coding", POST "Transfer-Encoding: chunked\0, x\r\n\r\n0\r\n\r\n"),
    P(NO, "NUL in the target", "GET /x\0y" HOST),
    P(NO, "NUL behind the method", "GET\0 /x" HOST),
    P(NO, "NUL in the version", "GET /x HTTP/1.1\0\r\nHost: x\r\n\r\n"),
    P(NO, "folding", GET "X-A: b\r\n c\r\n\r\n"),
    P(NO, "folding by a tab", GET "X-A: b\r\n\tc\r\n\r\n"),
    P(NO, "folding twice", GET "X-A: b\r\n c\r\n d\r\n\r\n"),
    P(NO, "folding to nothing", GET "X-A: b\r\n \r\n\r\n"),
    P(NO, "folding of an empty value", GET "X-A:\r\n b\r\n\r\n"),
    P(NO, "folding of a length", POST "Content-Length:\r\n 0\r\n\r\n"),
    P(NO, "folding of a coding", POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    P(NO, "folding by bare LF", POST "Transfer-Encoding:\n chunked\r\n\r\n0\r\n\r\n"),
    P(NO, "folding of the first line", "GET /x HTTP/1.1\r\n Host: x\r\n\r\n"),
    /* where the body ends */
    P(NO, "length and coding",
      POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    P(NO, "coding and length",
      POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    P(NO, "length 0 and coding",
      POST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    P(NO, "two lengths, equal", POST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"),
    P(NO, "two lengths", POST "Content-Length: 0\r\nContent-Length: 36\r\n\r\n"),
    P(NO, "two lengths in two cases", POST "Content-Length: 0\r\ncontent-length: 36\r\n\r\n"),
    P(NO, "two lengths in one", POST "Content-Length: 0, 36\r\n\r\n"),
    P(NO, "two equal lengths in one", POST "Content-Length: 0, 0\r\n\r\n"),
    P(NO, "length with plus", POST "Content-Length: +0\r\n\r\n"),
    P(NO, "length with minus", POST "Content-Length: -0\r\n\r\n"),
    P(NO, "length below zero", POST "Content-Length: -1\r\n\r\n"),
    P(NO, "length in hex", POST "Content-Length: 0x0\r\n\r\n"),
    P(NO, "length with a fraction", POST "Content-Length: 0.0\r\n\r\n"),
    P(NO, "length with an exponent", POST "Content-Length: 0e0\r\n\r\n"),
    P(NO, "length with blanks inside", POST "Content-Length: 0 0\r\n\r\n"),
    P(NO, "length with a blank behind", POST "Content-Length: 0 \r\n\r\n"),
    P(NO, "length with a tab behind", POST "Content-Length: 0\t\r\n\r\n"),
    P(NO, "length in quotes", POST "Content-Length: \"0\"\r\n\r\n"),
    P(NO, "length of nothing", POST "Content-Length:\r\n\r\n"),
    P(NO, "length of 2^63", POST "Content-Length: 9223372036854775808\r\n\r\n"),
    P(NO, "length of 2^64", POST "Content-Length: 18446744073709551616\r\n\r\n"),
    P(NO, "length of 40 digits",
      POST "Content-Length: 1000000000000000000000000000000000000000\r\n\r\n"),
    P(NO, "length in other digits", POST "Content-Length: \xd9\xa0\r\n\r\n"),
    P(NO, "length with a blank before the colon", POST "Content-Length : 0\r\n\r\n"),
    P(NO, "coding identity", POST "Transfer-Encoding: identity\r\n\r\n"),
    P(NO, "coding gzip", POST "Transfer-Encoding: gzip\r\n\r\n"),
    P(NO, "coding gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    P(NO, "coding chunked, identity", POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    P(NO, "coding chunked, chunked", POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    P(NO, "coding xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    P(NO, "coding chunkedx", POST "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n"),
    P(NO, "coding with a parameter", POST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"),
    P(NO, "coding in quotes", POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
    P(NO, "coding with a blank behind", POST "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n"),
    P(NO, "coding with a comma", POST "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"),
    P(NO, "coding with a comma in front", POST "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n"),
    P(NO, "coding of nothing", POST "Transfer-Encoding:\r\n\r\n0\r\n\r\n"),
    P(NO, "coding with VT in front", POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"),
    P(NO, "coding twice",
      POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    P(NO, "coding and another",
      POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n"),
    P(NO, "coding with a blank before the colon",
      POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    P(NO, "coding in HTTP/1.0",
      "POST /x HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    /* chunks */
    P(NO, "chunk size in 0x", CHUNKED "0x0\r\n\r\n"),
    P(NO, "chunk size with minus", CHUNKED "-1\r\n\r\n"),
    P(NO, "chunk size with plus", CHUNKED "+0\r\n\r\n"),
    P(NO, "chunk size of no digit", CHUNKED "g\r\n\r\n"),
    P(NO, "chunk size of nothing", CHUNKED "\r\n\r\n"),
    P(NO, "chunk size of only an extension", CHUNKED ";a=b\r\n\r\n"),
    P(NO, "chunk size with a blank in front", CHUNKED " 0\r\n\r\n"),
    P(NO, "chunk size with a blank behind", CHUNKED "0 \r\n\r\n"),
    P(NO, "chunk size with a NUL", CHUNKED "0\0\r\n\r\n"),
    P(NO, "chunk size with a bare CR", CHUNKED "0\r0\r\n\r\n"),
    P(NO, "chunk size of 17 digits", CHUNKED "fffffffffffffffff\r\n\r\n"),
    P(NO, "chunk size of 2^64", CHUNKED "10000000000000000\r\n\r\n"),
    P(NO, "a chunk longer than it says", CHUNKED "1\r\nabc\r\n0\r\n\r\n"),
    P(NO, "a chunk shorter than it says", CHUNKED "5\r\nabc\r\n0\r\n\r\n"),
    P(NO, "a chunk that ends in CR and something", CHUNKED "3\r\nabc\rX0\r\n\r\n"),
    P(NO, "a trailer without a colon", CHUNKED "0\r\nabc\r\n\r\n"),
    /* RFC 9112 wants CR LF here; the library takes LF. Nothing that follows is ever read as a
     * request: behind a chunked body the connection ends. */
    P(LAX, "bare LF behind a chunk size", CHUNKED "3\nabc\r\n0\r\n\r\n"),
    P(LAX, "a chunk that takes the CR behind it", CHUNKED "4\r\nabc\r\n0\r\n\r\n"),
    P(LAX, "bare LF behind a chunk", CHUNKED "3\r\nabc\n0\r\n\r\n"),
    P(LAX, "bare LF behind the last chunk", CHUNKED "3\r\nabc\r\n0\n\r\n"),
    P(LAX, "bare LF behind a chunk extension", CHUNKED "3;a\nabc\r\n0\r\n\r\n"),
    P(LAX, "bare CR in a chunk extension", CHUNKED "3;a\rb\r\nabc\r\n0\r\n\r\n"),
    P(LAX, "NUL in a chunk extension", CHUNKED "3;a\0b\r\nabc\r\n0\r\n\r\n"),
    P(LAX, "bare LF behind a trailer", CHUNKED "0\r\nX-A: b\n\r\n"),
    P(LAX, "a length as a trailer", CHUNKED "0\r\nContent-Length: 36\r\n\r\n"),
    P(LAX, "a host as a trailer", CHUNKED "0\r\nHost: y\r\n\r\n"),
    /* Lines before the request that begin with NUL are empty to the library, and skipped. */
    P(LAX, "NUL before the request", "\0\r\n" GET "\r\n"),
    P(LAX, "an empty line of bare LF before the request", "\n" GET "\r\n"),
    P(LAX, "many empty lines before the request", "\r\n\r\n\r\n\r\n" GET "\r\n"),
    /* headers that must be single, or are not headers */
    P(NO, "two hosts", GET "Host: y\r\n\r\n"),
    P(NO, "two equal hosts", GET "Host: x\r\n\r\n"),
    P(NO, "no host", "GET /x HTTP/1.1\r\n\r\n"),
    P(NO, "a host with a blank", "GET /x HTTP/1.1\r\nHost: x y\r\n\r\n"),
    P(NO, "a host with a path", "GET /x HTTP/1.1\r\nHost: x/y\r\n\r\n"),
    P(NO, "a host with a user", "GET /x HTTP/1.1\r\nHost: a@x\r\n\r\n"),
    P(NO, "a host in a list", "GET /x HTTP/1.1\r\nHost: x, y\r\n\r\n"),
    P(NO, "a blank before the colon of the host", "GET /x HTTP/1.1\r\nHost : x\r\n\r\n"),
    P(NO, "two authorizations", GET "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"),
    P(NO, "two types", GET "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n"),
    P(NO, "two keys", GET "Idempotency-Key: a\r\nidempotency-key: b\r\n\r\n"),
    P(NO, "two ids of a webhook", GET "Webhook-Id: a\r\nwebhook-id: b\r\n\r\n"),
    P(NO, "two signatures of a webhook",
      GET "Webhook-Signature: a\r\nWebhook-Signature: b\r\n\r\n"),
    P(NO, "two expectations",
      POST "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na"),
    P(NO, "another expectation", GET "Expect: what\r\n\r\n"),
    P(NO, "an expectation with more", GET "Expect: 100-continue, what\r\n\r\n"),
    P(NO, "an empty expectation", GET "Expect:\r\n\r\n"),
    P(NO, "a line without a colon", GET "no colon\r\n\r\n"),
    P(NO, "a line of a colon", GET ":\r\n\r\n"),
    P(NO, "a header without a name", GET ": b\r\n\r\n"),
    P(NO, "a name in quotes", GET "\"X\": b\r\n\r\n"),
    /* the request line */
    P(NO, "no version", "GET /x\r\nHost: x\r\n\r\n"),
    P(NO, "no target", "GET HTTP/1.1\r\nHost: x\r\n\r\n"),
    P(NO, "only a method", "GET\r\n\r\n"),
    P(NO, "two blanks before the target", "GET  /x" HOST),
    P(NO, "two blanks before the version", "GET /x  HTTP/1.1\r\nHost: x\r\n\r\n"),
    P(NO, "a blank behind the version", "GET /x HTTP/1.1 \r\nHost: x\r\n\r\n"),
    P(NO, "a blank in front", " GET /x" HOST),
    P(NO, "a tab for a blank", "GET\t/x\tHTTP/1.1\r\nHost: x\r\n\r\n"),
    P(NO, "a tab before the version", "GET /x\tHTTP/1.1\r\nHost: x\r\n\r\n"),
    P(NO, "four words", "GET /x /y" HOST),
    P(NO, "version 0.9", "GET /x HTTP/0.9\r\nHost: x\r\n\r\n"),
    P(NO, "version 1.2", "GET /x HTTP/1.2\r\nHost: x\r\n\r\n"),
    P(NO, "version 2.0", "GET /x HTTP/2.0\r\nHost: x\r\n\r\n"),
    P(NO, "version 9.9", "GET /x HTTP/9.9\r\nHost: x\r\n\r\n"),
    P(NO, "version 1", "GET /x HTTP/1\r\nHost: x\r\n\r\n"),
    P(NO, "version 1.10", "GET /x HTTP/1.10\r\nHost: x\r\n\r\n"),
    P(NO, "version 01.1", "GET /x HTTP/01.1\r\nHost: x\r\n\r\n"),
    P(NO, "version in small letters", "GET /x http/1.1\r\nHost: x\r\n\r\n"),
    P(NO, "version of another protocol", "GET /x RTSP/1.1\r\nHost: x\r\n\r\n"),
    P(NO, "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    P(NO, "TLS where there is none", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    P(NO, "an absolute target", "GET http://x/x" HOST),
    P(NO, "an absolute target of another", "GET https://y/x" HOST),
    P(NO, "an authority for a target", "GET x:80" HOST),
    P(NO, "CONNECT", "CONNECT x:80" HOST),
    P(NO, "an asterisk", "OPTIONS *" HOST),
    P(NO, "a target without a slash", "GET x" HOST),
    P(NO, "an empty segment", "GET //x" HOST),
    P(NO, "a dot segment", "GET /a/./x" HOST),
    P(NO, "a parent", "GET /a/../x" HOST),
    P(NO, "a parent at the end", "GET /a/.." HOST),
    P(NO, "a parent in percent", "GET /a/%2e%2e/x" HOST),
    P(NO, "a parent behind %2f", "GET /a%2f..%2fx" HOST),
    P(NO, "an overlong parent", "GET /a/%c0%ae%c0%ae/x" HOST),
    P(NO, "%00", "GET /x%00" HOST),
    P(NO, "%0d%0a", "GET /x%0d%0aX:y" HOST),
    P(NO, "%7f", "GET /x%7f" HOST),
    P(NO, "%ff", "GET /x%ff" HOST),
    P(NO, "a surrogate", "GET /%ed%a0%80" HOST),
    P(NO, "%zz", "GET /x%zz" HOST),
    P(NO, "%4", "GET /x%4" HOST),
    P(NO, "%", "GET /x%" HOST),
    P(NO, "%u0041", "GET /%u0041" HOST),
    P(NO, "a fragment", "GET /x#y" HOST),
    P(NO, "a fragment in the query", "GET /x?a#y" HOST),
    P(NO, "a backslash", "GET /a\\..\\x" HOST),
    P(NO, "method TRACE", "TRACE /x" HOST),
    P(NO, "method PATCH", "PATCH /x" HOST),
    P(NO, "method OPTIONS", "OPTIONS /x" HOST),
    P(NO, "method in small letters", "get /x" HOST),
    P(NO, "a method of our own", "GETT /x" HOST),
    P(NO, "an empty method", " /x" HOST),
};

static void test_by_hand(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        probe(rows[i].verdict, rows[i].what, rows[i].p, rows[i].n);
}

/* ---- every byte value in every place ----------------------------------------------------------
 */

static void probe_byte(const char *before, unsigned byte, const char *after, enum verdict verdict,
                       const char *where)
{
    struct aw_buf b = AW_BUF_INIT(4096);
    char what[64];

    aw_buf_puts(&b, before);
    aw_buf_putc(&b, (char)byte);
    aw_buf_puts(&b, after);
    snprintf(what, sizeof(what), "byte %02x in %s", byte, where);
    probe(verdict, what, aw_buf_str(&b), b.n);
    aw_buf_free(&b);
}

static bool is_letter(unsigned c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_token(unsigned c)
{
    return is_letter(c) || (c && strchr("!#$%&'*+-.^_`|~", (int)c));
}

static void test_bytes(void **state)
{
    for (unsigned c = 0; c < 256; c++) {
        bool value = c == '\t' || (c >= ' ' && c != 0x7f);
        /* "%" alone is a broken escape; "?" begins the query; "/" makes an empty segment of "//" */
        bool path = is_letter(c) || (c && strchr("!$&'()*+,-.:;=?@_~/", (int)c));
        bool query = c > ' ' && c < 0x7f && c != '#';

        if (c != ':') /* ends the name */
            probe_byte(GET "X", c, "A: b\r\n\r\n", is_token(c) ? OK : NO, "a name");
        probe_byte(GET "X-A: b", c, "c\r\n\r\n", value ? OK : NO, "a value");
        probe_byte("GET /x", c, "y" HOST, path ? OK : NO, "the path");
        probe_byte("GET /x?a", c, "b" HOST, query ? OK : NO, "the query");
        probe_byte("G", c, "ET /x" HOST, NO, "the method");
        probe_byte("GET /x HTTP/1.", c, "\r\nHost: x\r\n\r\n", c == '0' || c == '1' ? OK : NO,
                   "the version");
    }
}

/* ---- too much -----------------------------------------------------------------------------------
 */

static void probe_many(const char *before, const char *again, unsigned n, const char *after,
                       enum verdict verdict, const char *what)
{
    struct aw_buf b = AW_BUF_INIT(1 << 20);

    aw_buf_puts(&b, before);
    while (n--)
        aw_buf_puts(&b, again);
    aw_buf_puts(&b, after);
    probe(verdict, what, aw_buf_str(&b), b.n);
    aw_buf_free(&b);
}

static void test_too_much(void **state)
{
    probe_many("GET /", "a", 1023, HOST, OK, "a path of 1,024 bytes");
    probe_many("GET /", "a", 1024, HOST, NO, "a path of 1,025 bytes");
    probe_many("GET /?", "a", 8192, HOST, OK, "a query of 8,192 bytes");
    probe_many("GET /?", "a", 8193, HOST, NO, "a query of 8,193 bytes");
    probe_many("GET /?", "a", 60 << 10, HOST, NO, "a query of 60 KiB");
    probe_many("GET /", "%41", 341, HOST, OK, "a path of escapes");
    probe_many(GET, "X: y\r\n", 99, "\r\n", OK, "100 headers");
    probe_many(GET, "X: y\r\n", 100, "\r\n", NO, "101 headers");
    probe_many(GET, "X: y\r\n", 5000, "\r\n", NO, "5,000 headers");
    probe_many(GET "X: ", "y", 8 << 10, "\r\n\r\n", OK, "a header of 8 KiB");
    probe_many(GET "X: ", "y", 60 << 10, "\r\n\r\n", NO, "a header of 60 KiB");
    probe_many(GET, "y", 60 << 10, ": x\r\n\r\n", NO, "a name of 60 KiB");
    probe_many("", "G", 60 << 10, " /" HOST, NO, "a method of 60 KiB");
    probe_many("\r\n", "\r\n", 2000, GET "\r\n", LAX, "2,000 empty lines before the request");
    probe_many(POST "Content-Length: ", "0", 8 << 10, "\r\n\r\n", NO, "a length of 8 Ki zeros");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_too_much),
    };
    return cmocka_run_group_tests_name("probes", tests, setup, teardown);
}

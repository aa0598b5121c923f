/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate. Input: method, version and target on one line each, then header lines "name:value";
 * lines end in LF, all other bytes are as they come. What passes must hold what the gate promises.
 * Links libawnet and libawbase.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "net/gate.h"
#include "net/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define MAX_LINES (AW_GATE_HEADERS + 8)

static void check(bool promise)
{
    if (!promise)
        abort();
}

/* Cuts the next line off; NULL at the end. */
static char *line(char **rest, char *end, size_t *ret_n)
{
    char *start = *rest;
    if (start >= end)
        return NULL;
    char *lf = memchr(start, '\n', (size_t)(end - start));
    *ret_n = (size_t)((lf ? lf : end) - start);
    start[*ret_n] = 0;
    *rest = start + *ret_n + 1;
    return start;
}

static void check_passed(const struct aw_gate_request *rq, const struct aw_gate_result *r)
{
    unsigned lengths = 0, codings = 0, hosts = 0;
    char path[AW_GATE_PATH + 1];

    for (size_t i = 0; i < rq->n_headers; i++) {
        const struct aw_gate_header *h = &rq->headers[i];
        check(h->n_name > 0);
        for (size_t k = 0; k < h->n_name; k++)
            check(h->name[k] > ' ' && h->name[k] < 0x7f && h->name[k] != ':');
        for (size_t k = 0; k < h->n_value; k++)
            check(h->value[k] == '\t' || (uint8_t)h->value[k] >= ' ');
        lengths += h->n_name == 14 && strncasecmp(h->name, "content-length", 14) == 0;
        codings += h->n_name == 17 && strncasecmp(h->name, "transfer-encoding", 17) == 0;
        hosts += h->n_name == 4 && strncasecmp(h->name, "host", 4) == 0;
    }
    check(lengths + codings <= 1 && hosts <= 1 && r->chunked == (codings == 1));
    check(lengths || r->length == 0);
    size_t n = strcspn(rq->target, "?");
    check(rq->target[0] == '/' && n <= AW_GATE_PATH);
    check(aw_percent_decode(rq->target, n, false, path, sizeof(path)) == 0);
    check(!strstr(path, "/../") && !strstr(path, "/./") && !strchr(path, '\r') &&
          !strchr(path, '\n'));
    check(rq->empty_segments || !memmem(rq->target, n, "//", 2));
}

static char *put(char **at, const char *s, size_t n, size_t n_end)
{
    char *start = *at;
    memcpy(start, s, n);
    memset(start + n, 0, n_end);
    *at += n + n_end;
    return start;
}

/* A head laid out as the library does it changes no verdict; one that has a byte more does not
 * pass. */
static void check_head(const struct aw_gate_request *rq, size_t n, int status)
{
    struct aw_gate_header headers[MAX_LINES];
    struct aw_gate_request laid = *rq;
    struct aw_gate_result r;
    char *head = aw_malloc(n + 4 * MAX_LINES + 16), *at = head;

    laid.method = put(&at, rq->method, strlen(rq->method), 1);
    laid.target_in_head = put(&at, rq->target, strlen(rq->target), 1);
    laid.version = put(&at, rq->version, strlen(rq->version), 2);
    laid.headers = headers;
    for (size_t i = 0; i < rq->n_headers; i++) {
        const struct aw_gate_header *h = &rq->headers[i];
        headers[i].name = put(&at, h->name, h->n_name, 2);
        headers[i].n_name = h->n_name;
        headers[i].value = put(&at, h->value, h->n_value, 2);
        headers[i].n_value = h->n_value;
        ((char *)(uintptr_t)headers[i].value)[-1] = ' ';
    }
    put(&at, "", 0, 2);
    laid.n_head = (size_t)(at - head);
    check(aw_gate_check(&laid, &r) == status);
    laid.n_head--;
    check(aw_gate_check(&laid, &r) != 0);
    aw_free(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct aw_gate_header headers[MAX_LINES];
    struct aw_gate_request rq = {.headers = headers};
    struct aw_gate_result r;
    char *text = aw_malloc(n + 1), *rest = text, *end = text + n, *s;
    const char *first[3] = {"", "", ""};
    size_t n_line;

    memcpy(text, p, n);
    text[n] = 0;
    for (int i = 0; i < 3 && (s = line(&rest, end, &n_line)); i++)
        first[i] = s;
    rq.method = first[0];
    rq.version = first[1];
    rq.target = first[2];
    rq.empty_segments = n & 1;
    while (rq.n_headers < MAX_LINES && (s = line(&rest, end, &n_line))) {
        char *colon = memchr(s, ':', n_line);
        struct aw_gate_header h = {s, "", n_line, 0};
        if (colon)
            h = (struct aw_gate_header){s, colon + 1, (size_t)(colon - s),
                                        n_line - (size_t)(colon - s) - 1};
        headers[rq.n_headers++] = h;
    }
    int status = aw_gate_check(&rq, &r);
    if (status == 0)
        check_passed(&rq, &r);
    else
        check(status >= 400 && status < 500 && r.why);
    check_head(&rq, n, status);
    aw_free(text);
    return 0;
}

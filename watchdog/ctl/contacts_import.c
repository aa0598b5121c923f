/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch contacts import FILE.csv`: a header row naming members of a contact, then a person a
 * line. Everything is checked first, bad rows are named by line; nothing is changed unless all rows
 * are fine, or --partial is given. Limits: 64 MiB, 200,000 rows.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/request.h"
#include "ctl/contacts.h"
#include "ctl/nouns.h"

#define FILE_MAX ((size_t)64 << 20)
#define ROWS_MAX 200000
#define COLS_MAX 16

static const char *const columns[] = {"user", "name", "alias", "phone",   "email",
                                      "im",   "lang", "tz",    "manager", NULL};

/* One field at *pp, unquoted in place; *ret_end: the byte behind it (',', '\n' or NUL). */
static int read_field(char **pp, unsigned *line, char **ret, char *ret_end, struct aw_err *err)
{
    char *p = *pp, *to = p;
    *ret = to;
    if (*p == '"') {
        for (p++; *p; p++) {
            if (*p == '"' && p[1] == '"')
                p++;
            else if (*p == '"')
                break;
            if (*p == '\n')
                ++*line;
            *to++ = *p;
        }
        if (!*p)
            return aw_fail(err, AW_EINVAL, "a quote is not closed");
        p++;
    } else {
        while (*p && *p != ',' && *p != '\n')
            *to++ = *p++;
        if (to > *ret && to[-1] == '\r')
            to--;
    }
    if (*p == '\r' && p[1] == '\n')
        p++;
    if (*p && *p != ',' && *p != '\n')
        return aw_fail(err, AW_EINVAL, "text follows a closing quote");
    *ret_end = *p;
    *pp = *p ? p + 1 : p;
    *to = '\0';
    return 0;
}

int aw_csv_record(char **pp, unsigned *line, char **fields, unsigned max, struct aw_err *err)
{
    unsigned n = 0;
    char end = ',';
    while (end == ',') {
        if (n == max)
            return aw_fail(err, AW_ELIMIT, "more than %u fields", max);
        int r = read_field(pp, line, &fields[n++], &end, err);
        if (r < 0) {
            *pp += strcspn(*pp, "\n");
            *pp += **pp == '\n';
            ++*line;
            return r;
        }
    }
    ++*line;
    return (int)n;
}

struct row {
    unsigned line;
    char *user;
    json_t *contact;
};

struct import {
    const struct aw_ctl *ctl;
    unsigned map[COLS_MAX]; /* column -> index into columns */
    unsigned n_map;
    struct row *rows;
    unsigned n_rows, bad;
};

static void bad_row(struct import *im, unsigned line, const char *why)
{
    im->bad++;
    aw_ctl_say(0, "%s:%u: %s", im->ctl->args[0], line, why);
}

static int read_header(struct import *im, char **pp, unsigned *line, struct aw_err *err)
{
    char *fields[COLS_MAX];
    int n = aw_csv_record(pp, line, fields, COLS_MAX, err);
    bool has_user = false;
    for (int i = 0; i < n; i++) {
        unsigned k = 0;
        while (columns[k] && !aw_streq(columns[k], fields[i]))
            k++;
        if (!columns[k]) {
            const char *near = aw_nearest(fields[i], columns);
            return aw_fail(err, AW_EINVAL, "unknown column \"%s\"%s%s%s", fields[i],
                           near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        }
        for (unsigned j = 0; j < im->n_map; j++)
            if (im->map[j] == k)
                return aw_fail(err, AW_EINVAL, "column \"%s\" stands twice", fields[i]);
        has_user = has_user || k == 0;
        im->map[im->n_map++] = k;
    }
    if (n >= 0 && !has_user)
        return aw_fail(err, AW_EINVAL, "the header row has no column \"user\"");
    return n < 0 ? n : 0;
}

/* Fields to a contact, checked by the same function as a PUT of the API. */
static void add_row(struct import *im, unsigned line, char **fields, unsigned n)
{
    struct row row = {.line = line, .contact = json_object()};
    for (unsigned i = 0; i < n; i++) {
        if (im->map[i] == 0)
            row.user = fields[i];
        else if (*fields[i])
            json_object_set_new(row.contact, columns[im->map[i]], json_string(fields[i]));
    }
    if (!row.user || !aw_valid_user(row.user)) {
        bad_row(im, line, "user must be 1 to 128 bytes of UTF-8 without control characters");
        json_decref(row.contact);
        return;
    }
    char *body = json_dumps(row.contact, JSON_COMPACT), *stored = NULL;
    size_t n_stored;
    struct aw_fault fault = {.problem = AW_P_NONE};
    if (aw_request_contact(body, strlen(body), &stored, &n_stored, &fault) < 0) {
        char why[700];
        snprintf(why, sizeof why, "%s: %s", *fault.pointer ? fault.pointer + 1 : "row",
                 fault.detail);
        bad_row(im, line, why);
        json_decref(row.contact);
    } else {
        im->rows[im->n_rows++] = row;
    }
    aw_free(stored);
    free(body);
}

static int read_rows(struct import *im, char *text, struct aw_err *err)
{
    char *p = text;
    if (aw_starts(p, "\xef\xbb\xbf"))
        p += 3; /* spreadsheets put a byte order mark */
    unsigned line = 1;
    int r = read_header(im, &p, &line, err);
    if (r < 0)
        return aw_wrap(err, r, "%s:1", im->ctl->args[0]);
    while (*p) {
        char *fields[COLS_MAX];
        unsigned at = line;
        int n = aw_csv_record(&p, &line, fields, COLS_MAX, err);
        if (n == 1 && !*fields[0])
            continue; /* an empty line */
        if (n < 0)
            bad_row(im, at, err->text);
        else if ((unsigned)n != im->n_map)
            bad_row(im, at, "the row has not as many fields as the header");
        else if (im->n_rows == ROWS_MAX)
            return aw_fail(err, AW_ELIMIT, "more than %u rows", ROWS_MAX);
        else
            add_row(im, at, fields, (unsigned)n);
    }
    return 0;
}

static int put_rows(struct import *im, struct aw_client *c, unsigned *ret_done)
{
    for (unsigned i = 0; i < im->n_rows; i++) {
        int code = aw_contact_put(im->ctl, c, im->rows[i].user, im->rows[i].contact);
        if (code != AW_EXIT_DONE) {
            bad_row(im, im->rows[i].line, "refused by the daemon");
            if (!aw_ctl_flag(im->ctl, "partial") || code == AW_EXIT_UNREACHABLE)
                return code;
            continue;
        }
        ++*ret_done;
    }
    return AW_EXIT_DONE;
}

static int run(struct import *im, char *text)
{
    struct aw_err err;
    unsigned done = 0;
    im->rows = aw_calloc(ROWS_MAX, sizeof im->rows[0]);
    if (read_rows(im, text, &err) < 0)
        return aw_ctl_say(AW_EXIT_FAILED, "%s", err.text);
    if (im->bad && !aw_ctl_flag(im->ctl, "partial"))
        return aw_ctl_say(AW_EXIT_PROBLEMS,
                          "%u bad rows, nothing was changed; --partial imports "
                          "the %u good ones",
                          im->bad, im->n_rows);
    struct aw_client *c = aw_client_of(im->ctl);
    int code = c ? put_rows(im, c, &done) : AW_EXIT_USAGE;
    aw_client_free(c);
    if (im->ctl->out.json) {
        json_t *v = json_pack("{s:i,s:i}", "imported", (int)done, "refused", (int)im->bad);
        aw_out_json(&im->ctl->out, v);
        json_decref(v);
    } else {
        fprintf(im->ctl->out.f, "imported\t%u\nrefused\t%u\n", done, im->bad);
    }
    return code != AW_EXIT_DONE ? code : im->bad ? AW_EXIT_PROBLEMS : AW_EXIT_DONE;
}

static int exec(struct aw_ctl *ctl)
{
    struct import im = {.ctl = ctl};
    size_t n;
    AW_AUTO_FREE char *text = aw_ctl_read(ctl->args[0], FILE_MAX, &n);
    if (!text)
        return AW_EXIT_FAILED;
    if (strlen(text) != n || !aw_utf8_valid(text, n))
        return aw_ctl_say(AW_EXIT_FAILED, "%s is not UTF-8 text", ctl->args[0]);
    int code = run(&im, text);
    for (unsigned i = 0; i < im.n_rows; i++)
        json_decref(im.rows[i].contact);
    aw_free(im.rows);
    return code;
}

static const struct aw_param args[] = {
    {"FILE", 0, AW_VAL_FILE, 0, NULL, "CSV with a header row; - is standard input"},
    {NULL},
};
static const struct aw_param flags[] = {
    AW_CONTACT_APP,
    {"partial", 0, AW_VAL_NONE, 0, NULL, "import the good rows even if others are bad"},
    {NULL},
};
static const char *const examples[] = {"contacts import staff.csv", NULL};

const struct aw_cmd_entry aw_cmd_contacts_import = {
    .noun = "contacts",
    .verb = "import",
    .summary = "put many people from a CSV file",
    .text = "Columns: user name alias phone email im lang tz manager, in any order; user is "
            "required. A row replaces the person. All rows are checked first; bad ones are named "
            "by line, and nothing is changed unless --partial is given (exit code 3 in both "
            "cases).",
    .args = args,
    .flags = flags,
    .remote = true,
    .examples = examples,
    .exec = exec,
};

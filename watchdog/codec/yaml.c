/* SPDX-License-Identifier: Apache-2.0
 *
 * The YAML reader. First the bytes are looked through for what libyaml would accept or report
 * badly (encoding, tabs, directives), then its events become a tree. Nodes and texts live in an
 * arena of the document. The depth is bounded by the stack of open nodes below, the time by the
 * number of events, so that nothing here recurses.
 *
 *   E001 syntax, indentation   E005 duplicate key     E009 too big
 *   E002 anchor or alias       E006 tab               E010 encoding
 *   E003 tag                   E007 second document   E011 key is not a scalar
 *   E004 directive             E008 too deep
 */
#include "codec/yaml.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"

#define MAX_DEPTH  32
#define MAX_EVENTS 100000
#define MAX_QUOTED 60 /* bytes of a text that an error shows */
#define BLOCK_SIZE 16384

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(max_align_t) char bytes[];
};

struct aw_yaml_doc {
    struct block *blocks;
    struct aw_yaml *root;
};

/* A map or list that is not closed yet. */
struct open_node {
    struct aw_yaml *node, *last;
    const char *key; /* in a map: the key whose value comes next */
    struct aw_yaml_place key_at;
};

struct reader {
    yaml_parser_t parser;
    struct aw_yaml_doc *doc;
    struct aw_yaml_error *error;
    struct open_node stack[MAX_DEPTH];
    unsigned depth;
    const struct aw_yaml *last_scalar; /* the last event, if it was a value */
    struct aw_str text;                /* of the file */
};

/* ---- memory ---- */

static void *take(struct aw_yaml_doc *doc, size_t n)
{
    n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct block *b = doc->blocks;
    if (!b || b->size - b->used < n) {
        size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
        b = aw_calloc(1, sizeof *b + size);
        b->size = size;
        b->next = doc->blocks;
        doc->blocks = b;
    }
    void *p = b->bytes + b->used;
    b->used += n;
    return p;
}

void aw_yaml_free(struct aw_yaml_doc *doc)
{
    if (!doc)
        return;
    for (struct block *b = doc->blocks, *next; b; b = next) {
        next = b->next;
        aw_free(b);
    }
    aw_free(doc);
}

/* ---- errors ---- */

static int refuse_yaml(struct aw_yaml_error *e, struct aw_yaml_place at, const char *code,
                       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int refuse_yaml(struct aw_yaml_error *e, struct aw_yaml_place at, const char *code,
                       const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    aw_vformat(e->text, sizeof e->text, aw_t(e->lang, fmt), ap);
    va_end(ap);
    e->at = at;
    e->code = code;
    e->hint[0] = '\0';
    e->first = 0;
    return AW_EINVAL;
}

static struct aw_yaml_place place(yaml_mark_t mark)
{
    return (struct aw_yaml_place){(unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static int quoted_length(const char *s)
{
    return (int)aw_utf8_cut(s, strlen(s), MAX_QUOTED);
}

/* Problems of libyaml that are looked at twice. */
#define STRAY_COLON "mapping values are not allowed in this context"
#define NO_KEY      "did not find expected key"
#define NO_ITEM     "did not find expected '-' indicator"

/* What libyaml says, in words for people, and which of its two marks is the better place. */
static const struct {
    const char *problem, *context; /* context NULL: any */
    bool at_context;
    const char *text;
} phrases[] = {
    {STRAY_COLON, NULL, false,
     N_("a \":\" cannot stand here; if it belongs to a text, put the text in quotes")},
    {"could not find expected ':'", NULL, true, N_("a key without a \":\" behind it")},
    {NO_KEY, NULL, false, N_("this line is not indented like the other keys of its map")},
    {NO_ITEM, NULL, false,
     N_("this line is not indented like the other items of its list, or has no \"-\"")},
    {"block sequence entries are not allowed in this context", NULL, false,
     N_("a list item cannot begin here; put the \"-\" on a line of its own")},
    {"found unexpected end of stream", "while scanning a quoted scalar", true,
     N_("this quote is never closed")},
    {"did not find expected ',' or ']'", NULL, false, N_("expected \",\" or \"]\" in this list")},
    {"did not find expected ',' or '}'", NULL, false, N_("expected \",\" or \"}\" in this map")},
    {"did not find expected node content", "while parsing a flow node", false,
     N_("expected a value here, or the bracket that closes the list or map")},
    {"found unknown escape character", NULL, false,
     N_("no such escape; write \"\\\\\" for a backslash, or use single quotes")},
    {"found character that cannot start any token", NULL, false,
     N_("this character cannot begin a value; put the text in quotes")},
    {"did not find expected <document start>", NULL, false,
     N_("this does not belong to what stands above; look at the indentation")},
};

/* The text of a line from its first word on; *ret_blanks stand before it. */
static struct aw_str words_of(const struct reader *r, unsigned line, unsigned *ret_blanks)
{
    const char *p = r->text.p, *end = p + r->text.n;
    for (unsigned i = 1; i < line && p < end; i++) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        p = nl ? nl + 1 : end;
    }
    for (*ret_blanks = 0; p < end && *p == ' '; p++)
        ++*ret_blanks;
    const char *nl = memchr(p, '\n', (size_t)(end - p));
    return (struct aw_str){p, (size_t)((nl ? nl : end) - p)};
}

static const struct aw_yaml *last_child(const struct aw_yaml *node)
{
    const struct aw_yaml *last = node->child;
    while (last && last->next)
        last = last->next;
    return last;
}

/* Takes the map when its keys begin nearer to this column than those of the best so far. */
static void consider(const struct aw_yaml *map, unsigned blanks, const struct aw_yaml **best,
                     unsigned *off)
{
    if (map->type != AW_YAML_MAP || !map->child)
        return;
    unsigned at = map->child->key_at.col - 1, d = at > blanks ? at - blanks : blanks - at;
    if (d <= *off) {
        *best = last_child(map);
        *off = d;
    }
}

/* The last key of the map, open or just ended, whose keys begin nearest to column `blanks` + 1:
 * where this line was meant to be. NULL when that is where it is. */
static const struct aw_yaml *nearest_key(const struct reader *r, unsigned blanks)
{
    const struct aw_yaml *best = NULL;
    unsigned off = UINT32_MAX;
    for (unsigned i = 0; i < r->depth; i++)
        consider(r->stack[i].node, blanks, &best, &off);
    for (const struct aw_yaml *n = r->depth > 0 ? r->stack[r->depth - 1].last : NULL; n;
         n = last_child(n))
        consider(n, blanks, &best, &off);
    return off > 0 ? best : NULL;
}

/* A key in the line of the problem that stands under none of the others: says where it belongs. */
static void hint_indent(const struct reader *r, unsigned line)
{
    unsigned blanks;
    struct aw_str s = words_of(r, line, &blanks);
    const struct aw_yaml *like = nearest_key(r, blanks);
    size_t n = 0;
    while (n < s.n && s.p[n] != ':' && s.p[n] != ' ')
        n++;
    if (!like || n == 0 || n == s.n || s.p[n] != ':')
        return;
    const char *first = like->key, *end = first + strlen(first);
    if (first < end)
        aw_utf8_next(&first, end);
    aw_format(
        r->error->hint, sizeof r->error->hint,
        aw_t(r->error->lang, "put \"%.*s\" under the \"%.*s\" of \"%.*s\" (%u blanks, not %u)"),
        (int)aw_utf8_cut(s.p, n, MAX_QUOTED), s.p, (int)(first - like->key), like->key,
        quoted_length(like->key), like->key, like->key_at.col - 1, blanks);
    if (like->key_at.line != line)
        r->error->first = like->key_at.line;
}

/* Two mistakes that libyaml sees one token late, told by the scalar before. A plain text goes on
 * over deeper lines, so a key below it that is indented too far, or a line above without a blank
 * behind its ":", ends in a complaint about the next ":". And what stands behind a closed quote
 * is taken for a key. */
static bool explain_by_scalar(const struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const struct aw_yaml *last = r->last_scalar;
    struct aw_yaml_place at = place(p->problem_mark);
    if (!last)
        return false;
    if (!last->quoted && last->at.line != last->end.line && strcmp(p->problem, STRAY_COLON) == 0) {
        bool glued = !last->key && strchr(last->text, ':');
        refuse_yaml(r->error, at, "E001",
                    "%s: lines %u to %u were read as one value, \"%.*s\", and then came \":\"",
                    aw_t(r->error->lang, glued ? N_("a \":\" above has no blank behind it")
                                               : N_("this line is not indented as YAML needs")),
                    last->at.line, last->end.line, quoted_length(last->text), last->text);
        if (glued)
            r->error->first = last->at.line;
        else
            hint_indent(r, at.line);
        return true;
    }
    if (last->quoted && last->end.line == at.line &&
        (strcmp(p->problem, NO_KEY) == 0 || strcmp(p->problem, NO_ITEM) == 0)) {
        refuse_yaml(r->error, at, "E001",
                    "this stands behind a closed quote; put the whole text in quotes of one kind");
        return true;
    }
    return false;
}

static int explain(const struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        abort();
    const char *problem = p->problem ? p->problem : "not YAML";
    if (p->problem && explain_by_scalar(r))
        return AW_EINVAL;
    for (size_t i = 0; i < AW_COUNT(phrases); i++) {
        if (strcmp(phrases[i].problem, problem) != 0 ||
            (phrases[i].context && !aw_streq(phrases[i].context, p->context)))
            continue;
        struct aw_yaml_place at = place(phrases[i].at_context ? p->context_mark : p->problem_mark);
        refuse_yaml(r->error, at, "E001", "%s", aw_t(r->error->lang, phrases[i].text));
        if (strcmp(problem, NO_KEY) == 0 || strcmp(problem, NO_ITEM) == 0)
            hint_indent(r, at.line);
        return AW_EINVAL;
    }
    return refuse_yaml(r->error, place(p->problem_mark), "E001", "%s%s%s", problem,
                       p->context ? " " : "", p->context ? p->context : "");
}

/* ---- bytes ---- */

/* Code points that YAML would read as line ends, or that nobody can see. */
static bool is_odd(int32_t c, const char *behind, const char *end)
{
    if (c == '\r')
        return behind == end || *behind != '\n';
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
           c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

static int check_bytes(const char *p, size_t n, struct aw_yaml_error *e)
{
    struct aw_yaml_place at = {1, 1};
    const char *end = p + n;
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        return refuse_yaml(e, at, "E010",
                           "the file begins with a byte order mark; save it without");
    while (p != end) {
        int32_t c = aw_utf8_next(&p, end);
        if (c < 0)
            return refuse_yaml(e, at, "E010", "this is not UTF-8; save the file as UTF-8");
        if (is_odd(c, p, end))
            return refuse_yaml(e, at, "E010", "the character U+%04X must not stand here",
                               (unsigned)c);
        if (c == '\t')
            return refuse_yaml(e, at, "E006",
                               "a tab; indent with blanks, and in a text write \"\\t\" in quotes");
        if (c == '%' && at.col == 1)
            return refuse_yaml(e, at, "E004",
                               "a line must not begin with \"%%\": directives are not allowed");
        at.col++;
        if (c == '\n')
            at = (struct aw_yaml_place){at.line + 1, 1};
    }
    return 0;
}

/* ---- events ---- */

static int by_key(const void *a, const void *b)
{
    const struct aw_yaml *const *x = a, *const *y = b;
    int order = strcmp((*x)->key, (*y)->key);
    if (order)
        return order;
    if ((*x)->key_at.line != (*y)->key_at.line)
        return (*x)->key_at.line < (*y)->key_at.line ? -1 : 1;
    return (*x)->key_at.col < (*y)->key_at.col ? -1 : 1;
}

/* Sorted, so that a map of 50,000 keys costs no more than its parsing. */
static int check_duplicates(struct reader *r, const struct aw_yaml *map)
{
    const struct aw_yaml **members = aw_calloc(map->n, sizeof(*members));
    unsigned n = 0;
    int code = 0;
    for (const struct aw_yaml *m = map->child; m; m = m->next)
        members[n++] = m;
    if (n > 1)
        qsort(members, n, sizeof(*members), by_key);
    for (unsigned i = 1; i < n && !code; i++)
        if (strcmp(members[i - 1]->key, members[i]->key) == 0)
            code = refuse_yaml(r->error, members[i]->key_at, "E005",
                               "the key \"%.*s\" stands twice in this map, first in line %u",
                               quoted_length(members[i]->key), members[i]->key,
                               members[i - 1]->key_at.line);
    aw_free(members);
    return code;
}

/* Hangs a value into the open node, or makes it the root. */
static void attach(struct reader *r, struct aw_yaml *node)
{
    if (!r->depth) {
        r->doc->root = node;
        return;
    }
    struct open_node *o = &r->stack[r->depth - 1];
    node->key = o->key;
    node->key_at = o->key_at;
    if (o->last)
        o->last->next = node;
    else
        o->node->child = node;
    o->last = node;
    o->node->n++;
    o->key = NULL;
}

static bool wants_key(const struct reader *r)
{
    const struct open_node *o = r->depth ? &r->stack[r->depth - 1] : NULL;
    return o && o->node->type == AW_YAML_MAP && !o->key;
}

static int add_scalar(struct reader *r, const yaml_event_t *ev)
{
    const char *value = (const char *)ev->data.scalar.value;
    size_t n = ev->data.scalar.length;
    if (!aw_utf8_clean(value, n, true))
        return refuse_yaml(r->error, place(ev->start_mark), "E010",
                           "this text contains a control character");
    char *text = take(r->doc, n + 1);
    memcpy(text, value, n);
    if (wants_key(r)) {
        r->stack[r->depth - 1].key = text;
        r->stack[r->depth - 1].key_at = place(ev->start_mark);
        return 0;
    }
    struct aw_yaml *node = take(r->doc, sizeof *node);
    *node = (struct aw_yaml){
        .type = AW_YAML_SCALAR,
        .at = place(ev->start_mark),
        .end = place(ev->end_mark),
        .text = text,
        .quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE,
    };
    attach(r, node);
    r->last_scalar = node;
    return 0;
}

static int open_one(struct reader *r, const yaml_event_t *ev, enum aw_yaml_type type)
{
    struct aw_yaml_place at = place(ev->start_mark);
    if (wants_key(r))
        return refuse_yaml(r->error, at, "E011", "a key must be a plain text, not a list or a map");
    if (r->depth == MAX_DEPTH)
        return refuse_yaml(r->error, at, "E008", "nested deeper than %d levels", MAX_DEPTH);
    struct aw_yaml *node = take(r->doc, sizeof *node);
    *node = (struct aw_yaml){.type = type, .at = at, .end = at};
    attach(r, node);
    r->stack[r->depth++] = (struct open_node){.node = node};
    return 0;
}

static int close_one(struct reader *r, const yaml_event_t *ev)
{
    struct aw_yaml *node = r->stack[--r->depth].node;
    node->end = place(ev->end_mark);
    return node->type == AW_YAML_MAP ? check_duplicates(r, node) : 0;
}

static int refuse_marked(struct reader *r, const yaml_event_t *ev, const yaml_char_t *anchor,
                         const yaml_char_t *tag)
{
    if (anchor)
        return refuse_yaml(r->error, place(ev->start_mark), "E002",
                           "anchors (&%.*s) are not allowed; write the value out",
                           quoted_length((const char *)anchor), (const char *)anchor);
    if (tag)
        return refuse_yaml(r->error, place(ev->start_mark), "E003",
                           "tags (%.*s) are not allowed; the field decides the type",
                           quoted_length((const char *)tag), (const char *)tag);
    return 0;
}

static int take_event(struct reader *r, const yaml_event_t *ev)
{
    int code = 0;
    r->last_scalar = NULL;
    switch (ev->type) {
    case YAML_ALIAS_EVENT:
        return refuse_yaml(r->error, place(ev->start_mark), "E002",
                           "aliases (*%.*s) are not allowed; write the value out",
                           quoted_length((const char *)ev->data.alias.anchor),
                           (const char *)ev->data.alias.anchor);
    case YAML_SCALAR_EVENT:
        code = refuse_marked(r, ev, ev->data.scalar.anchor, ev->data.scalar.tag);
        return code ? code : add_scalar(r, ev);
    case YAML_SEQUENCE_START_EVENT:
        code = refuse_marked(r, ev, ev->data.sequence_start.anchor, ev->data.sequence_start.tag);
        return code ? code : open_one(r, ev, AW_YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        code = refuse_marked(r, ev, ev->data.mapping_start.anchor, ev->data.mapping_start.tag);
        return code ? code : open_one(r, ev, AW_YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_one(r, ev);
    case YAML_DOCUMENT_START_EVENT:
        return r->doc->root ? refuse_yaml(r->error, place(ev->start_mark), "E007",
                                          "a second document begins here; one file is one document")
                            : 0;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return 0;
}

static int read_events(struct reader *r)
{
    yaml_event_type_t type = YAML_NO_EVENT;
    for (unsigned n = 0; type != YAML_STREAM_END_EVENT; n++) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&r->parser, &ev))
            return explain(r);
        type = ev.type;
        int code = n < MAX_EVENTS
                       ? take_event(r, &ev)
                       : refuse_yaml(r->error, place(ev.start_mark), "E009",
                                     "more than %d elements; split the file", MAX_EVENTS);
        yaml_event_delete(&ev);
        if (code)
            return code;
    }
    return 0;
}

int aw_yaml_parse(const char *p, size_t n, size_t max, enum aw_lang lang, struct aw_yaml_doc **ret,
                  struct aw_yaml_error *error)
{
    const struct aw_yaml_place start = {1, 1};
    error->lang = lang;
    if (n > max)
        return refuse_yaml(error, start, "E009", "the file is larger than %zu bytes", max);
    int code = check_bytes(p, n, error);
    if (code)
        return code;
    struct reader r = {.doc = aw_calloc(1, sizeof *r.doc), .error = error, .text = {n ? p : "", n}};
    if (!yaml_parser_initialize(&r.parser))
        abort();
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(n ? p : ""), n);
    code = read_events(&r);
    yaml_parser_delete(&r.parser);
    if (code) {
        aw_yaml_free(r.doc);
        return code;
    }
    if (!r.doc->root) {
        r.doc->root = take(r.doc, sizeof *r.doc->root);
        *r.doc->root = (struct aw_yaml){.type = AW_YAML_MAP, .at = {1, 1}, .end = {1, 1}};
    }
    *ret = r.doc;
    return 0;
}

const struct aw_yaml *aw_yaml_root(const struct aw_yaml_doc *doc)
{
    return doc->root;
}

const struct aw_yaml *aw_yaml_get(const struct aw_yaml *map, const char *key)
{
    if (!map || map->type != AW_YAML_MAP)
        return NULL;
    for (const struct aw_yaml *m = map->child; m; m = m->next)
        if (strcmp(m->key, key) == 0)
            return m;
    return NULL;
}

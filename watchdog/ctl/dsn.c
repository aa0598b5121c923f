/* SPDX-License-Identifier: Apache-2.0
 *
 * A report is a multipart/report of a text for people, a message/delivery-status and the returned
 * mail or its headers. Our mark is looked for in Original-Envelope-Id, then in the Message-Id that
 * came back. Bounded: parts, blocks, and the bytes handed in.
 */
#include "ctl/dsn.h"

#include <gmime/gmime.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define PARTS_MAX  64
#define BLOCKS_MAX 64 /* of fields: one for the mail, one for each recipient */
#define MARK       "aw_"
#define MARK_ID    13
#define MARK_MAC   20

/* Best first. */
static const char *const actions[] = {"delivered", "relayed", "expanded", "failed", "delayed"};

/* A mark somewhere in a text: aw_0123456789ABC.0123456789abcdef0123. */
static void take_mark(const char *text, char dst[64])
{
    const size_t n_prefix = strlen(MARK), n = n_prefix + MARK_ID + 1 + MARK_MAC;
    for (; !dst[0] && text && (text = strstr(text, MARK)); text++) {
        const char *id = text + n_prefix;
        if (strspn(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == MARK_ID && id[MARK_ID] == '.' &&
            strspn(id + MARK_ID + 1, "0123456789abcdef") == MARK_MAC)
            snprintf(dst, 64, "%.*s", (int)n, text);
    }
}

static void take_action(const char *text, const char *status, struct aw_dsn *ret)
{
    size_t n;
    if (!text)
        return;
    text += strspn(text, " \t");
    n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    for (unsigned i = 0; i < AW_COUNT(actions) && strcmp(actions[i], ret->action) != 0; i++) {
        if (strlen(actions[i]) != n || g_ascii_strncasecmp(actions[i], text, n) != 0)
            continue;
        snprintf(ret->action, sizeof ret->action, "%s", actions[i]);
        snprintf(ret->status, sizeof ret->status, "%.*s",
                 status ? (int)strspn(status, "0123456789.") : 0, status ? status : "");
        break;
    }
}

/* The decoded bytes of a part; NULL when it has none. */
static GMimeStream *content_of(GMimeObject *part)
{
    GMimeDataWrapper *content =
        GMIME_IS_PART(part) ? g_mime_part_get_content((GMimePart *)part) : NULL;
    GMimeStream *out;
    if (!content)
        return NULL;
    out = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, out);
    g_mime_stream_seek(out, 0, GMIME_STREAM_SEEK_SET);
    return out;
}

/* The next block of fields: GMime reads it as the head of a part whose content are the others. */
static GMimeObject *next_block(GMimeStream *in)
{
    GMimeParser *parser = g_mime_parser_new_with_stream(in);
    GMimeObject *block = g_mime_parser_construct_part(parser, NULL);
    g_object_unref(parser);
    return block;
}

static void read_status(GMimeObject *part, struct aw_dsn *ret)
{
    GMimeStream *in = content_of(part);
    for (unsigned i = 0; in && i < BLOCKS_MAX && g_mime_stream_length(in) > 0; i++) {
        GMimeObject *block = next_block(in);
        g_object_unref(in);
        in = NULL;
        if (!block)
            break;
        take_mark(g_mime_object_get_header(block, "Original-Envelope-Id"), ret->mark);
        take_action(g_mime_object_get_header(block, "Action"),
                    g_mime_object_get_header(block, "Status"), ret);
        in = content_of(block);
        g_object_unref(block);
    }
    if (in)
        g_object_unref(in);
}

/* Of the mail that came back; the envelope's own mark, where there is one, was found before. */
static void read_returned(GMimeObject *part, struct aw_dsn *ret)
{
    if (GMIME_IS_MESSAGE_PART(part)) {
        GMimeMessage *m = g_mime_message_part_get_message((GMimeMessagePart *)part);
        take_mark(m ? g_mime_message_get_message_id(m) : NULL, ret->mark);
        return;
    }
    GMimeStream *in = content_of(part);
    GMimeObject *head = in ? next_block(in) : NULL;
    if (head) {
        take_mark(g_mime_object_get_header(head, "Message-Id"), ret->mark);
        g_object_unref(head);
    }
    if (in)
        g_object_unref(in);
}

static bool is(GMimeObject *part, const char *type, const char *subtype)
{
    GMimeContentType *t = g_mime_object_get_content_type(part);
    return t && g_mime_content_type_is_type(t, type, subtype);
}

static void read_report(GMimeMultipart *report, struct aw_dsn *ret)
{
    int n = g_mime_multipart_get_count(report);
    for (int i = 0; i < n && i < PARTS_MAX; i++) {
        GMimeObject *part = g_mime_multipart_get_part(report, i);
        if (is(part, "message", "delivery-status") || is(part, "message", "global-delivery-status"))
            read_status(part, ret);
    }
    for (int i = 0; i < n && i < PARTS_MAX; i++) {
        GMimeObject *part = g_mime_multipart_get_part(report, i);
        if (is(part, "message", "rfc822") || is(part, "message", "global") ||
            is(part, "message", "global-headers") || is(part, "text", "rfc822-headers"))
            read_returned(part, ret);
    }
    ret->report = ret->action[0] != '\0';
}

void aw_dsn_read(const char *p, size_t n, struct aw_dsn *ret)
{
    GMimeStream *stream;
    GMimeParser *parser;
    GMimeMessage *m;

    memset(ret, 0, sizeof *ret);
    g_mime_init();
    stream = g_mime_stream_mem_new_with_buffer(p, n < AW_DSN_MAX ? n : AW_DSN_MAX);
    parser = g_mime_parser_new_with_stream(stream);
    m = g_mime_parser_construct_message(parser, NULL);
    if (m && GMIME_IS_MULTIPART(g_mime_message_get_mime_part(m)) &&
        is(g_mime_message_get_mime_part(m), "multipart", "report"))
        read_report((GMimeMultipart *)g_mime_message_get_mime_part(m), ret);
    if (m)
        g_object_unref(m);
    g_object_unref(parser);
    g_object_unref(stream);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The confirmation page as HTML: small, without script, readable by any browser, zh-CN and en.
 * Pure, any thread.
 */
#ifndef AW_HTTP_PAGE_H
#define AW_HTTP_PAGE_H

#include "base/buf.h"
#include "base/text.h"
#include "core/types.h"

/* zh or en, whichever comes first in an Accept-Language header; else by the recipient's own
 * language (may be NULL), else en. */
enum aw_lang aw_page_lang(const char *accept, const char *own);

enum aw_page_kind {
    AW_PAGE_ASK,       /* shows the message and the button */
    AW_PAGE_THANKS,    /* confirmed just now, or before */
    AW_PAGE_WITHDRAWN, /* cancelled */
    AW_PAGE_UNKNOWN,   /* no such link */
    AW_PAGE_LATER,     /* we cannot do it now */
    AW_N_PAGES
};

/* What the page shows for a timeline's state, after a POST or a GET. */
enum aw_page_kind aw_page_of(enum aw_state state, bool confirmed_now);

/* title and body are the message's, may be NULL, and are escaped here. */
void aw_page_write(struct aw_buf *out, enum aw_page_kind kind, enum aw_lang lang, const char *title,
                   const char *body);
/* Value of Content-Security-Policy: nothing but our own style and our own form. */
void aw_page_policy(char *dst, size_t cap);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A picture as a Mermaid gantt diagram, for wikis and READMEs. Mermaid draws dates, so a plan
 * without one begins at midnight of 2000-01-01. What would end a task's name there is replaced by
 * its full-width form. See picture.h.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/picture.h"

#define MIDNIGHT ((aw_time)946684800000)

static void put_name(struct aw_buf *out, const char *s)
{
    static const struct {
        char c;
        const char *wide;
    } odd[] = {{':', "："}, {';', "；"}, {'#', "＃"}, {'%', "％"}, {'<', "＜"}, {'>', "＞"}};
    for (; *s; s++) {
        const char *wide = NULL;
        for (size_t i = 0; i < AW_COUNT(odd); i++)
            if (*s == odd[i].c)
                wide = odd[i].wide;
        if (wide)
            aw_buf_puts(out, wide);
        else
            aw_buf_putc(out, *s);
    }
}

/* "2026-11-22 02:00:00", as dateFormat says. */
static void put_date(const struct aw_picture *p, aw_ms at, struct aw_buf *out)
{
    char text[AW_TIME_TEXT];

    aw_time_print(text, (p->zero ? p->zero : MIDNIGHT) + at);
    text[10] = ' ';
    text[19] = 0;
    aw_buf_puts(out, text);
}

static const char *axis_format(const struct aw_picture *p)
{
    aw_ms length = aw_pic_length(p);

    if (length > AW_DAY)
        return p->zero ? "%m-%d %H:%M" : "%-d. %H:%M";
    return length < AW_HOUR ? "%H:%M:%S" : "%H:%M";
}

static void put_item(const struct aw_picture *p, const struct aw_pic_item *it, struct aw_buf *out)
{
    static const char *const tags[AW_PIC_N_MARKS] = {
        [AW_PIC_SENT] = "done, ",  [AW_PIC_FAILED] = "crit, ",    [AW_PIC_SKIPPED] = "done, ",
        [AW_PIC_PROOF] = "done, ", [AW_PIC_CONFIRMED] = "done, ", [AW_PIC_ENDED] = "crit, ",
        [AW_PIC_ACT] = "active, ", [AW_PIC_PLANNED] = "",         [AW_PIC_DEADLINE] = "crit, ",
    };
    char when[AW_TIME_TEXT];

    aw_pic_when(when, it->at);
    aw_buf_printf(out, "    %s ", when);
    put_name(out, it->text);
    if (it->mark != AW_PIC_PLANNED && it->mark != AW_PIC_DEADLINE) {
        aw_buf_puts(out, " (");
        put_name(out, aw_pic_mark_word(p->lang, it->mark));
        aw_buf_putc(out, ')');
    }
    aw_buf_printf(out, " :%s", tags[it->mark]);
    if (it->rounds > 1) { /* as long as its rounds last */
        put_date(p, it->at, out);
        aw_buf_puts(out, ", ");
        put_date(p, it->at + (aw_ms)(it->rounds - 1) * it->every, out);
    } else {
        aw_buf_puts(out, "milestone, ");
        put_date(p, it->at, out);
        aw_buf_puts(out, ", 0d");
    }
    aw_buf_putc(out, '\n');
}

void aw_picture_mermaid(const struct aw_picture *p, struct aw_buf *out)
{
    aw_buf_puts(out, "gantt\n    title ");
    put_name(out, p->title ? p->title : "");
    aw_buf_printf(out, "\n    dateFormat YYYY-MM-DD HH:mm:ss\n    axisFormat %s\n", axis_format(p));
    for (unsigned i = 0; i < p->n_spans; i++) {
        const struct aw_pic_span *s = &p->spans[i];
        if (i == 0) {
            aw_buf_puts(out, "    section ");
            put_name(out, aw_t(p->lang, "on hold"));
            aw_buf_putc(out, '\n');
        }
        aw_buf_puts(out, "    ");
        put_name(out, s->text);
        aw_buf_puts(out, " :active, ");
        put_date(p, s->from, out);
        aw_buf_puts(out, ", ");
        put_date(p, s->to, out);
        aw_buf_putc(out, '\n');
    }
    for (unsigned i = 0; i < p->n_rows; i++) {
        aw_buf_puts(out, "    section ");
        put_name(out, p->rows[i].name);
        aw_buf_putc(out, '\n');
        for (unsigned k = 0; k < p->rows[i].n; k++)
            put_item(p, &p->rows[i].items[k], out);
    }
}

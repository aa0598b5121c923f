/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a rule file: the result is a sound set, or problems that can be printed, in all
 * forms and both languages. With -dict=tests/fuzz/rules.dict (make) the words of the schema come
 * along.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/picture.h"
#include "conf/allow.h"
#include "conf/rules.h"
#include "conf/rules_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_rule(const struct aw_rule *r)
{
    assert(r->n_steps >= 1 && r->n_steps <= AW_MAX_STEPS);
    assert(r->deadline > 0 && r->max_age >= r->deadline);
    assert(r->until > AW_LEVEL_NONE && r->until < AW_N_LEVELS);
    for (unsigned i = 0; i <= r->n_steps; i++) {
        const struct aw_step *s = i < r->n_steps ? &r->steps[i] : r->exhausted;
        if (s == NULL)
            continue;
        assert(s->n_kinds >= 1 && s->n_to >= 1 && s->n_via <= AW_MAX_VIA && s->at <= r->deadline);
        assert(s->ttl_until < (int)r->n_steps && s->replaces < (int)r->n_steps);
        assert(s->times == 1 || s->every > 0);
        assert(aw_rule_step_index(r, s->id) == (int)(i < r->n_steps ? i : AW_STEP_EXHAUSTED));
    }
}

/* Whatever can be loaded can be drawn, and compared with itself. */
static void draw(const struct aw_rule *r)
{
    static const struct aw_pic_text how = {.width = 80, .utf8 = true};
    struct aw_picture *p = aw_calloc(1, sizeof(*p));
    struct aw_buf out = AW_BUF_INIT(AW_PIC_BYTES);
    aw_picture_init(p, AW_LANG_ZH);
    aw_picture_rule(p, r);
    aw_picture_svg(p, &out);
    aw_picture_text(p, &how, &out);
    aw_picture_mermaid(p, &out);
    assert(!out.over && aw_utf8_clean(aw_buf_str(&out), out.n, true));
    aw_buf_free(&out);
    aw_picture_free(p);
    aw_free(p);
}

static void no_note(void *ctx, const struct aw_rules_note *n)
{
    assert(n == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    char *text = aw_calloc(1, n + 1);
    if (n > 0)
        memcpy(text, p, n);
    struct aw_diag diag;
    struct aw_rules *rules = NULL;
    struct aw_buf out = AW_BUF_INIT(2 << 20);
    const struct aw_rules_world world = {.lint = true};
    const struct aw_source_file f = {"fuzz.yaml", text, n};
    aw_diag_init(&diag);
    diag.lang = n % 2 == 0 ? AW_LANG_EN : AW_LANG_ZH;
    int e = aw_rules_parse("fuzz.yaml", text, n, &world, &rules, &diag);
    assert((e == 0) == (rules != NULL) && (e == 0) == (diag.n_errors == 0));
    for (unsigned i = 0; rules != NULL && i < rules->set.n; i++)
        check_rule(rules->set.rules[i]);
    for (unsigned i = 0; rules != NULL && i < rules->set.n && i < 4; i++)
        draw(rules->set.rules[i]);
    if (rules != NULL)
        assert(aw_rules_diff(AW_LANG_EN, rules, rules, NULL, no_note, NULL) == 0);
    if (rules != NULL)
        aw_allow_check(&diag, &f);
    for (unsigned i = 0; i < diag.n; i++)
        assert(aw_diag_page(AW_LANG_EN, diag.items[i].code) != NULL);
    aw_diag_print(&diag, &out);
    assert(aw_utf8_clean(aw_buf_str(&out), out.n, true) && !out.over);
    aw_diag_json(&diag, &out);
    aw_diag_github(&diag, &out);
    aw_buf_free(&out);
    aw_diag_free(&diag);
    aw_rules_free(rules);
    aw_free(text);
    return 0;
}

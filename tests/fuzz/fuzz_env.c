/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an environment file, a registration and a list of events: a value that can be
 * shown, or problems. Lenient, so that no secret is looked up.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/brake.h"
#include "conf/env_int.h"
#include "conf/tests.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void as_environment(const struct aw_source_file *f, struct aw_diag *diag)
{
    struct aw_yaml_doc *doc = NULL;
    struct aw_env_conf *env = NULL;
    const struct aw_yaml *root = aw_schema_parse(f, &doc, diag);
    if (root == NULL)
        return;
    int e = aw_env_read(f, root, NULL, AW_ENV_LENIENT, &env, diag);
    assert((e == 0) == (env != NULL));
    if (env != NULL) {
        struct aw_buf out = AW_BUF_INIT(8 << 20);
        for (unsigned i = 0; i < env->n_channels; i++)
            assert(env->channels[i].name != NULL && env->channels[i].provider != NULL);
        aw_env_show(env, &out);
        aw_buf_free(&out);
    }
    aw_env_conf_free(env);
    aw_yaml_free(doc);
}

/* What a person posts, which is shown again. */
static void as_silence(const char *text, size_t n, struct aw_diag *diag)
{
    struct aw_arena arena = {0};
    struct aw_silence s = {0};
    struct aw_buf out = AW_BUF_INIT(8 << 20);
    if (aw_silence_parse(text, n, &arena, &s, diag) == 0) {
        assert(s.n_match > 0 && s.author != NULL && s.reason != NULL);
        aw_match_show(s.match, s.n_match, &out);
    }
    aw_buf_free(&out);
    aw_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    char *text = aw_calloc(1, n + 1);
    if (n > 0)
        memcpy(text, p, n);
    const struct aw_source_file f = {"fuzz.yaml", text, n};
    struct aw_diag diag;
    struct aw_registration reg;
    struct aw_events events;
    struct aw_buf out = AW_BUF_INIT(1 << 20);
    aw_time at;
    aw_diag_init(&diag);
    as_environment(&f, &diag);
    as_silence(text, n, &diag);
    if (aw_send_parse(&f, 0, &reg, &at, &diag) == 0)
        aw_registration_free(&reg);
    if (aw_events_parse(&f, &events, &diag) == 0)
        aw_events_free(&events);
    aw_diag_print(&diag, &out);
    assert(aw_utf8_clean(aw_buf_str(&out), out.n, true));
    aw_buf_free(&out);
    aw_diag_free(&diag);
    aw_free(text);
    return 0;
}

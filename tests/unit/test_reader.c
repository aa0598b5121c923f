/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading beside a living writer: messages, timelines, attempts, entries, contacts, keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../lib/scene.h"
#include "base/mem.h"

static struct scene scene;
static struct aw_reading reading;
static struct aw_reader *reader;

/* What callbacks saw. */
struct seen {
    unsigned n;
    aw_id first, last;
    char text[256];
    unsigned stop_at;
};

static int see_message(void *arg, const struct aw_message_row *m)
{
    struct seen *s = arg;
    assert_string_equal(m->app, "shop");
    assert_string_equal(m->rule, "must-read");
    assert_memory_equal(m->sha256, scene.sha256, 32);
    assert_non_null(memmem(m->body, m->n_body, "Order", 5));
    snprintf(s->text, sizeof s->text, "%s %s %u/%u/%u %s", m->external_id ? m->external_id : "-",
             aw_state_name(m->state), m->n_recipients, m->counts[AW_OPEN], m->counts[AW_CONFIRMED],
             aw_level_name(m->level));
    assert_int_equal(m->due != 0, m->state == AW_OPEN);
    s->first = s->n++ ? s->first : m->id;
    s->last = m->id;
    return s->stop_at && s->n == s->stop_at ? 7 : 0;
}

/* The message under an external id. */
static aw_id message(const char *ext)
{
    aw_id id;
    assert_int_equal(aw_store_find_external(scene.s, scene.app, ext, &id, &scene.err), 0);
    return id;
}

static void one_message(void **state)
{
    struct seen s = {0};
    aw_id id = message("order-1");
    (void)state;
    assert_int_equal(reading.message(reader, "", id, see_message, &s), 0);
    assert_string_equal(s.text, "order-1 confirmed 3/0/3 acknowledged");
    assert_int_equal(reading.message(reader, "shop", id, see_message, &s), 0);
    assert_int_equal(reading.message(reader, "bank", id, see_message, &s), AW_ENOENT);
    assert_int_equal(reading.message(reader, "", id + 1, see_message, &s), AW_ENOENT);
    assert_int_equal(s.n, 2);
    assert_int_equal(reading.message(reader, "", message("order-3"), see_message, &s), 0);
    assert_string_equal(s.text, "order-3 cancelled 2/0/0 none");
}

static void pages_of_messages(void **state)
{
    struct seen s = {0};
    aw_id next, all = 0;
    unsigned n_pages = 0;
    (void)state;
    for (aw_id before = 0;; before = next) {
        struct seen page = {0};
        assert_int_equal(
            reading.messages(reader, "", -1, NULL, before, 10, &next, see_message, &page), 0);
        assert_true(page.n <= 10 && (!before || page.first < before));
        all += page.n;
        n_pages++;
        if (!next)
            break;
        assert_int_equal(next, page.last);
    }
    assert_int_equal(all, 43);
    assert_int_equal(n_pages, 5);

    assert_int_equal(
        reading.messages(reader, "shop", AW_CANCELLED, "must-read", 0, 10, &next, see_message, &s),
        0);
    assert_int_equal(s.n, 1);
    assert_int_equal(next, 0);
    assert_int_equal(reading.messages(reader, "", -1, "other", 0, 10, &next, see_message, &s), 0);
    assert_int_equal(reading.messages(reader, "bank", -1, NULL, 0, 10, &next, see_message, &s), 0);
    assert_int_equal(s.n, 1);
    s = (struct seen){.stop_at = 2};
    assert_int_equal(reading.messages(reader, "", -1, NULL, 0, 10, &next, see_message, &s), 7);
    assert_int_equal(s.n, 2);
}

static int see_timeline(void *arg, const struct aw_timeline_row *t)
{
    struct seen *s = arg;
    size_t n = strlen(s->text);
    assert_int_equal(t->value->id, t->id);
    assert_true(t->value->registered > 0);
    snprintf(s->text + n, sizeof s->text - n, "%u %s %s;", t->n, t->user, aw_state_name(t->state));
    s->n++;
    return 0;
}

static void timelines_of_a_message(void **state)
{
    struct seen s = {0}, rest = {0};
    aw_id id = message("order-1");
    (void)state;
    assert_int_equal(reading.timelines(reader, id, 0, 10, see_timeline, &s), 0);
    assert_string_equal(s.text, "0 u0 confirmed;1 u1 confirmed;2 u2 confirmed;");
    assert_int_equal(reading.timelines(reader, id, 1, 1, see_timeline, &rest), 0);
    assert_string_equal(rest.text, "1 u1 confirmed;");
    assert_int_equal(reading.timelines(reader, id, 3, 1, see_timeline, &rest), 0);
    assert_int_equal(rest.n, 1);
    assert_int_equal(reading.timelines(reader, 99, 0, 1, see_timeline, &rest), AW_ENOENT);
}

static int see_attempt(void *arg, const struct aw_attempt_row *a)
{
    struct seen *s = arg;
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%u %s %s %s %s;", a->n, a->step_id, a->channel,
             a->user, aw_outcome_name(a->outcome));
    assert_true(a->id > s->last);
    s->first = s->n++ ? s->first : a->id;
    s->last = a->id;
    return 0;
}

static void attempts_of_a_message(void **state)
{
    struct seen s = {0}, rest = {0};
    aw_id id = message("order-1");
    (void)state;
    assert_int_equal(reading.attempts(reader, id, 0, 10, see_attempt, &s), 0);
    assert_string_equal(s.text, "0 push jpush u0 accepted;1 text carrier boss refused;"
                                "2 text carrier boss refused;");
    assert_int_equal(reading.attempts(reader, id, s.first, 1, see_attempt, &rest), 0);
    assert_string_equal(rest.text, "1 text carrier boss refused;");
    assert_int_equal(reading.attempts(reader, id, s.last, 10, see_attempt, &rest), 0);
    assert_int_equal(rest.n, 1);
    assert_int_equal(reading.attempts(reader, 99, 0, 10, see_attempt, &rest), AW_ENOENT);
}

static int see_entry(void *arg, const struct aw_entry_row *row)
{
    struct seen *s = arg;
    struct aw_entry e;
    void *owner;
    uint8_t leaf[32];
    aw_tree_leaf(leaf, row->body, row->n_body);
    assert_memory_equal(leaf, row->leaf, 32);
    assert_int_equal(aw_entry_parse(row->body, row->n_body, &e, &owner, NULL), 0);
    assert_int_equal(e.seq, row->seq);
    assert_true(!s->n || row->seq > s->last);
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%c", aw_entry_kind_name(e.kind)[0]);
    s->n++;
    s->last = row->seq;
    aw_entry_release(owner);
    return 0;
}

static void history_of_a_message(void **state)
{
    struct seen s = {0}, few = {0};
    aw_id id = message("order-1");
    (void)state;
    assert_int_equal(reading.history(reader, id, 100, see_entry, &s), 0);
    /* message, firing, attempt, evidence x2, timeline, ... each once and in order */
    assert_string_equal(s.text, "mfaeeetffaaetetm");
    assert_int_equal(reading.history(reader, id, 3, see_entry, &few), 0);
    assert_string_equal(few.text, "mfa");
    assert_int_equal(reading.history(reader, 99, 3, see_entry, &few), AW_ENOENT);
}

static void the_log_and_its_head(void **state)
{
    struct seen s = {0};
    struct aw_head head, want;
    (void)state;
    aw_store_head(scene.s, &want);
    assert_int_equal(reading.head(reader, &head), 0);
    assert_memory_equal(&head, &want, sizeof head);
    assert_int_equal(reading.entries(reader, head.size - 5, 100, see_entry, &s), 0);
    assert_int_equal(s.n, 5);
    assert_int_equal(s.last, head.size - 1);
    s = (struct seen){0};
    assert_int_equal(reading.entries(reader, 0, 3, see_entry, &s), 0);
    assert_int_equal(s.last, 2);
}

static int see_contact(void *arg, const struct aw_contact_row *c)
{
    struct seen *s = arg;
    assert_string_equal(c->user, "boss");
    assert_non_null(strstr(c->json, "phone"));
    s->last = c->person;
    s->n++;
    return 0;
}

static int see_key(void *arg, const struct aw_key_row *k)
{
    struct seen *s = arg;
    assert_string_equal(k->app, "shop");
    s->n++;
    return 0;
}

static void directory_and_keys(void **state)
{
    struct seen s = {0}, keys = {0};
    (void)state;
    assert_int_equal(reading.contacts(reader, "", 0, 10, see_contact, &s), 0);
    assert_int_equal(reading.contacts(reader, "shop", 0, 10, see_contact, &s), 0);
    assert_int_equal(s.n, 2);
    assert_int_equal(reading.contacts(reader, "bank", 0, 10, see_contact, &s), 0);
    assert_int_equal(reading.contacts(reader, "", s.last, 10, see_contact, &s), 0);
    assert_int_equal(s.n, 2);
    assert_int_equal(reading.keys(reader, see_key, &keys), 0);
    assert_int_equal(keys.n, 1);
}

/* A reader sees what is committed, at once, and nothing before. */
static void only_what_is_committed(void **state)
{
    struct seen s = {0};
    aw_id id;
    (void)state;
    assert_int_equal(scene_begin(&scene), 0);
    assert_int_equal(scene_register(&scene, NULL, "order-9", 1, &id), 0);
    assert_int_equal(reading.message(reader, "", id, see_message, &s), AW_ENOENT);
    assert_int_equal(scene_commit(&scene), 0);
    assert_int_equal(reading.message(reader, "", id, see_message, &s), 0);
    assert_string_equal(s.text, "order-9 open 1/1/0 none");
}

static void no_file_no_answer(void **state)
{
    static struct aw_reading none;
    struct aw_head head;
    struct seen s = {0};
    (void)state;
    aw_store_reading("/nonexistent/x.db", &none);
    struct aw_reader *r = none.open(none.ctx);
    assert_int_equal(none.head(r, &head), AW_EIO);
    assert_int_equal(none.message(r, "", 1, see_message, &s), AW_EIO);
    none.close(r);
    none.close(NULL);
}

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    scene_story(&scene, 40);
    aw_store_reading(scene.path, &reading);
    reader = reading.open(reading.ctx);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    reading.close(reader);
    scene_free(&scene);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_message),
        cmocka_unit_test(pages_of_messages),
        cmocka_unit_test(timelines_of_a_message),
        cmocka_unit_test(attempts_of_a_message),
        cmocka_unit_test(history_of_a_message),
        cmocka_unit_test(the_log_and_its_head),
        cmocka_unit_test(directory_and_keys),
        cmocka_unit_test(only_what_is_committed),
        cmocka_unit_test(no_file_no_answer),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment file as tables, and its loading. Everything lands in one arena that is wiped
 * when it is freed, since it holds secrets. Bounds: 1 MiB, 64 channels, 16 listeners, 16
 * operators, 64 apps.
 */
#include "conf/env.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/zones.h"
#include "codec/digest.h"
#include "codec/request.h"
#include "core/rule.h"
#include "conf/brake.h"
#include "conf/env_int.h"

enum { MAX_OPERATORS = 16, MAX_APPS = AW_MAX_APPS };

#define ENV(field)   .at = offsetof(struct aw_env_conf, field)
#define N_ENV(field) .n_at = offsetof(struct aw_env_conf, field)

/* --- operators, apps, texts ---------------------------------------------------------------- */

#define OPERATOR(field) .at = offsetof(struct aw_operator, field)
static const struct aw_key operator_keys[] = {
    {"channel", AW_KEY_NAME, AW_KEY_REQUIRED, OPERATOR(channel),
     .help = "an email, sms or webhook channel"},
    {"to", AW_KEY_TEXT, 0, OPERATOR(to), .min = 1, .max = 254,
     .help = "address; none for a webhook"},
    {NULL},
};
static const struct aw_shape operator_shape = {"an operator", operator_keys,
                                               sizeof(struct aw_operator)};

static void read_public_url(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                            void *base)
{
    struct aw_env_conf *e = base;
    const char *s = aw_schema_url(r, v);
    if (s == NULL)
        return;
    if (strpbrk(s, "?#") != NULL)
        aw_schema_error(r, v, "E116", "paths are added to it", "\"%s\" has no '?' or '#'", k->key);
    size_t n = strlen(s);
    while (s[n - 1] == '/')
        n--;
    e->public_url = aw_arena_strn(r->arena, s, n);
}

static void read_zone(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                      void *base)
{
    struct aw_env_conf *e = base;
    const char *s = aw_schema_text(r, v, 1, 64, false);
    if (s != NULL)
        aw_env_zone(r, v, s);
    e->zone = s;
}

static void read_socket(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                        void *base)
{
    struct aw_env_conf *e = base;
    struct sockaddr_un sun;
    aw_schema_value(r, k, v, base);
    if (e->socket != NULL && strlen(e->socket) >= sizeof(sun.sun_path))
        aw_schema_error(r, v, "E112", NULL, "the path of a socket has at most %zu bytes",
                        sizeof(sun.sun_path) - 1);
}

/* --- people: tests and simulations --------------------------------------------------------- */

static const struct person_check {
    const char *key;
    bool (*valid)(const char *s);
    const char *hint;
} person_checks[] = {
    {"phone", aw_valid_phone, "with + and country code, digits only"},
    {"email", aw_valid_email, "as in li@example.com"},
    {"tz", aw_zone_name_valid, "as in Asia/Shanghai"},
    {"lang", aw_valid_lang, "as in en or zh-CN"},
    {"manager", aw_valid_user, "the name of another entry"},
    {NULL},
};

static void read_checked(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                         void *base)
{
    const struct person_check *c = person_checks;
    const char *s = aw_schema_text(r, v, 1, 254, false);
    while (strcmp(c->key, k->key) != 0)
        c++;
    if (s != NULL && !c->valid(s))
        aw_schema_error(r, v, "E116", c->hint, "\"%s\" is not a usable %s", s, k->key);
    *(const char **)(void *)((char *)base + k->at) = s;
}

static void read_registration_ids(struct aw_reader *r, const struct aw_key *k,
                                  const struct aw_yaml *v, void *base)
{
    struct aw_person_conf *p = base;
    unsigned n = aw_schema_items(v);
    if (v->type == AW_YAML_MAP || n == 0 || n > AW_MAX_REGISTRATION_IDS) {
        aw_schema_error(r, v, "E112", NULL, "\"%s\" is one or a list of 1 to %d", k->key,
                        AW_MAX_REGISTRATION_IDS);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        const char *s = aw_schema_text(r, aw_schema_item(v, i), 1, 128, false);
        if (s != NULL)
            p->a.registration_ids[p->a.n_registration_ids++] = s;
    }
}

#define PERSON(field) .at = offsetof(struct aw_person_conf, a.field)
static const struct aw_key person_keys[] = {
    {"alias", AW_KEY_TEXT, 0, PERSON(alias), .min = 1, .max = 128, .help = "push alias"},
    {"registration_ids", AW_KEY_NAMES, 0, .read = read_registration_ids,
     .help = "push registration ids of the devices"},
    {"phone", AW_KEY_TEXT, 0, PERSON(phone), .read = read_checked, .help = "+ and digits"},
    {"email", AW_KEY_TEXT, 0, PERSON(email), .read = read_checked, .help = "mail address"},
    {"im", AW_KEY_TEXT, 0, PERSON(im), .min = 1, .max = 128, .help = "account on the im channel"},
    {"lang", AW_KEY_TEXT, 0, PERSON(lang), .read = read_checked, .help = "language of texts"},
    {"tz", AW_KEY_TEXT, 0, PERSON(tz), .read = read_checked, .help = "time zone"},
    {"manager", AW_KEY_TEXT, 0, PERSON(manager), .read = read_checked, .help = "user id"},
    {"name", AW_KEY_TEXT, 0, PERSON(name), .min = 1, .max = 128, .help = "for people"},
    {NULL},
};
const struct aw_shape aw_shape_person = {"a person", person_keys, sizeof(struct aw_person_conf),
                                         offsetof(struct aw_person_conf, user), aw_valid_user};

/* --- heartbeat ------------------------------------------------------------------------------ */

#define BEAT(field) .at = offsetof(struct aw_heartbeat, field)
static const struct aw_key heartbeat_keys[] = {
    {"url", AW_KEY_URL, AW_KEY_REQUIRED, BEAT(url.value),
     .help = "asked for with GET; any 2xx will do"},
    {"every", AW_KEY_DURATION, 0, BEAT(every), .min = 5 * AW_SECOND, .max = AW_DAY, .def = "1m",
     .help = "how often, while /readyz says ready"},
    {"allow", AW_KEY_OTHER, 0, .read = aw_env_read_allow,
     .help = "addresses it may reach though not public, or without TLS"},
    {NULL},
};
static const struct aw_shape heartbeat_shape = {"the heartbeat", heartbeat_keys,
                                                sizeof(struct aw_heartbeat)};

static void read_heartbeat(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                           void *base)
{
    struct aw_env_conf *e = base;
    struct aw_heartbeat *h = aw_arena_alloc(r->arena, sizeof(*h));
    aw_schema_map(r, k->child, v, NULL, h);
    h->url.key = "url";
    h->channel.name = "heartbeat";
    h->channel.provider = &aw_provider_heartbeat;
    h->channel.concurrency = 1;
    h->channel.timeout = 10 * AW_SECOND;
    h->channel.settings = &h->url;
    h->channel.n_settings = 1;
    if (h->url.value != NULL)
        aw_env_check_allow(r, &h->channel, v);
    e->heartbeat = h;
}

/* --- the file ------------------------------------------------------------------------------ */

const struct aw_channel *aw_env_channel(struct aw_reader *r, const struct aw_env_conf *e,
                                        const char *name, const struct aw_yaml *at)
{
    const char *names[AW_MAX_CHANNELS + 1];
    char hint[256];
    unsigned n = 0;
    for (unsigned i = 0; i < e->n_channels; i++)
        if (aw_streq(e->channels[i].name, name))
            return &e->channels[i];
        else if (e->channels[i].name != NULL)
            names[n++] = e->channels[i].name;
    names[n] = NULL;
    aw_schema_suggest(r, hint, name, names);
    aw_schema_error(r, at, "E120",
                    n > 0 ? hint : "add it under channels:", "there is no channel \"%s\"", name);
    return NULL;
}

static void check_operator(struct aw_reader *r, const struct aw_env_conf *e,
                           const struct aw_operator *o, const struct aw_yaml *map)
{
    const struct aw_yaml *channel = aw_yaml_get(map, "channel"), *to = aw_yaml_get(map, "to");
    const struct aw_channel *c =
        o->channel != NULL ? aw_env_channel(r, e, o->channel, channel) : NULL;
    if (c == NULL || c->provider == NULL)
        return;
    enum aw_kind kind = c->provider->kind;
    bool fine = kind == AW_EMAIL     ? o->to != NULL && aw_valid_email(o->to)
                : kind == AW_SMS     ? o->to != NULL && aw_valid_phone(o->to)
                : kind == AW_WEBHOOK ? to == NULL
                                     : false;
    if (!fine)
        aw_schema_error(r, to != NULL ? to : channel, "E163",
                        kind == AW_EMAIL     ? N_("write to: and a mail address")
                        : kind == AW_SMS     ? N_("write to: and a number with + and country code")
                        : kind == AW_WEBHOOK ? N_("take \"to\" out, a webhook has its URL")
                                             : N_("name an email, sms or webhook channel"),
                        "operators cannot be told through %s channel \"%s\" like this",
                        aw_kind_name(kind), c->name);
}

/* What concerns more than one part of the file. */
static void check_env(struct aw_reader *r, const struct aw_yaml *map,
                      const struct aw_yaml *fallback, void *base)
{
    struct aw_env_conf *e = base;
    const struct aw_yaml *operators = aw_yaml_get(map, "operators");
    const struct aw_yaml *channels = aw_yaml_get(map, "channels");
    const struct aw_yaml *people = aw_yaml_get(map, "people");
    for (unsigned i = 0; i < e->n_operators; i++)
        check_operator(r, e, &e->operators[i], aw_schema_item(operators, i));
    const struct aw_yaml *item = e->n_channels > 0 ? channels->child : NULL;
    for (unsigned i = 0; i < e->n_channels; i++, item = item->next) {
        const char *app = e->channels[i].app;
        unsigned j = 0;
        while (app != NULL && j < e->n_apps && strcmp(e->apps[j], app) != 0)
            j++;
        if (app != NULL && j == e->n_apps)
            aw_schema_error(r, aw_yaml_get(item, "app"), "E104",
                            "add it under apps:", "unknown app \"%s\"", app);
    }
    aw_env_check_apps(r, e, aw_yaml_get(map, "apps"));
    if (people != NULL && !r->lenient)
        aw_schema_key_error(r, people, "E102", "ackwatch contacts import FILE",
                            "people belong into the contact directory, not in this file");
}

static const char *const version_words[] = {"1", NULL};

static void read_version(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                         void *base)
{
    aw_schema_word(r, v, k->words, k->key);
}

static const struct aw_key env_keys[] = {
    {"version", AW_KEY_WORD, AW_KEY_STRICT, .min = 1, .words = version_words, .read = read_version,
     .help = "of the file format"},
    {"node", AW_KEY_NAME, 0, ENV(node), .help = "our name in mail and webhooks; default host name"},
    {"public_url", AW_KEY_URL, 0, ENV(public_url), .read = read_public_url,
     .help = "base of the links to the confirmation page"},
    {"zone", AW_KEY_TEXT, 0, ENV(zone), .def = "UTC", .read = read_zone,
     .help = "time zone when a recipient's is not known"},
    {"listen", AW_KEY_LIST, 0, ENV(listen), N_ENV(n_listen), .min = 1, .max = AW_MAX_LISTEN,
     .child = &aw_shape_listen, .help = "where HTTP is served; default 127.0.0.1:9364, all faces"},
    {"socket", AW_KEY_PATH, 0, ENV(socket), .def = AW_RUNDIR "/ctl.sock", .read = read_socket,
     .help = "control socket of the command line"},
    {"store", AW_KEY_PATH, 0, ENV(store), .def = AW_STATEDIR "/ackwatch.db",
     .help = "the database file"},
    {"rules", AW_KEY_PATH, 0, ENV(rules), .def = AW_SYSCONFDIR "/rules",
     .help = "directory of rule files"},
    {"templates", AW_KEY_PATH, 0, ENV(templates_dir),
     .help = "directory of templates; default templates in that of the rules"},
    {"heartbeat", AW_KEY_MAP, 0, .child = &heartbeat_shape, .read = read_heartbeat,
     .help = "a sign of life to an outside monitor"},
    {"operators", AW_KEY_LIST, AW_KEY_STRICT, ENV(operators), N_ENV(n_operators), .min = 1,
     .max = MAX_OPERATORS, .child = &operator_shape,
     .help = "who is told when something is refused, late or blind"},
    {"apps", AW_KEY_NAMED, 0, ENV(apps), N_ENV(n_apps), .max = MAX_APPS, .def = "default",
     .child = &aw_shape_app, .read = aw_env_read_apps, .help = "tenants; or a list of names"},
    {"channels", AW_KEY_NAMED, 0, ENV(channels), N_ENV(n_channels), .max = AW_MAX_CHANNELS,
     .child = &aw_shape_channel, .help = "provider accounts by name"},
    {"requests_per_second", AW_KEY_NUMBER, 0, ENV(requests_per_second), .min = 1, .max = 1000000,
     .def = "20000", .help = "of one API key; acknowledgements and receipts are not counted"},
    {"people", AW_KEY_NAMED, 0, ENV(people), N_ENV(n_people), .max = AW_MAX_PEOPLE,
     .child = &aw_shape_person, .help = "for tests and simulations only"},
    {"calendars", AW_KEY_NAMED, 0, ENV(almanac.calendars), N_ENV(almanac.n_calendars),
     .max = AW_MAX_CALENDARS, .child = &aw_shape_calendar, .help = "for hours of rules"},
    {"rotations", AW_KEY_NAMED, 0, ENV(almanac.rotations), N_ENV(almanac.n_rotations),
     .max = AW_MAX_ROTATIONS, .child = &aw_shape_rotation, .help = "who is on duty: oncall:NAME"},
    {"limits", AW_KEY_MAP, 0, ENV(limits), .child = &aw_shape_limits, .read = aw_limits_read,
     .help = "of rules that name none: what is beyond waits"},
    {"storm", AW_KEY_MAP, 0, .child = &aw_shape_storm, .read = aw_storm_read,
     .help = "the storm brake: token buckets; what is beyond waits"},
    {"silences", AW_KEY_NAMED, 0, ENV(silences), N_ENV(n_silences), .max = AW_MAX_SILENCES_FILE,
     .child = &aw_shape_silence, .read = aw_silences_read,
     .help = "what is put off until a date; also ackwatch silences add"},
    {"retention", AW_KEY_DURATION, 0, ENV(retention), .min = AW_RETENTION_LEAST,
     .max = 100 * 366 * AW_DAY, .def = "90d",
     .help = "how long a closed message stays, counted from its last entry"},
    {NULL},
};
const struct aw_shape aw_shape_env = {.what = "the environment",
                                      .keys = env_keys,
                                      .size = sizeof(struct aw_env_conf),
                                      .check = check_env};

void aw_env_conf_free(struct aw_env_conf *e)
{
    if (e == NULL)
        return;
    struct aw_env_owned *o = (struct aw_env_owned *)(void *)e;
    aw_templates_free(&o->pub.templates);
    aw_zones_free(o->zones);
    aw_arena_free(&o->arena);
    aw_free(o);
}

void aw_env_hide_secrets(const struct aw_env_conf *e)
{
    const struct aw_env_owned *o = (const struct aw_env_owned *)(const void *)e;
    for (unsigned i = 0; i < o->n_secrets; i++)
        if (aw_streq(o->secrets[i].from.how, "env"))
            aw_secret_hide(o->secrets[i].from.name);
    for (unsigned i = 0; i < e->n_listen; i++)
        if (aw_streq(e->listen[i].tls.key_how, "env"))
            aw_secret_hide(e->listen[i].tls.key_name);
}

/* Defaults that a table cannot say. */
static void complete(struct aw_env_owned *o)
{
    struct aw_env_conf *e = &o->pub;
    if (e->node == NULL) {
        char host[65] = "";
        gethostname(host, sizeof(host) - 1);
        e->node = aw_arena_str(&o->arena, host[0] != '\0' ? host : "localhost");
    }
    if (e->n_listen == 0) {
        e->listen = aw_arena_alloc(&o->arena, sizeof(*e->listen));
        *e->listen =
            (struct aw_listen){"127.0.0.1", 9364, AW_FACE_PUBLIC | AW_FACE_API | AW_FACE_OPS};
        e->n_listen = 1;
    }
}

/* The templates named in the file must be there, unless the reader is lenient; those beside the
 * rules may. */
static void load_templates(struct aw_env_owned *o, bool lenient, struct aw_diag *diag)
{
    struct aw_env_conf *e = &o->pub;
    struct stat st;
    bool named = e->templates_dir != NULL;
    if (!named && e->rules != NULL) {
        size_t n = strlen(e->rules) + sizeof("/templates");
        char *dir = aw_arena_alloc(&o->arena, n);
        snprintf(dir, n, "%s/templates", e->rules);
        e->templates_dir = dir;
    }
    if (e->templates_dir != NULL && ((named && !lenient) || stat(e->templates_dir, &st) == 0))
        aw_templates_load(e->templates_dir, &e->templates, diag);
}

const char *aw_env_dir_of(struct aw_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return NULL;
    return aw_arena_strn(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

int aw_env_read(const struct aw_source_file *f, const struct aw_yaml *map, const char *dir,
                unsigned flags, struct aw_env_conf **ret, struct aw_diag *diag)
{
    unsigned errors = diag->n_errors;
    struct aw_env_owned *o = aw_calloc(1, sizeof(*o));
    o->zones = aw_zones_new(NULL);
    o->arena.secret = true;
    struct aw_reader r = {.file = f,
                          .diag = diag,
                          .arena = &o->arena,
                          .lenient = flags & AW_ENV_LENIENT,
                          .dir = dir != NULL ? aw_arena_str(&o->arena, dir) : NULL,
                          .ctx = o};
    o->secrets = aw_arena_alloc(&o->arena, AW_MAX_SECRETS * sizeof(*o->secrets));
    o->pub.file = aw_arena_str(&o->arena, f->name);
    aw_sha256(o->pub.sha256, f->text, f->n);
    aw_schema_map(&r, &aw_shape_env, map, NULL, &o->pub);
    complete(o);
    aw_env_complete_almanac(o);
    load_templates(o, r.lenient, diag);
    if (diag->n_errors > errors) {
        aw_env_conf_free(&o->pub);
        return AW_EINVAL;
    }
    *ret = &o->pub;
    return 0;
}

int aw_env_load(const char *path, unsigned flags, struct aw_env_conf **ret, struct aw_diag *diag)
{
    AW_AUTO_FREE char *text = NULL;
    struct aw_source_file f = {.name = path};
    struct aw_err err;
    if (aw_file_read_closed(path, AW_CONF_FILE_MAX, &text, &f.n, &err) < 0) {
        aw_diag_unread(diag, path, &err);
        return AW_EINVAL;
    }
    f.text = text;
    struct aw_yaml_doc *doc = NULL;
    const struct aw_yaml *root = aw_schema_parse(&f, &doc, diag);
    if (root == NULL)
        return AW_EINVAL;
    struct aw_arena scratch = {0};
    int e = aw_env_read(&f, root, aw_env_dir_of(&scratch, path), flags, ret, diag);
    aw_arena_free(&scratch);
    aw_yaml_free(doc);
    return e;
}

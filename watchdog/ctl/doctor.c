/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch doctor`: a row of checks of this machine, the files and the daemon, each with the way
 * out. It changes nothing. A check that cannot be made says so as a warning.
 *
 * The checks run in the order of their table; later ones use what earlier ones found (the settings,
 * the status of the daemon).
 */
#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>

#include "base/clock.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/lang.h"
#include "ctl/local.h"
#include "ctl/nouns.h"
#include "store/db.h"

#define MIB       ((uint64_t)1 << 20)
#define ROOM_FAIL (64 * MIB) /* four times the reserve of the daemon */
#define ROOM_WARN (1024 * MIB)
#define WAL_WARN  (256 * MIB)
#define REACH_ONE 5  /* seconds for a connection */
#define REACH_ALL 20 /* ... and for all of them */
#define CERT_SOON (14 * AW_DAY)

enum health { OK, WARN, FAIL, N_HEALTHS };
static const char *const health_names[N_HEALTHS] = {"ok", "warn", "fail"};

struct doctor {
    const struct aw_ctl *ctl;
    const char *config;
    struct aw_env_conf *env; /* NULL: does not load */
    json_t *status;          /* of the daemon, or NULL */
    enum { SECRETS_FINE, SECRETS_WITHHELD, SECRETS_BAD } secrets;
};

struct finding {
    char text[512];
    const char *way_out; /* static */
};

static enum health found(struct finding *f, enum health h, const char *way_out, const char *fmt,
                         ...) __attribute__((format(printf, 4, 5)));
static enum health found(struct finding *f, enum health h, const char *way_out, const char *fmt,
                         ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(f->text, sizeof f->text, fmt, ap);
    va_end(ap);
    f->way_out = way_out;
    return h;
}

static enum health no_settings(struct finding *f)
{
    return found(f, WARN, "mend the settings first", "not checked: the settings do not load");
}

/* --- the machine ----------------------------------------------------------------------------- */

static enum health check_clock(struct doctor *d, struct finding *f)
{
    static const char way_out[] = "run a time service: systemd-timesyncd or chrony";
    struct timex t = {.modes = 0};
    int state = adjtimex(&t);
    (void)d;
    if (state < 0)
        return found(f, WARN, way_out, "the kernel does not say: %s", strerrordesc_np(errno));
    if (state == TIME_ERROR || t.status & STA_UNSYNC)
        return found(f, WARN, way_out, "not synchronised; steps fire by this clock");
    return found(f, OK, "", "synchronised, off by at most %ld ms", t.maxerror / 1000);
}

static enum health check_disk(struct doctor *d, struct finding *f)
{
    if (!d->env)
        return no_settings(f);
    const char *slash = strrchr(d->env->store, '/');
    AW_AUTO(aw_buf_free) struct aw_buf dir = AW_BUF_INIT(4096);
    aw_buf_add(&dir, d->env->store, slash ? (size_t)(slash - d->env->store) : 0);
    const char *path = !slash ? "." : dir.n ? aw_buf_str(&dir) : "/";
    struct statvfs v;
    if (statvfs(path, &v) < 0)
        return found(f, FAIL, "make it, owned by the daemon's user, mode 750", "%s: %s", path,
                     strerrordesc_np(errno));
    uint64_t room = (uint64_t)v.f_bavail * v.f_frsize;
    return found(f,
                 room < ROOM_FAIL   ? FAIL
                 : room < ROOM_WARN ? WARN
                                    : OK,
                 "make room; docs/operations.md, disk full", "%llu MiB left in %s",
                 (unsigned long long)(room / MIB), path);
}

/* --- the files ------------------------------------------------------------------------------- */

/* Loads with secrets; when all that is wrong are credentials that only systemd hands over, without
 * them. */
static void load(struct doctor *d, struct aw_diag *diag)
{
    unsigned withheld = 0, secret = 0;
    if (aw_env_load(d->config, 0, &d->env, diag) == 0)
        return;
    for (unsigned i = 0; i < diag->n; i++) {
        const struct aw_diag_item *item = &diag->items[i];
        bool is_secret = aw_streq(item->code, "E161") || aw_streq(item->code, "E162");
        secret += !item->warning && is_secret;
        withheld += is_secret && aw_starts(item->text, "credential ");
    }
    if (!secret || secret < diag->n_errors)
        return;
    d->secrets = withheld == secret ? SECRETS_WITHHELD : SECRETS_BAD;
    struct aw_diag again;
    aw_diag_init(&again);
    again.lang = aw_lang();
    if (aw_env_load(d->config, AW_ENV_LENIENT, &d->env, &again) < 0)
        d->env = NULL;
    aw_diag_free(&again);
}

static enum health check_config(struct doctor *d, struct finding *f)
{
    struct aw_diag diag;
    struct aw_rules *rules = NULL;
    struct aw_local_world w;
    enum health h;
    aw_diag_init(&diag);
    diag.lang = aw_lang();
    load(d, &diag);
    unsigned errors = d->secrets ? 0 : diag.n_errors;
    if (d->env && d->env->rules) {
        struct aw_diag more;
        aw_diag_init(&more);
        more.lang = aw_lang();
        aw_local_world_init(&w, d->env);
        aw_rules_load(d->env->rules, &w.world, &rules, &more);
        aw_local_world_free(&w);
        errors += more.n_errors;
        aw_diag_free(&more);
    }
    if (errors || !d->env || !d->env->store || !d->env->rules)
        h = found(f, FAIL, "ackwatch config check", "%s: %u errors", d->config,
                  errors ? errors : 1);
    else
        h = found(f, OK, "", "%s: %u channels, %u rules", d->config, d->env->n_channels,
                  rules->set.n);
    if (d->env && !d->env->store) {
        aw_env_conf_free(d->env);
        d->env = NULL;
    }
    aw_rules_free(rules);
    aw_diag_free(&diag);
    return h;
}

static enum health check_secrets(struct doctor *d, struct finding *f)
{
    if (d->secrets == SECRETS_BAD)
        return found(f, FAIL, "ackwatch config check; secrets: chmod 600, owner the daemon's user",
                     "a secret cannot be read, or others may read it");
    if (!d->env)
        return no_settings(f);
    if (d->secrets)
        return found(f, WARN, "look at LoadCredential= of the unit: systemctl cat ackwatchd",
                     "not checked: systemd hands them to the daemon alone");
    return found(f, OK, "", "readable, and not by others");
}

static enum health check_certificates(struct doctor *d, struct finding *f)
{
    struct aw_diag diag;
    unsigned n = 0;
    if (!d->env)
        return no_settings(f);
    for (unsigned i = 0; i < d->env->n_listen; i++)
        n += d->env->listen[i].tls.certificate != NULL;
    if (n > 0 && d->secrets)
        return found(f, WARN, "ackwatch config check says why",
                     "not checked: their keys are withheld");
    aw_diag_init(&diag);
    diag.lang = aw_lang();
    aw_env_certificates(d->env, aw_clock_os_wall(), &diag);
    enum health h =
        found(f, OK, "", "%u listeners with TLS%s", n, n ? ", valid for two weeks" : "");
    if (diag.n)
        h = found(f, WARN, "renew it, then systemctl reload ackwatchd", "%s", diag.items[0].text);
    aw_diag_free(&diag);
    return h;
}

static enum health check_store(struct doctor *d, struct finding *f)
{
    static const char *const suffixes[] = {"", "-wal"};
    if (!d->env)
        return no_settings(f);
    for (unsigned i = 0; i < AW_COUNT(suffixes); i++) {
        AW_AUTO(aw_buf_free) struct aw_buf path = AW_BUF_INIT(4096);
        struct stat st;
        aw_buf_printf(&path, "%s%s", d->env->store, suffixes[i]);
        if (stat(aw_buf_str(&path), &st) == 0 && st.st_mode & 07)
            return found(f, FAIL, "chmod 640: it holds personal data",
                         "%s may be opened by everybody (mode %04o)", aw_buf_str(&path),
                         (unsigned)st.st_mode & 07777u);
        if (i == 0 && stat(aw_buf_str(&path), &st) < 0)
            return found(f, WARN, "the first start makes it; as root or the daemon's user I see it",
                         "%s: %s", aw_buf_str(&path), strerrordesc_np(errno));
    }
    return found(f, OK, "", "%s is closed to others", d->env->store);
}

static enum health check_layout(struct doctor *d, struct finding *f)
{
    struct aw_db db;
    struct aw_err err;
    int64_t layout = 0;
    struct stat st;
    if (!d->env)
        return no_settings(f);
    if (stat(d->env->store, &st) < 0)
        return found(f, WARN, "the first start makes it", "not checked: there is no %s",
                     d->env->store);
    if (aw_db_open(&db, d->env->store, AW_DB_READ, NULL, 1024, &err) < 0)
        return found(f, WARN, "run me as root or as the daemon's user", "%s: %s", d->env->store,
                     err.text);
    int r = aw_db_check(&db, d->env->store, &err);
    if (r == 0)
        r = aw_db_layout(&db, d->env->store, &layout, &err);
    aw_db_close(&db);
    return r == 0 ? found(f, OK, "", "layout %lld, as this version has it", (long long)layout)
                  : found(f, FAIL, "docs/operations.md, upgrade", "%s", err.text);
}

static enum health check_wal(struct doctor *d, struct finding *f)
{
    AW_AUTO(aw_buf_free) struct aw_buf wal = AW_BUF_INIT(4096);
    struct stat st = {0};
    if (!d->env)
        return no_settings(f);
    aw_buf_printf(&wal, "%s-wal", d->env->store);
    if (stat(aw_buf_str(&wal), &st) < 0)
        st.st_size = 0;
    uint64_t size = (uint64_t)st.st_size;
    return found(f, size > WAL_WARN ? WARN : OK, "a reader never ends: look for an open sqlite3",
                 "the write-ahead log has %llu MiB", (unsigned long long)(size / MIB));
}

/* --- providers ------------------------------------------------------------------------------- */

static bool resolves(const char *host)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    bool fine = getaddrinfo(host, NULL, &hints, &list) == 0;
    if (list)
        freeaddrinfo(list);
    return fine;
}

/* The host that a setting names (aw_free), or NULL. */
static char *host_of(const struct aw_channel *c, const struct aw_setting *s)
{
    const char *value = aw_channel_get(c, s->key);
    char *host = NULL, *copy = NULL;
    if (!value || !*value)
        return NULL;
    if (aw_streq(s->key, "host"))
        return aw_strdup(value);
    if (s->type != AW_SET_URL)
        return NULL;
    CURLU *u = curl_url();
    if (curl_url_set(u, CURLUPART_URL, value, 0) == CURLUE_OK)
        curl_url_get(u, CURLUPART_HOST, &host, 0);
    curl_url_cleanup(u);
    if (host) /* IPv6 stands in brackets */
        copy = host[0] == '[' ? aw_strndup(host + 1, strcspn(host + 1, "]")) : aw_strdup(host);
    curl_free(host);
    return copy;
}

static enum health check_names(struct doctor *d, struct finding *f)
{
    unsigned n = 0;
    if (!d->env)
        return no_settings(f);
    for (unsigned i = 0; i < d->env->n_channels; i++) {
        const struct aw_channel *c = &d->env->channels[i];
        for (const struct aw_setting *s = c->provider->settings; s->key; s++) {
            char *host = host_of(c, s);
            if (!host)
                continue;
            enum health h = resolves(host)
                                ? OK
                                : found(f, FAIL, "look at the name and at DNS here",
                                        "channel %s: %s does not resolve", c->name, host);
            aw_free(host);
            if (h != OK)
                return h;
            n++;
        }
    }
    return found(f, OK, "", "%u names of providers resolve", n);
}

/* The dates of a chain as curl tells them: "Expire date:Nov 22 10:00:00 2026 GMT". 0: none. */
static aw_time ends_at(CURL *c)
{
    struct curl_certinfo *info = NULL;
    struct tm tm = {0};
    if (curl_easy_getinfo(c, CURLINFO_CERTINFO, &info) != CURLE_OK || !info || !info->num_of_certs)
        return 0;
    for (struct curl_slist *s = info->certinfo[0]; s; s = s->next)
        if (aw_starts(s->data, "Expire date:") &&
            strptime(s->data + strlen("Expire date:"), "%b %d %H:%M:%S %Y", &tm))
            return (aw_time)timegm(&tm) * AW_SECOND;
    return 0;
}

/* Connects, with TLS where the URL has it, and hangs up: nothing is asked. */
static enum health reach(const struct aw_channel *c, const char *url, struct finding *f)
{
    CURL *curl = curl_easy_init();
    char why[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)REACH_ONE);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    CURLcode rc = curl_easy_perform(curl);
    aw_time end = rc == CURLE_OK ? ends_at(curl) : 0, now = aw_clock_os_wall();
    curl_easy_cleanup(curl);
    if (rc != CURLE_OK)
        return found(f, WARN, "is the way out open, is the provider up?", "channel %s: %s", c->name,
                     why[0] ? why : curl_easy_strerror(rc));
    if (end && end - now < CERT_SOON)
        return found(f, WARN, "the provider must renew it",
                     "channel %s: its certificate ends in %lld days", c->name,
                     (long long)((end - now) / AW_DAY));
    return OK;
}

/* A setting as something to connect to (aw_free), or NULL. Secrets are not looked at. */
static char *url_of(const struct aw_channel *c, const struct aw_setting *s)
{
    AW_AUTO(aw_buf_free) struct aw_buf b = AW_BUF_INIT(4096);
    const char *value = aw_channel_get(c, s->key);
    if (!value || !*value)
        return NULL;
    if (aw_streq(s->key, "host"))
        aw_buf_printf(&b, "telnet://%s:%ld", value, aw_channel_num(c, "port", 587));
    else if (s->type == AW_SET_URL)
        aw_buf_puts(&b, value);
    return b.n ? aw_strdup(aw_buf_str(&b)) : NULL;
}

static enum health check_reach(struct doctor *d, struct finding *f)
{
    aw_boot by = aw_clock_boot() + REACH_ALL * AW_SECOND;
    unsigned n = 0;
    if (!d->env)
        return no_settings(f);
    for (unsigned i = 0; i < d->env->n_channels; i++) {
        const struct aw_channel *c = &d->env->channels[i];
        for (const struct aw_setting *s = c->provider->settings; s->key; s++) {
            char *url = url_of(c, s);
            if (!url)
                continue;
            enum health h = aw_clock_boot() < by ? reach(c, url, f)
                                                 : found(f, WARN, "ackwatch channels test",
                                                         "time ran out after %u", n);
            aw_free(url);
            if (h != OK)
                return h;
            n++;
        }
    }
    return found(f, OK, "", "%u connections to providers can be made", n);
}

/* --- the daemon ------------------------------------------------------------------------------ */

static enum health check_socket(struct doctor *d, struct finding *f)
{
    const struct aw_ctl *ctl = d->ctl;
    bool chosen = aw_ctl_flag(ctl, "socket") || aw_ctl_flag(ctl, "url") || getenv("ACKWATCH_URL");
    struct aw_client_options o = {.socket = d->env ? d->env->socket : NULL};
    AW_AUTO(aw_client_cleanup)
    struct aw_client *c = chosen || !o.socket ? aw_client_of(ctl) : aw_client_new(&o);
    if (!c)
        return found(f, FAIL, "ackwatch doctor --help", "--socket or --url cannot be used");
    aw_client_quiet(c, true);
    int code = aw_client_get(c, &d->status, "/v1/status");
    if (code == AW_EXIT_DONE)
        return found(f, OK, "", "the daemon answers");
    if (aw_streq(aw_client_problem(c), "unreachable"))
        return found(f, FAIL, "systemctl status ackwatchd; only root and its own user may ask",
                     "the daemon does not answer");
    return found(f, FAIL, "ackwatch status", "the daemon refuses: %s", aw_client_problem(c));
}

static enum health check_daemon(struct doctor *d, struct finding *f)
{
    if (!d->status)
        return found(f, WARN, "start the daemon first", "not checked: it does not answer");
    long long lag = (long long)json_integer_value(json_object_get(d->status, "lag_ms"));
    const json_t *problems = json_object_get(d->status, "problems");
    const char *first = json_string_value(json_array_get(problems, 0));
    if (json_array_size(problems))
        return found(f, FAIL, "ackwatch status; docs/operations.md says what to do", "%s%s",
                     first ? first : "degraded", json_array_size(problems) > 1 ? ", and more" : "");
    return found(f, OK, "", "ready, %lld ms behind", lag);
}

/* --- all ------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum health (*check)(struct doctor *d, struct finding *f);
} checks[] = {
    {"clock", check_clock},     {"config", check_config},
    {"secrets", check_secrets}, {"certificates", check_certificates},
    {"store", check_store},     {"layout", check_layout},
    {"wal", check_wal},         {"disk", check_disk},
    {"providers", check_names}, {"reach", check_reach},
    {"socket", check_socket},   {"daemon", check_daemon},
};

static void print_one(const struct aw_out *o, const char *name, enum health h,
                      const struct finding *f)
{
    static const enum aw_style styles[N_HEALTHS] = {AW_GOOD, AW_WARN, AW_BAD};
    static const enum aw_mark marks[N_HEALTHS] = {AW_MARK_GOOD, AW_MARK_WARN, AW_MARK_BAD};
    AW_AUTO(aw_buf_free) struct aw_buf text = AW_BUF_INIT(2048);
    aw_out_clean(&text, f->text);
    const char *way_out = h == OK ? "" : f->way_out;
    if (!o->tty) {
        fprintf(o->f, "%s\t%s\t%s\t%s\n", health_names[h], name, aw_buf_str(&text),
                *way_out ? way_out : "-");
        return;
    }
    fprintf(o->f, "%s%s %-4s%s %-9s  %s\n", aw_out_on(o, styles[h]), aw_out_mark(o, marks[h]),
            health_names[h], aw_out_off(o, styles[h]), name, aw_buf_str(&text));
    if (*way_out)
        fprintf(o->f, "%18s%s\n", "", way_out);
}

static int exec(struct aw_ctl *ctl)
{
    const char *config = aw_ctl_flag(ctl, "config");
    struct doctor d = {.ctl = ctl, .config = config ? config : AW_SYSCONFDIR "/ackwatch.yaml"};
    json_t *list = json_array();
    unsigned n_fails = 0;
    for (unsigned i = 0; i < AW_COUNT(checks); i++) {
        struct finding f = {"", ""};
        enum health h = checks[i].check(&d, &f);
        n_fails += h == FAIL;
        json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s}", "check", checks[i].name, "state",
                                              health_names[h], "text", f.text, "way_out",
                                              h == OK ? "" : f.way_out));
        if (!ctl->out.json)
            print_one(&ctl->out, checks[i].name, h, &f);
    }
    json_t *all = json_pack("{s:b,s:o}", "ok", n_fails == 0, "checks", list);
    if (ctl->out.json)
        aw_out_json(&ctl->out, all);
    json_decref(all);
    json_decref(d.status);
    aw_env_conf_free(d.env);
    return n_fails ? AW_EXIT_PROBLEMS : AW_EXIT_DONE;
}

static const struct aw_param flags[] = {
    {"config", 0, AW_VAL_FILE, 0, NULL, "the environment file (" AW_SYSCONFDIR "/ackwatch.yaml)"},
    {NULL},
};
static const char *const examples[] = {"doctor", "doctor --config ackwatch.yaml --json", NULL};

const struct aw_cmd_entry aw_cmd_doctor = {
    .noun = "doctor",
    .summary = "check clock, files, disk, names and daemon, with the way out of each problem",
    .text =
        "Run it as root or as the daemon's user. It changes nothing. To each provider it connects "
        "and hangs up, without a request; ackwatch channels test does. The socket is that of the "
        "environment file unless one is "
        "given. Exit code 3 when a check fails; warnings alone are 0.",
    .flags = flags,
    .remote = true,
    .examples = examples,
    .exec = exec,
};

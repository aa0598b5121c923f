/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment file: the example as it is shipped, every mistake, and secrets that must not
 * show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"
#include "conf/env_int.h"
#include "conf_util.h"

static struct aw_diag diag;
static struct aw_env_conf *env;

static int teardown(void **state)
{
    aw_env_conf_free(env);
    env = NULL;
    aw_diag_free(&diag);
    conf_dir_remove();
    unsetenv("CREDENTIALS_DIRECTORY");
    return 0;
}

/* The environment keeps the pointer, so each variable has its own room. */
static void set_credentials(const char *dir)
{
    static char text[512];
    snprintf(text, sizeof(text), "CREDENTIALS_DIRECTORY=%s", dir);
    putenv(text);
}

static void set_secret(const char *value)
{
    static char text[512];
    snprintf(text, sizeof(text), "AW_TEST_SECRET=%s", value);
    putenv(text);
}

static int load(const char *text, unsigned flags)
{
    return aw_env_load(conf_file("ackwatch.yaml", text), flags, &env, &diag);
}

static const struct aw_channel *channel(const char *name)
{
    for (unsigned i = 0; i < env->n_channels; i++)
        if (strcmp(env->channels[i].name, name) == 0)
            return &env->channels[i];
    fail_msg("no channel %s", name);
    return NULL;
}

#define BASE                                                                                       \
    "version: 1\n"                                                                                 \
    "operators: [{channel: mail, to: ops@example.com}]\n"                                          \
    "channels:\n"                                                                                  \
    "  mail: {provider: smtp, host: smtp.example.com, from: a@example.com}\n"

/* --- values -------------------------------------------------------------------------------- */

/* Every key of the example file is read; only its secrets have to be put into place. */
static void shipped_example_loads(void **state)
{
    char path[512], *text;
    size_t n;
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof(path), "%s/contrib/ackwatch.example.yaml", top != NULL ? top : ".");
    assert_int_equal(aw_file_read(path, 1 << 20, &text, &n, NULL), 0);
    conf_file("secrets/jpush", "jpush-secret\n");
    chmod(conf_file("secrets/sms-password", "sms-secret\r\n"), 0400);
    conf_file("secrets/sms-receipts", "receipt-secret");
    conf_file("secrets/smtp-password", "smtp-secret\n");
    conf_file("secrets/webhook-secret", "whsec_aGVsbG8=\n");
    conf_file("secrets/wecom-robot", "https://wecom.example.net/?key=k\n");
    conf_file("secrets/dingtalk-robot", "https://dingtalk.example.net/?access_token=t\n");
    conf_file("secrets/dingtalk-sign", "SECabc\n");
    conf_file("secrets/feishu-robot", "https://feishu.example.net/hook/t\n");
    conf_file("secrets/feishu-sign", "sign\n");
    char dir[300];
    snprintf(dir, sizeof(dir), "%s/rules", conf_dir());
    mkdir(dir, 0700);
    conf_file("rules/templates/order.yaml", "version: 1\nsms: {en: {text: t}}\n");
    snprintf(dir, sizeof(dir), "%s/secrets", conf_dir());
    set_credentials(dir);
    struct aw_buf b = AW_BUF_INIT(65536);
    for (const char *p = text; *p != '\0';) { /* our directory for /etc/ackwatch */
        if (aw_starts(p, "/etc/ackwatch/")) {
            aw_buf_printf(&b, "%s/", conf_dir());
            p += strlen("/etc/ackwatch/");
        } else {
            aw_buf_putc(&b, *p++);
        }
    }
    snprintf(path, sizeof(path), "%s/secrets/jpush", conf_dir());
    chmod(path, 0600);
    int e = load(aw_buf_str(&b), 0);
    if (e < 0)
        fail_msg("%s", conf_print(&diag));
    assert_int_equal(env->n_channels, 9);
    assert_string_equal(aw_channel_get(channel("jpush-main"), "master_secret"), "jpush-secret");
    assert_string_equal(aw_channel_get(channel("sms-main"), "password"), "sms-secret");
    assert_string_equal(aw_channel_get(channel("sms-main"), "receipt_secret"), "receipt-secret");
    assert_string_equal(aw_channel_get(channel("sms-main"), "fields.text"), "{{text}}");
    assert_string_equal(aw_channel_get(channel("sms-main"), "headers.X-Client"), "ackwatch");
    assert_int_equal(aw_channel_num(channel("mail"), "port", 0), 587);
    assert_string_equal(aw_channel_get(channel("group-wecom"), "url"),
                        "https://wecom.example.net/?key=k");
    assert_string_equal(channel("jpush-main")->app, "shop");
    assert_null(channel("mail")->app);
    assert_string_equal(env->public_url, "https://ack.example.com");
    assert_int_equal(env->n_listen, 1);
    assert_int_equal(env->listen[0].faces, AW_FACE_PUBLIC | AW_FACE_API | AW_FACE_OPS);
    assert_string_equal(env->operators[0].to, "ops@example.com");
    uint8_t sha[32];
    aw_sha256(sha, aw_buf_str(&b), b.n);
    assert_memory_equal(env->sha256, sha, 32);
    aw_buf_free(&b);
    aw_free(text);
}

static void defaults_are_filled_in(void **state)
{
    assert_int_equal(load(BASE, 0), 0);
    assert_string_equal(env->listen[0].address, "127.0.0.1");
    assert_int_equal(env->listen[0].port, 9364);
    assert_int_equal(env->listen[0].faces, 7);
    assert_int_equal(env->n_apps, 1);
    assert_string_equal(env->apps[0], "default");
    assert_string_equal(env->zone, "UTC");
    assert_string_equal(env->rules, AW_SYSCONFDIR "/rules");
    assert_string_equal(env->store, AW_STATEDIR "/ackwatch.db");
    assert_string_equal(env->socket, AW_RUNDIR "/ctl.sock");
    assert_non_null(env->node);
    assert_null(env->public_url);
    assert_int_equal(channel("mail")->weight, 100);
    assert_int_equal(channel("mail")->concurrency, 4);
    assert_int_equal(channel("mail")->timeout, 20 * AW_SECOND);
    assert_string_equal(aw_channel_get(channel("mail"), "port"), "587");
    assert_null(aw_channel_get(channel("mail"), "password"));
}

/* A channel of each provider with nothing but its name has the defaults of the table. */
static void providers_have_their_defaults(void **state)
{
    for (const struct aw_provider *p = aw_providers; p->name; p++) {
        char text[128];
        snprintf(text, sizeof(text), "channels:\n  c: {provider: %s}\n", p->name);
        assert_int_equal(load(text, AW_ENV_LENIENT), 0);
        for (const struct aw_setting *s = p->settings; s->key; s++)
            if (s->def && s->type != AW_SET_PAIRS)
                assert_string_equal(aw_channel_get(channel("c"), s->key), s->def);
        aw_env_conf_free(env);
        env = NULL;
    }
}

static void given_values_win(void **state)
{
    assert_int_equal(load(BASE "    \n"
                               "  x: {provider: webhook, url: \"http://[::1]:8080/x\", secret: "
                               "{env: HOME}, weight: 7,\n"
                               "      concurrency: 64, timeout: 5m}\n"
                               "public_url: https://ack.example.com/base//\n"
                               "zone: Asia/Shanghai\n"
                               "node: n1\n"
                               "apps: [shop, bank]\n"
                               "store: sub/a.db\n"
                               "socket: /run/x.sock\n"
                               "rules: rules.d\n"
                               "listen:\n"
                               "  - {address: \"::1\", port: 0, faces: api}\n"
                               "  - {port: 1, faces: [ops, public]}\n",
                          0),
                     0);
    assert_string_equal(env->public_url, "https://ack.example.com/base");
    assert_string_equal(env->apps[1], "bank");
    assert_int_equal(env->n_listen, 2);
    assert_int_equal(env->listen[0].port, 0);
    assert_int_equal(env->listen[0].faces, AW_FACE_API);
    assert_int_equal(env->listen[1].faces, AW_FACE_OPS | AW_FACE_PUBLIC);
    assert_int_equal(channel("x")->weight, 7);
    assert_int_equal(channel("x")->concurrency, 64);
    assert_int_equal(channel("x")->timeout, 5 * AW_MINUTE);
    char path[300];
    snprintf(path, sizeof(path), "%s/sub/a.db", conf_dir());
    assert_string_equal(env->store, path); /* relative to the file */
    snprintf(path, sizeof(path), "%s/rules.d/templates", conf_dir());
    assert_string_equal(env->templates_dir, path);
}

static void templates_come_along(void **state)
{
    conf_file("t/order.yaml", "version: 1\nsms: {en: {text: hello}}\n");
    assert_int_equal(load(BASE "templates: t\n", 0), 0);
    assert_int_equal(env->templates.n, 1);
    aw_env_conf_free(env);
    env = NULL;
    assert_int_equal(load(BASE "templates: nowhere\n", 0), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "E100");
    assert_int_equal(load(BASE "templates: nowhere\n", AW_ENV_LENIENT), 0);
}

/* --- mistakes ------------------------------------------------------------------------------ */

#define OPS "version: 1\noperators: [{channel: m, to: o@e.cn}]\nchannels:\n"
#define M   "  m: {provider: smtp, host: h, from: a@e.cn}\n"

/* Each '^' marks the place of the next code, and is not part of the text. */
static const struct {
    const char *codes, *text;
} mistakes[] = {
    {"E101 E101", "^^{}\n"},
    {"E103", "^[]\n"},
    {"E102", OPS M "^operator: []\n"},
    {"E102", OPS M "^people: {li: {alias: li}}\n"},
    {"E101 E103", OPS M "^limits: {}\nsilences: ^[]\n"},
    {"E102", OPS M "limits: {per_recipient: {^fax: 1/1m}}\n"},
    {"E116 E116 E116 E116 E116 E116",
     OPS M "limits: {per_recipient: {sms: [^2, ^0/1m, ^2/1, ^2/0s, ^1001/1m, ^2/32d]}}\n"},
    {"E112", OPS M "limits: {per_recipient: {sms: ^[]}}\n"},
    {"E116 E116 E102", OPS M "storm: {rule: ^many, reserve: ^100%, ^hosts: 1/1m}\n"},
    {"E101 E101 E101 E101", OPS M "silences: {^^^^move: {}}\n"},
    {"E112 E112", OPS M "silences: {move: {match: ^{}, from: \"2026-01-02T00:00:00Z\", until: "
                        "^\"2026-01-01T00:00:00Z\", author: li, reason: move}}\n"},
    {"E102",
     OPS M "silences: {move: {match: {^colour: red}, until: \"2026-01-01T00:00:00Z\", author: li, "
           "reason: move}}\n"},
    {"E104 E104 E102",
     OPS "  m: {provider: smtp, host: h, from: a@e.cn, on_blind: ^wait, on_unknown: ^again, "
         "^tier: free}\n"},
    {"E112", OPS "  m: {provider: smtp, host: h, from: a@e.cn, ^on_blind: hold}\n"},
    {"E101", "version: 1\noperators: [^{to: o@e.cn}]\n"},
    {"E112", "version: 1\n^operators: []\n"},
    {"E120", "version: 1\noperators: [{channel: ^mial, to: o@e.cn}]\nchannels:\n  mail: {provider: "
             "smtp, host: h, from: a@e.cn}\n"},
    {"E163", "version: 1\noperators: [{channel: m, to: ^nobody}]\nchannels:\n" M},
    {"E163", "version: 1\noperators: [{channel: ^m}]\nchannels:\n" M},
    {"E163",
     "version: 1\noperators: [{channel: h, to: ^x}]\nchannels:\n  h: {provider: webhook, url: "
     "https://x, secret: {env: HOME}}\n"},
    {"E104", OPS "  m: {provider: ^smpt, host: h, from: a@e.cn}\n"},
    {"E101", OPS "  ^m: {host: h, from: a@e.cn}\n"},
    {"E101 E102", OPS "  ^m: {provider: smtp, ^hots: h, from: a@e.cn}\n"},
    {"E114",
     OPS "  ^m!: {provider: smtp, host: h, from: a@e.cn}\n  m: {provider: smtp, host: h, from: "
         "a@e.cn}\n"},
    {"E104", OPS "  m: {provider: smtp, host: h, from: a@e.cn, app: ^shop}\n"},
    {"E112 E112",
     OPS "  m: {provider: smtp, host: h, from: a@e.cn, concurrency: ^65, timeout: ^6m}\n"},
    {"E111", OPS "  m: {provider: smtp, host: h, from: a@e.cn, port: ^smtp}\n"},
    {"E112", OPS "  m: {provider: smtp, host: h, from: a@e.cn, port: ^70000}\n"},
    {"E161", OPS "  m: {provider: smtp, host: h, from: a@e.cn, password: ^secret}\n"},
    {"E102", OPS "  m: {provider: smtp, host: h, from: a@e.cn, password: {^vault: x}}\n"},
    {"E116 E104 E103",
     OPS M "  g: {provider: gateway, url: ^\"ftp://x\", method: ^PUT, fields: ^text}\n"},
    {"E114 E103", OPS M "  g: {provider: gateway, url: https://x, fields: {^\"\": x, a: ^[]}}\n"},
    {"E116", OPS M "  h: {secret: {env: HOME}, url: ^\"http://u:p@x/\", provider: webhook}\n"},
    {"E116", OPS M "public_url: ^ack.example.com\n"},
    {"E116", OPS M "public_url: ^https://ack.example.com/?a\n"},
    {"E117", OPS M "zone: ^../../etc/passwd/;\n"},
    {"E117", OPS M "zone: ^Mars/Phobos\n"},
    {"E117 E101 E101 E118", OPS M
     "calendars: {n: {zone: ^Mars/Phobos, open: [^^{days: all}, {from: ^x, to: \"08:00\"}]}}\n"},
    {"E104 E118 E118 E118", OPS M
     "calendars: {n: {open: [{days: ^mo, from: ^\"24:00\", to: \"08:00\"}, {from: ^\"08:00\", "
     "to: \"08:00\"}, {from: ^\"24:01\", to: \"08:00\"}]}}\n"},
    {"E118 E118 E118 E118",
     OPS M "calendars: {n: {open: [{from: \"22:00\", to: \"08:00\"}], closed: [^2026-02-30, "
           "^2026-1-1, ^2026-10-07..2026-10-01], also_open: ^26-10-01}}\n"},
    {"E101 E112", OPS M "calendars: {^n: {}, m: {^open: []}}\n"},
    {"E101 E101 E101 E101", OPS M "rotations: {^^^^noc: {}}\n"},
    {"E117 E118 E110 E112",
     OPS M "rotations: {noc: {zone: ^../x, start: ^2026-01-05, turn: ^7, people: ^[]}}\n"},
    {"E118 E101",
     OPS M "rotations: {noc: {zone: UTC, start: \"2026-01-05T09:00\", turn: 7d, people: li, "
           "overrides: [{from: \"2026-01-05T09:00:00\", to: ^\"2026-01-05T09:00:00\", person: a}, "
           "^{from: \"2026-01-05T09:00:00\", to: \"2026-01-05T10:00:00\"}]}}\n"},
    {"E116", OPS M "listen: [{address: ^localhost}]\n"},
    {"E112", OPS M "listen: [{port: ^65536}]\n"},
    {"E104", OPS M "listen: [{faces: ^apis}]\n"},
    {"E112", OPS M "^listen: []\n"},
    {"E116 E116", OPS M "  g: {provider: gateway, url: https://x, fields: {}, allow: [10.0.0.0/8, "
                        "^10.0.0.1/8, ^x]}\n"},
    {"E112", OPS M "  g: {provider: gateway, url: https://x, fields: {}, allow: ^[]}\n"},
    {"E102", OPS "  m: {provider: smtp, host: h, from: a@e.cn, ^allow: 10.0.0.0/8}\n"},
    {"E114", OPS M "apps: [^-x]\n"},
    {"E107", OPS M "apps: [shop, ^shop]\n"},
    {"E112",
     OPS M "socket: "
           "^/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
           "aaaaaaaaaaaaaaaaaaaaaaaaaaa\n"},
};

static void mistakes_have_places(void **state)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < AW_COUNT(mistakes); i++) {
        struct conf_marked m = conf_unmark(mistakes[i].text, mistakes[i].codes);
        assert_int_equal(load(m.text, 0), AW_EINVAL);
        const char *codes = conf_codes(&diag);
        if (strcmp(codes, m.places) != 0) {
            print_error("expected %s, got %s for\n%s", m.places, codes, m.text);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void missing_file(void **state)
{
    assert_int_equal(aw_env_load("/nonexistent/a.yaml", 0, &env, &diag), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "E100");
}

/* --- secrets ------------------------------------------------------------------------------- */

#define HOOK(secret)                                                                               \
    "version: 1\noperators: [{channel: h}]\nchannels:\n"                                           \
    "  h: {provider: webhook, url: https://x, secret: " secret "}\n"

static const char *load_secret(const char *how, const char *what)
{
    char text[1024];
    aw_env_conf_free(env);
    env = NULL;
    snprintf(text, sizeof(text), HOOK("{%s: %s}"), how, what);
    return load(text, 0) == 0 ? aw_channel_get(channel("h"), "secret") : NULL;
}

static void secrets_from_three_places(void **state)
{
    conf_file("cred", "from credential\n");
    chmod(conf_file("secret", "from file\n"), 0600);
    set_credentials(conf_dir());
    set_secret("from environment");
    assert_string_equal(load_secret("file", "secret"), "from file");
    assert_string_equal(load_secret("credential", "cred"), "from credential");
    assert_string_equal(load_secret("env", "AW_TEST_SECRET"), "from environment");
    unsetenv("AW_TEST_SECRET");
    assert_null(load_secret("env", "AW_TEST_SECRET"));
    assert_string_equal(conf_codes(&diag), "4:56 E161");
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_null(load_secret("credential", "cred"));
    assert_string_equal(conf_codes(&diag), "4:63 E161");
    assert_null(load_secret("credential", "../secret"));
    assert_string_equal(conf_codes(&diag), "4:63 E114");
}

static void secret_files_must_be_closed(void **state)
{
    const char *path = conf_file("secret", "hidden\n");
    static const struct {
        mode_t mode;
        bool fine, fine_for_root;
    } cases[] = {
        {0600, true, true},   {0400, true, true},   {0640, false, true},  {0440, false, true},
        {0660, false, false}, {0644, false, false}, {0604, false, false}, {0601, false, false},
    };
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        chmod(path, cases[i].mode);
        bool fine = getuid() == 0 ? cases[i].fine_for_root : cases[i].fine;
        assert_int_equal(load_secret("file", "secret") != NULL, fine);
        assert_string_equal(conf_codes(&diag), fine ? "" : "4:57 E162");
    }
}

static void secret_files_must_be_one_line(void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"a\n", "a"}, {"a\r\n", "a"}, {"a b", "a b"}, {"a\nb\n", NULL},
        {"", NULL},   {"\n", NULL},   {"a\tb", NULL}, {"\xff\xfe", NULL},
    };
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        chmod(conf_file("secret", cases[i].text), 0600);
        const char *value = load_secret("file", "secret");
        assert_int_equal(value != NULL, cases[i].value != NULL);
        if (value != NULL)
            assert_string_equal(value, cases[i].value);
        assert_string_equal(conf_codes(&diag), value != NULL ? "" : "4:57 E161");
    }
    assert_null(load_secret("file", "missing"));
    assert_string_equal(conf_codes(&diag), "4:57 E161");
    assert_null(load_secret("file", "."));
    assert_string_equal(conf_codes(&diag), "4:57 E161");
    char fifo[300];
    snprintf(fifo, sizeof(fifo), "%s/fifo", conf_dir());
    mkfifo(fifo, 0600);
    assert_null(load_secret("file", "fifo")); /* and does not wait for a writer */
    assert_string_equal(conf_codes(&diag), "4:57 E161");
}

static void secrets_never_show(void **state)
{
    chmod(conf_file("secret", "xyzzy-is-hidden\n"), 0600);
    assert_non_null(load_secret("file", "secret"));
    struct aw_buf b = AW_BUF_INIT(65536);
    aw_env_show(env, &b);
    assert_null(strstr(aw_buf_str(&b), "xyzzy"));
    assert_non_null(strstr(aw_buf_str(&b), "secret: {file: "));
    aw_buf_free(&b);
    assert_null(load_secret("file", "secret, x: xyzzy"));
    chmod(conf_file("secret", "xyzzy\nxyzzy\n"), 0600);
    assert_null(load_secret("file", "secret"));
    assert_null(strstr(conf_print(&diag), "xyzzy\n"));
}

static void files_that_all_may_write(void **state)
{
    const char *path = conf_file("ackwatch.yaml", BASE);
    chmod(path, 0646);
    assert_int_equal(aw_env_load(path, 0, &env, &diag), AW_EINVAL);
    assert_string_equal(diag.items[0].code, "E100");
    assert_non_null(strstr(diag.items[0].text, "everybody may write to it (mode 0646): chmod o-w"));
    chmod(path, 0664);
    assert_int_equal(aw_env_load(path, 0, &env, &diag), 0);
}

/* A variable leaves the process's environment, and its bytes; later loads find its value still. */
static void variables_are_hidden(void **state)
{
    static const char text[] =
        "version: 1\n"
        "operators: [{channel: mail, to: ops@example.com}]\n"
        "channels:\n"
        "  mail: {provider: smtp, host: smtp.example.com, from: a@example.com, user: u,\n"
        "         password: {env: AW_HIDDEN_SECRET}}\n";
    static char variable[] = "AW_HIDDEN_SECRET=hidden-value";
    putenv(variable);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(load(text, 0), 0);
        assert_string_equal(aw_channel_get(channel("mail"), "password"), "hidden-value");
        aw_env_hide_secrets(env);
        assert_null(getenv("AW_HIDDEN_SECRET"));
        assert_null(strstr(variable, "hidden"));
        aw_env_conf_free(env);
        env = NULL;
    }
    putenv("AW_HIDDEN_SECRET=another"); /* what is set decides */
    assert_int_equal(load(text, 0), 0);
    assert_string_equal(aw_channel_get(channel("mail"), "password"), "another");
    unsetenv("AW_HIDDEN_SECRET");
}

/* --- texts --------------------------------------------------------------------------------- */

/* What `config show` prints can be read again and shows the same. */
static void shown_settings_read_back(void **state)
{
    set_secret("s");
    assert_int_equal(load(BASE
                          "  sms: {provider: gateway, url: \"http://x/?a=b\", fields: {to: "
                          "\"{{to}}\", \"a\\\"b\": \"\\\\\"},\n"
                          "        password: {env: AW_TEST_SECRET}, success_status: \"200 201\"}\n"
                          "apps: [a, 订单]\n"
                          "listen: [{faces: [ops]}, {port: 1}]\n",
                          0),
                     0);
    struct aw_buf first = AW_BUF_INIT(65536), second = AW_BUF_INIT(65536);
    aw_env_show(env, &first);
    /* The templates directory beside the rules need not exist, a named one must. */
    char *named = strstr(first.p, "templates: ");
    if (named != NULL)
        memcpy(named, "#emplates: ", strlen("#emplates: "));
    aw_env_conf_free(env);
    env = NULL;
    if (load(aw_buf_str(&first), 0) < 0)
        fail_msg("%s", conf_print(&diag));
    aw_env_show(env, &second);
    named = strstr(second.p, "templates: ");
    if (named != NULL)
        memcpy(named, "#emplates: ", strlen("#emplates: "));
    assert_string_equal(aw_buf_str(&first), aw_buf_str(&second));
    aw_buf_free(&first);
    aw_buf_free(&second);
    unsetenv("AW_TEST_SECRET");
}

static void reference_names_every_setting(void **state)
{
    struct aw_buf b = AW_BUF_INIT(65536);
    aw_env_reference(&b);
    assert_non_null(strstr(aw_buf_str(&b), "listen[].faces"));
    assert_non_null(strstr(aw_buf_str(&b), "channels.<name>.concurrency"));
    assert_non_null(strstr(aw_buf_str(&b), "calendars.<name>.open[].from"));
    for (const struct aw_provider *p = aw_providers; p->name != NULL; p++)
        for (const struct aw_setting *s = p->settings; s->key != NULL; s++)
            assert_non_null(strstr(aw_buf_str(&b), s->key));
    aw_buf_free(&b);
}

/* The example shows every key that the tables know, so that nobody has to guess. */
static void example_shows_every_key(void **state)
{
    char path[512], *text, needle[80];
    size_t n;
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof(path), "%s/contrib/ackwatch.example.yaml", top != NULL ? top : ".");
    assert_int_equal(aw_file_read(path, 1 << 20, &text, &n, NULL), 0);
    for (const struct aw_provider *p = aw_providers; p->name != NULL; p++)
        for (const struct aw_setting *s = p->settings; s->key != NULL; s++) {
            snprintf(needle, sizeof(needle), " %s: ", s->key);
            if (strstr(text, needle) == NULL)
                fail_msg("%s of %s is not in the example", s->key, p->name);
        }
    const struct aw_shape *shapes[] = {&aw_shape_env, &aw_shape_channel};
    for (unsigned i = 0; i < AW_COUNT(shapes); i++)
        for (const struct aw_key *k = shapes[i]->keys; k->key != NULL; k++) {
            snprintf(needle, sizeof(needle), "%s%s:", i == 0 ? "\n" : "", k->key);
            bool shown = strstr(text, needle) != NULL;
            if (shown == (strcmp(k->key, "people") == 0))
                fail_msg("%s: shown %d", k->key, shown);
        }
    aw_free(text);
}

/* The page about channels has a section for each provider, and every setting in it. */
static void channels_are_documented(void **state)
{
    char path[512], needle[80], *text;
    size_t n;
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof(path), "%s/docs/channels.md", top != NULL ? top : ".");
    assert_int_equal(aw_file_read(path, 1 << 20, &text, &n, NULL), 0);
    for (const struct aw_provider *p = aw_providers; p->name != NULL; p++) {
        snprintf(needle, sizeof(needle), "\n### %s\n", p->name);
        const char *section = strstr(text, needle);
        const char *end = section != NULL ? strstr(section + 1, "\n##") : NULL;
        if (end == NULL)
            fail_msg("%s has no section", p->name);
        for (const struct aw_setting *s = p->settings; s->key != NULL; s++) {
            snprintf(needle, sizeof(needle), "`%s`", s->key);
            const char *at = strstr(section, needle);
            if (at == NULL || at > end)
                fail_msg("%s of %s is not documented", s->key, p->name);
        }
    }
    aw_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(shipped_example_loads, teardown),
        cmocka_unit_test_teardown(defaults_are_filled_in, teardown),
        cmocka_unit_test_teardown(providers_have_their_defaults, teardown),
        cmocka_unit_test_teardown(given_values_win, teardown),
        cmocka_unit_test_teardown(templates_come_along, teardown),
        cmocka_unit_test_teardown(mistakes_have_places, teardown),
        cmocka_unit_test_teardown(missing_file, teardown),
        cmocka_unit_test_teardown(secrets_from_three_places, teardown),
        cmocka_unit_test_teardown(secret_files_must_be_closed, teardown),
        cmocka_unit_test_teardown(secret_files_must_be_one_line, teardown),
        cmocka_unit_test_teardown(secrets_never_show, teardown),
        cmocka_unit_test_teardown(variables_are_hidden, teardown),
        cmocka_unit_test_teardown(files_that_all_may_write, teardown),
        cmocka_unit_test_teardown(shown_settings_read_back, teardown),
        cmocka_unit_test_teardown(reference_names_every_setting, teardown),
        cmocka_unit_test_teardown(example_shows_every_key, teardown),
        cmocka_unit_test_teardown(channels_are_documented, teardown),
    };
    aw_diag_init(&diag);
    return cmocka_run_group_tests_name("env", tests, NULL, NULL);
}

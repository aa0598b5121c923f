/* SPDX-License-Identifier: Apache-2.0
 *
 * The demo's directory and what it is filled with. Limits: the directory's name must leave room for
 * a unix socket in it (108 bytes in all).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/demo.h"

#define DIR_MAX  90
#define FILE_MAX (64 * 1024)

/* --- the directory --------------------------------------------------------------------------- */

static int use_kept(struct aw_demo *d, const char *keep)
{
    if (mkdir(keep, 0700) < 0 && errno != EEXIST)
        return aw_ctl_say(-1, "%s: %s", keep, strerror(errno));
    char *path = realpath(keep, NULL);
    if (!path)
        return aw_ctl_say(-1, "%s: %s", keep, strerror(errno));
    snprintf(d->dir, sizeof d->dir, "%s", path);
    free(path);
    struct dirent **list;
    int n = scandir(d->dir, &list, NULL, NULL);
    for (int i = 0; i < n; i++)
        free(list[i]);
    if (n >= 0)
        free(list);
    d->keep = true;
    if (n != 2) { /* . and .. */
        int code = n < 0 ? aw_ctl_say(-1, "%s: %s", keep, strerror(errno))
                         : aw_ctl_say(-1, "%s is not empty; --keep takes a new directory", keep);
        d->dir[0] = '\0';
        return code;
    }
    return 0;
}

int aw_demo_dir(struct aw_demo *d, const char *keep)
{
    if (keep && use_kept(d, keep) < 0)
        return -1;
    if (!keep) {
        const char *tmp = getenv("TMPDIR");
        snprintf(d->dir, sizeof d->dir, "%s/ackwatch-demo-XXXXXX", tmp && *tmp ? tmp : "/tmp");
        if (!mkdtemp(d->dir)) {
            aw_ctl_say(0, "%s: %s", d->dir, strerror(errno));
            d->dir[0] = '\0';
            return -1;
        }
    }
    if (strlen(d->dir) > DIR_MAX)
        return aw_ctl_say(-1, "%s: the name is too long for a socket in it, choose a shorter one",
                          d->dir);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

void aw_demo_dir_remove(struct aw_demo *d)
{
    if (d->dir[0] && !d->keep)
        nftw(d->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int write_file(struct aw_demo *d, const char *name, const struct aw_buf *b)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", d->dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, aw_buf_str(b), b->n) != (ssize_t)b->n) {
        aw_ctl_say(0, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    close(fd);
    return 0;
}

static int write_text(struct aw_demo *d, const char *name, const char *text)
{
    struct aw_buf b = AW_BUF_INIT(FILE_MAX);
    aw_buf_puts(&b, text);
    int r = write_file(d, name, &b);
    aw_buf_free(&b);
    return r;
}

/* --- people ---------------------------------------------------------------------------------- */

int aw_demo_write_people(struct aw_demo *d)
{
    static const char *const push[] = {[AW_DEMO_ONLINE] = "online",
                                       [AW_DEMO_LATE] = "online",
                                       [AW_DEMO_OFFLINE] = "offline",
                                       [AW_DEMO_NO_DEVICE] = "none"};
    json_t *list = json_array();
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++) {
        const struct aw_demo_person *p = &d->people[i];
        char phone[24], mail[64];
        snprintf(phone, sizeof phone, "+99900001%02u", i);
        snprintf(mail, sizeof mail, "%s@demo.invalid", p->user);
        json_array_append_new(list,
                              json_pack("{s:s,s:s,s:s,s:s,s:s}", "user", p->user, "alias", p->user,
                                        "push", push[p->role], "phone", phone, "email", mail));
    }
    json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:s}", "user", "boss", "alias", "boss",
                                          "push", "online", "phone", "+9990000199", "email",
                                          "boss@demo.invalid"));
    char *text = json_dumps(list, JSON_INDENT(1));
    int r = write_text(d, "people.json", text);
    free(text);
    json_decref(list);
    return r;
}

/* --- configuration --------------------------------------------------------------------------- */

/* A free port on loopback: the links and receipt addresses in the configuration name it. */
static unsigned free_port(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof sa;
    unsigned port = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    if (bind(fd, (struct sockaddr *)&sa, n) == 0 &&
        getsockname(fd, (struct sockaddr *)&sa, &n) == 0)
        port = ntohs(sa.sin_port);
    close(fd);
    return port;
}

/* The calendar and the rotation are those that rules of the library name. */
static const char config_head[] =
    "# The environment of one run of `ackwatch demo`.\n"
    "version: 1\n"
    "node: demo.invalid\n"
    "zone: Asia/Shanghai\n"
    "operators:\n"
    "  - {channel: mail, to: " AW_DEMO_OPERATORS "}\n"
    "calendars: {night: {zone: recipient, open: [{days: all, from: \"22:00\", to: \"08:00\"}]}}\n"
    "rotations: {noc: {zone: Asia/Shanghai, start: \"2026-01-05T09:00:00\", turn: 7d, people: "
    "[duty]}}\n";

static const char config_channels[] =
    "channels:\n"
    "  push:\n"
    "    provider: jpush\n    allow: [127.0.0.1]\n"
    "    app_key: \"%4$s\"\n"
    "    master_secret: {file: jpush.secret}\n"
    "    push_url: http://127.0.0.1:%1$u/v3/\n"
    "    report_url: http://127.0.0.1:%1$u/v3/\n"
    "  sms:\n"
    "    provider: gateway\n    allow: [127.0.0.1]\n"
    "    url: http://127.0.0.1:%1$u/sms/send\n"
    "    fields: {to: \"{{to}}\", text: \"{{text}}\", ref: \"{{ref}}\", dlr: \"{{receipt_url}}\"}\n"
    "    success_pointer: /code\n"
    "    success_value: \"0\"\n"
    "    refused_values: \"1001\"\n"
    "    id_pointer: /id\n"
    "    receipt_secret: {file: receipt.secret}\n"
    "  mail:\n"
    "    provider: smtp\n"
    "    host: 127.0.0.1\n"
    "    port: %2$u\n"
    "    ca_file: \"%3$s\"\n"
    "    user: ackwatch\n"
    "    password: {file: smtp.secret}\n"
    "    from: ackwatch@demo.invalid\n"
    "    from_name: Ackwatch\n";

int aw_demo_write_config(struct aw_demo *d, const json_t *sim)
{
    const char *ca_file = aw_json_str(sim, "ca_file"), *key = aw_json_str(sim, "jpush_app_key");
    const char *secret = aw_json_str(sim, "jpush_master_secret");
    const char *password = aw_json_str(sim, "smtp_password");
    if (!ca_file || !key || !secret || !password)
        return aw_ctl_say(-1, "ackwatch-sim does not say its credentials: another version?");
    AW_AUTO_FREE char *rules = aw_demo_rules();
    if (!rules)
        return -1;
    d->daemon_port = free_port();
    if (!d->daemon_port)
        return aw_ctl_say(-1, "there is no free port on 127.0.0.1: %s", strerror(errno));
    struct aw_buf b = AW_BUF_INIT(FILE_MAX);
    aw_buf_puts(&b, config_head);
    aw_buf_printf(&b, "public_url: http://127.0.0.1:%u\n", d->daemon_port);
    aw_buf_printf(&b, "listen:\n  - {address: 127.0.0.1, port: %u, faces: [public, api, ops]}\n",
                  d->daemon_port);
    aw_buf_printf(&b, "socket: \"%s/ctl.sock\"\nstore: \"%s/ackwatch.db\"\n", d->dir, d->dir);
    aw_buf_printf(&b, "rules: \"%s\"\ntemplates: \"%s/templates\"\n", rules, rules);
    aw_buf_printf(&b, config_channels, d->sim_port, d->smtp_port, ca_file, key);
    int r = write_file(d, "ackwatch.yaml", &b);
    aw_buf_free(&b);
    if (r < 0 || write_text(d, "jpush.secret", secret) < 0 ||
        write_text(d, "smtp.secret", password) < 0 ||
        write_text(d, "receipt.secret", "demo-receipts") < 0)
        return -1;
    return 0;
}

/* --- where things lie ------------------------------------------------------------------------ */

/* The first of DIR/name that exists; a build tree is looked at first, then the installation. */
static char *find(const char *const *places, const char *name, int mode)
{
    char self[PATH_MAX], path[2 * PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0)
        n = 0;
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    for (; *places; places++) {
        if (**places == '/')
            snprintf(path, sizeof path, "%s/%s", *places, name);
        else
            snprintf(path, sizeof path, "%s/%s%s", self, *places, name);
        if (access(path, mode) == 0)
            return aw_strdup(path);
    }
    return NULL;
}

char *aw_demo_program(const char *name)
{
    static const char *const places[] = {"", "../sbin/", AW_SBINDIR, AW_BINDIR, NULL};
    char *path = find(places, name, X_OK);
    if (!path)
        aw_ctl_say(0, "%s is found neither beside this program nor in " AW_SBINDIR, name);
    return path;
}

char *aw_demo_rules(void)
{
    static const char *const places[] = {"share/", "../share/ackwatch/", AW_DATADIR, NULL};
    char *path = find(places, "rules", R_OK | X_OK);
    if (!path)
        aw_ctl_say(0, "the rule library is not found in " AW_DATADIR "/rules");
    return path;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch channels dsn`: a pipe for the mail server. Its exit code is for that server, not for
 * people: 0 takes the mail away, 75 (EX_TEMPFAIL) makes the server keep it and come again. Whatever
 * stands in the mail, nothing but a usage error is final, so that no report is lost and none is
 * bounced itself. Also a wrong channel is 75: 78 (EX_CONFIG) would be final to exim and postfix.
 */
#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "ctl/client.h"
#include "ctl/dsn.h"
#include "ctl/nouns.h"
#include "ctl/rows.h"

/* All of stdin, so that nobody writes into a broken pipe, but only as much as is looked at. */
static int read_mail(struct aw_buf *mail)
{
    char part[16384];
    for (;;) {
        ssize_t n = read(STDIN_FILENO, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? AW_EIO : AW_OK;
        if (mail->n < AW_DSN_MAX)
            aw_buf_add(mail, part, (size_t)n);
    }
}

static int say(const struct aw_dsn *dsn, const char *what)
{
    printf("%s%s%s%s%s: %s\n", dsn->mark[0] ? dsn->mark : "-", dsn->action[0] ? " " : "",
           dsn->action, dsn->status[0] ? " " : "", dsn->status, what);
    return AW_EXIT_DONE;
}

static int post(struct aw_ctl *ctl, const struct aw_dsn *dsn)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO_FREE char *path = aw_ctl_path("/v1/channels/", ctl->args[0], ":dsn");
    json_t *ask = json_pack("{s:s, s:s}", "mark", dsn->mark, "action", dsn->action);
    char *body = ask ? json_dumps(ask, JSON_COMPACT) : NULL;
    int code = c && body ? aw_client_call(c, "POST", path, body, NULL, NULL) : AW_EXIT_UNREACHABLE;
    json_decref(ask);
    free(body);
    if (code == AW_EXIT_DONE)
        return say(dsn, "taken");
    if (c && aw_streq(aw_client_problem(c), "validation")) /* of the mark, and for good */
        return say(dsn, "not a mail of ours");
    return EX_TEMPFAIL;
}

static int exec_dsn(struct aw_ctl *ctl)
{
    AW_AUTO(aw_buf_free) struct aw_buf mail = AW_BUF_INIT(AW_DSN_MAX + 16384);
    struct aw_dsn dsn;
    if (read_mail(&mail) != AW_OK) {
        aw_ctl_say(EX_TEMPFAIL, "stdin cannot be read");
        return EX_TEMPFAIL;
    }
    aw_dsn_read(mail.n ? mail.p : "", mail.n, &dsn);
    if (!dsn.report)
        return say(&dsn, "not a report on delivery");
    if (!dsn.mark[0])
        return say(&dsn, "a report on no mail of ours");
    return post(ctl, &dsn);
}

static const struct aw_param args[] = {
    {"NAME", 0, AW_VAL_TEXT, 0, NULL, "a channel of the environment file, of provider smtp"},
    {NULL},
};
static const char *const examples[] = {
    "channels dsn mail", "channels dsn mail --token-file /etc/ackwatch/dsn.token", NULL};

const struct aw_cmd_entry aw_cmd_channels_dsn = {
    .noun = "channels",
    .verb = "dsn",
    .summary = "take a mail server's report on delivery from stdin",
    .text =
        "For a pipe of the mail server: bounces and success reports (RFC 3464) of mails that the "
        "channel sent come back to its `from` address, and the server hands them over here. "
        "Needs the control socket or a key with the scope receipts:write. Exit code 0: the mail "
        "can go, also one that is no report or not on a mail of ours; 75: keep it and come again "
        "(no daemon, no right, NAME is not the channel that sent the mail).",
    .args = args,
    .remote = true,
    .examples = examples,
    .exec = exec_dsn,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Sends one mail through aw_dispatch and prints what came of it, for mail.sh:
 *
 *   mailprobe [--implicit] PORT CA USER PASSWORD TO [TIMEOUT_MS]
 *                                          prints "OUTCOME STATUS MS DETAIL"; --implicit: TLS from
 *                                          the first byte, else STARTTLS
 *   mailprobe --hang CA TO TIMEOUT_MS      the same, against a server that takes the whole message
 *                                          and then says nothing
 *   mailprobe --free-port                  prints a TCP port that is free now
 *
 * It is its own mail worker, as ackwatchd is.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "chan_fix.h"
#include "fake_smtp.h"

static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return 1;
    printf("%u\n", ntohs(a.sin_port));
    close(fd);
    return 0;
}

static int send_one(const char *const *pairs, const char *to, aw_ms timeout)
{
    static char self[4096];
    struct aw_clock clock;
    struct aw_dispatch *d;
    struct aw_err err;
    struct fix_core *core = fix_core_new();
    struct aw_channel *ch = fix_channel("smtp", pairs);
    ch->timeout = timeout;
    aw_clock_init_real(&clock);
    if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0)
        return 1;
    const struct aw_chan_env env = {
        .clock = &clock, .submit = fix_core_submit(core), .node = "node.example", .self = self};
    if (aw_dispatch_new(&env, &d, &err) != 0) {
        fprintf(stderr, "mailprobe: %s\n", err.text);
        return 1;
    }
    struct aw_send s = {.attempt = 1,
                        .ref = 1,
                        .channel = ch,
                        .kind = AW_EMAIL,
                        .title = "订单 42 无人确认 – order 42 is not confirmed by anybody",
                        .text = "请确认。\n.\n.hidden dot\nPlease confirm.",
                        .html = "<p>请确认 <a href=\"https://ack.example/a/1\">confirm</a></p>",
                        .time = aw_clock_wall(&clock),
                        .arena = aw_strdup(to)};
    s.email = s.arena;
    aw_boot begin = aw_clock_boot();
    aw_dispatch_send(d, &s);
    struct aw_cmd *cmd = fix_core_take(core, 2 * timeout + 5000);
    if (cmd)
        printf("%s %d %" PRId64 " %s\n", aw_outcome_name(cmd->u.result.outcome),
               cmd->u.result.http_status, aw_clock_boot() - begin, cmd->u.result.detail);
    int r = cmd ? 0 : 1;
    if (cmd)
        cmd->done(cmd);
    aw_dispatch_stop(d, 0);
    aw_dispatch_free(d);
    fix_core_free(core);
    fix_channel_free(ch);
    return r;
}

static int hang(const char *ca, const char *to, aw_ms timeout)
{
    char port[16];
    struct fake_smtp *f = fake_smtp_new("IP:127.0.0.1", ca);
    fake_smtp_fault(f, FAKE_END_HANG);
    snprintf(port, sizeof port, "%u", fake_smtp_port(f));
    int r = send_one((const char *const[]){"host", "127.0.0.1", "port", port, "ca_file", ca, "from",
                                           "ackwatch@node.example", NULL},
                     to, timeout);
    fake_smtp_free(f);
    return r;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--mail-worker") == 0)
        return aw_mail_worker_main((int)strtol(argv[2], NULL, 10));
    if (argc == 2 && strcmp(argv[1], "--free-port") == 0)
        return free_port();
    if (argc == 5 && strcmp(argv[1], "--hang") == 0)
        return hang(argv[2], argv[3], strtol(argv[4], NULL, 10));
    bool implicit = argc > 1 && strcmp(argv[1], "--implicit") == 0;
    argc -= implicit;
    argv += implicit;
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: mailprobe [--implicit] PORT CA USER PASSWORD TO [TIMEOUT_MS]\n");
        return 2;
    }
    return send_one((const char *const[]){"host", "localhost", "port", argv[1], "tls",
                                          implicit ? "implicit" : "starttls", "ca_file", argv[2],
                                          "user", argv[3], "password", argv[4], "from",
                                          "ackwatch@node.example", "from_name", "看门 Ackwatch",
                                          NULL},
                    argv[5], argc == 7 ? strtol(argv[6], NULL, 10) : 10000);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The conversation: a table of verbs over lines that come in clear or through TLS.
 */
#include "sim/smtp_session.h"

#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/mail.h"

#define LINE_MAX_BYTES 4096
#define MAIL_MAX       ((size_t)1 << 20)
#define RECIPIENTS     100
#define ERRORS_MAX     20
#define SLOW_MS        3000
#define HANG_MS        (10 * 60 * 1000)

enum end { GO_ON, CLOSE };

struct session {
    const struct aw_sim_smtp_options *opt;
    int fd;
    SSL *ssl; /* NULL before STARTTLS */
    char in[LINE_MAX_BYTES];
    size_t n_in;
    bool greeted, authenticated, mail_open;
    unsigned errors;
    char *rcpts[RECIPIENTS];
    unsigned n_rcpts;
    enum aw_sim_fault fault; /* of the present transaction */
};

/* --- bytes and lines ---------------------------------------------------------------------- */

static bool put(struct session *s, const char *text, size_t n)
{
    if (s->ssl)
        return SSL_write(s->ssl, text, (int)n) > 0;
    while (n) {
        ssize_t sent = send(s->fd, text, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        text += sent;
        n -= (size_t)sent;
    }
    return true;
}

/* One reply in one write: two would wait for each other (Nagle). */
static enum end say(struct session *s, const char *text)
{
    struct aw_buf line = AW_BUF_INIT(1024);
    s->errors += text[0] == '5';
    aw_buf_printf(&line, "%s\r\n", text);
    bool ok = put(s, aw_buf_str(&line), line.n);
    aw_buf_free(&line);
    return ok ? GO_ON : CLOSE;
}

static bool fill(struct session *s)
{
    if (s->n_in == sizeof(s->in))
        return false;
    size_t room = sizeof(s->in) - s->n_in;
    ssize_t n = s->ssl ? SSL_read(s->ssl, s->in + s->n_in, (int)room)
                       : recv(s->fd, s->in + s->n_in, room, 0);
    if (n <= 0)
        return false;
    s->n_in += (size_t)n;
    return true;
}

/* A line without its end, NUL-terminated; false at the end, and for lines that are too long. */
static bool get_line(struct session *s, char line[LINE_MAX_BYTES], size_t *ret_n)
{
    char *lf;
    while (!(lf = memchr(s->in, '\n', s->n_in)))
        if (!fill(s))
            return false;
    size_t n = (size_t)(lf - s->in), used = n + 1;
    if (n && s->in[n - 1] == '\r')
        n--;
    memcpy(line, s->in, n);
    line[n] = 0;
    *ret_n = n;
    memmove(s->in, s->in + used, s->n_in - used);
    s->n_in -= used;
    return true;
}

/* Waits, at most ms, but not longer than the connection lives. */
static void linger(struct session *s, int ms)
{
    struct pollfd fd = {.fd = s->fd, .events = POLLRDHUP};
    poll(&fd, 1, ms);
}

/* --- a transaction ------------------------------------------------------------------------ */

static void close_mail(struct session *s)
{
    for (unsigned i = 0; i < s->n_rcpts; i++)
        aw_free(s->rcpts[i]);
    s->n_rcpts = 0;
    if (!s->mail_open)
        return;
    s->mail_open = false;
    aw_sim_lock(s->opt->sim);
    s->opt->sim->mails--;
    aw_sim_unlock(s->opt->sim);
}

/* The address of "FROM:<a@b> ..." or "TO:<a@b> ..."; false when it is not of that form. */
static bool read_path(const char *arg, const char *word, char *dst, size_t cap)
{
    size_t n = strlen(word);
    if (strncasecmp(arg, word, n) != 0)
        return false;
    arg += n + strspn(arg + n, " ");
    const char *end = *arg == '<' ? strchr(arg, '>') : NULL;
    if (!end || (size_t)(end - arg) > cap)
        return false;
    n = (size_t)(end - arg) - 1;
    memcpy(dst, arg + 1, n);
    dst[n] = 0;
    return aw_utf8_clean(dst, n, false);
}

static enum end do_mail(struct session *s, const char *arg)
{
    char from[255];
    if (!s->ssl)
        return say(s, "530 5.7.0 Must issue a STARTTLS command first");
    if (!s->authenticated)
        return say(s, "530 5.7.0 Authentication required");
    if (s->mail_open)
        return say(s, "503 5.5.1 one mail at a time");
    if (!read_path(arg, "FROM:", from, sizeof(from)))
        return say(s, "501 5.1.7 MAIL FROM:<address>");
    aw_sim_lock(s->opt->sim);
    s->fault = aw_sim_fault_take(&s->opt->sim->faults, AW_SIM_PART_SMTP);
    if (s->fault)
        aw_sim_note(s->opt->sim, "fault", NULL,
                    json_pack("{s:s, s:s}", "of", "smtp", "kind", aw_sim_fault_names[s->fault]));
    s->opt->sim->mails++;
    aw_sim_unlock(s->opt->sim);
    s->mail_open = true;
    if (s->fault == AW_SIM_FAULT_RESET)
        return CLOSE;
    if (s->fault == AW_SIM_FAULT_429) {
        say(s, "421 4.7.0 too many mails, try later");
        return CLOSE;
    }
    return say(s, "250 2.1.0 ok");
}

/* A refusal by address, or NULL. */
static const char *personality(struct aw_sim *sim, const char *to)
{
    if (aw_starts(to, "bounce@"))
        return "550 5.1.1 no such mailbox";
    if (!aw_starts(to, "slow@") || sim->slow_seen)
        return NULL;
    sim->slow_seen = true;
    return "450 4.2.0 greylisted, try again";
}

static enum end do_rcpt(struct session *s, const char *arg)
{
    char to[255];
    struct aw_sim *sim = s->opt->sim;
    if (!s->mail_open)
        return say(s, "503 5.5.1 MAIL first");
    if (s->n_rcpts == RECIPIENTS)
        return say(s, "452 4.5.3 too many recipients");
    if (!read_path(arg, "TO:", to, sizeof(to)) || !strchr(to, '@'))
        return say(s, "501 5.1.3 RCPT TO:<address>");
    aw_sim_lock(sim);
    const struct aw_sim_person *who = aw_sim_people_find(sim->people, AW_SIM_EMAIL, to);
    const char *no = s->fault == AW_SIM_FAULT_FULL_THEN_OK ? "452 4.3.1 Insufficient system storage"
                                                           : personality(sim, to);
    if (no)
        aw_sim_note(
            sim, "refused", who ? who->user : NULL,
            json_pack("{s:s, s:s, s:o}", "of", "mail", "to", to, "reply", json_stringn(no, 3)));
    aw_sim_unlock(sim);
    if (no)
        return say(s, no);
    s->rcpts[s->n_rcpts++] = aw_strdup(to);
    return say(s, "250 2.1.5 ok");
}

static void record_mail(struct session *s, const struct aw_buf *raw)
{
    struct aw_sim *sim = s->opt->sim;
    struct aw_sim_mail mail;
    aw_sim_mail_parse(aw_buf_str(raw), raw->n, &mail);
    aw_sim_lock(sim);
    for (unsigned i = 0; i < s->n_rcpts; i++) {
        const char *to = s->rcpts[i];
        const struct aw_sim_person *who = aw_sim_people_find(sim->people, AW_SIM_EMAIL, to);
        aw_sim_note(sim, "mail", who ? who->user : NULL,
                    json_pack("{s:s, s:o, s:o, s:o}", "to", to, "subject",
                              aw_sim_text(aw_buf_str(&mail.subject), mail.subject.n), "message_id",
                              aw_sim_text(aw_buf_str(&mail.message_id), mail.message_id.n), "text",
                              aw_sim_text(aw_buf_str(&mail.text), mail.text.n)));
    }
    aw_sim_unlock(sim);
    aw_sim_mail_free(&mail);
}

/* Reads up to the line with a dot; false when the peer went away. */
static bool read_mail(struct session *s, struct aw_buf *raw)
{
    char line[LINE_MAX_BYTES];
    size_t n;
    while (get_line(s, line, &n)) {
        if (n == 1 && line[0] == '.')
            return true;
        size_t stuffed = n > 0 && line[0] == '.';
        aw_buf_add(raw, line + stuffed, n - stuffed);
        aw_buf_add(raw, "\r\n", 2);
    }
    return false;
}

static enum end answer_mail(struct session *s, const struct aw_buf *raw)
{
    switch (s->fault) {
    case AW_SIM_FAULT_HTTP500:
        return say(s, "451 4.3.0 internal error");
    case AW_SIM_FAULT_HTML:
        return say(s, "<html>502 Bad Gateway</html>");
    case AW_SIM_FAULT_HANG:
        linger(s, HANG_MS);
        return CLOSE;
    case AW_SIM_FAULT_SLOW:
        linger(s, SLOW_MS);
        break;
    default:
        break;
    }
    if (raw->over)
        return say(s, "552 5.3.4 the mail is too large");
    record_mail(s, raw);
    return s->fault == AW_SIM_FAULT_DROP_AFTER ? CLOSE : say(s, "250 2.0.0 ok: queued");
}

static enum end do_data(struct session *s, const char *arg)
{
    if (s->n_rcpts == 0)
        return say(s, "503 5.5.1 RCPT first");
    if (say(s, "354 end with a line with a dot") == CLOSE)
        return CLOSE;
    struct aw_buf raw = AW_BUF_INIT(MAIL_MAX);
    enum end end = read_mail(s, &raw) ? answer_mail(s, &raw) : CLOSE;
    aw_buf_free(&raw);
    close_mail(s);
    return end;
}

/* --- the other verbs ---------------------------------------------------------------------- */

static enum end do_ehlo(struct session *s, const char *arg)
{
    close_mail(s);
    s->greeted = true;
    return say(s, s->ssl ? "250-ackwatch-sim\r\n250-AUTH PLAIN LOGIN\r\n250-8BITMIME\r\n"
                           "250-ENHANCEDSTATUSCODES\r\n250 SIZE 1048576"
                         : "250-ackwatch-sim\r\n250-STARTTLS\r\n250-8BITMIME\r\n"
                           "250-ENHANCEDSTATUSCODES\r\n250 SIZE 1048576");
}

static enum end do_helo(struct session *s, const char *arg)
{
    close_mail(s);
    s->greeted = true;
    return say(s, "250 ackwatch-sim");
}

static enum end do_starttls(struct session *s, const char *arg)
{
    if (s->ssl)
        return say(s, "503 5.5.1 TLS is on");
    if (say(s, "220 2.0.0 go ahead") == CLOSE)
        return CLOSE;
    s->n_in = 0; /* what was sent ahead in clear never counts */
    s->greeted = false;
    s->ssl = SSL_new(s->opt->tls);
    return s->ssl && SSL_set_fd(s->ssl, s->fd) == 1 && SSL_accept(s->ssl) == 1 ? GO_ON : CLOSE;
}

/* Base64 of a line from the client; false: not base64. */
static bool decode(const char *text, char dst[LINE_MAX_BYTES], size_t *ret_n)
{
    if (aw_unb64(dst, LINE_MAX_BYTES - 1, text, strlen(text), ret_n) != 0)
        return false;
    dst[*ret_n] = 0;
    return true;
}

/* "authorization NUL user NUL password" */
static bool plain_ok(const struct session *s, const char *text)
{
    char raw[LINE_MAX_BYTES];
    size_t n;
    if (!decode(text, raw, &n))
        return false;
    const char *user = memchr(raw, 0, n);
    const char *password = user ? memchr(user + 1, 0, n - (size_t)(user + 1 - raw)) : NULL;
    return password && aw_streq(password + 1, s->opt->password);
}

static bool ask(struct session *s, const char *challenge, char answer[LINE_MAX_BYTES])
{
    size_t n;
    return say(s, challenge) == GO_ON && get_line(s, answer, &n);
}

static enum end do_auth(struct session *s, const char *arg)
{
    char line[LINE_MAX_BYTES] = "", raw[LINE_MAX_BYTES];
    size_t n;
    bool ok = false;
    if (!s->ssl)
        return say(s, "538 5.7.11 Encryption required");
    if (s->authenticated)
        return say(s, "503 5.5.1 you are known");
    if (strncasecmp(arg, "PLAIN", 5) == 0) {
        const char *initial = arg + 5 + strspn(arg + 5, " ");
        if (!*initial && !ask(s, "334 ", line))
            return CLOSE;
        ok = plain_ok(s, *initial ? initial : line);
    } else if (strncasecmp(arg, "LOGIN", 5) == 0) {
        bool has_user = arg[5 + strspn(arg + 5, " ")];
        if ((!has_user && !ask(s, "334 VXNlcm5hbWU6", line)) || !ask(s, "334 UGFzc3dvcmQ6", line))
            return CLOSE;
        ok = decode(line, raw, &n) && aw_streq(raw, s->opt->password);
    } else {
        return say(s, "504 5.5.4 PLAIN or LOGIN");
    }
    s->authenticated = ok;
    return say(s, ok ? "235 2.7.0 welcome" : "535 5.7.8 wrong password");
}

static enum end do_rset(struct session *s, const char *arg)
{
    close_mail(s);
    return say(s, "250 2.0.0 ok");
}

static enum end do_noop(struct session *s, const char *arg)
{
    return say(s, "250 2.0.0 ok");
}

static enum end do_quit(struct session *s, const char *arg)
{
    say(s, "221 2.0.0 bye");
    if (s->ssl)
        SSL_shutdown(s->ssl);
    return CLOSE;
}

static const struct {
    const char *verb;
    bool any_time; /* also before EHLO */
    enum end (*run)(struct session *s, const char *arg);
} verbs[] = {
    {"EHLO", true, do_ehlo},          {"HELO", true, do_helo},  {"QUIT", true, do_quit},
    {"NOOP", true, do_noop},          {"RSET", true, do_rset},  {"AUTH", false, do_auth},
    {"STARTTLS", false, do_starttls}, {"MAIL", false, do_mail}, {"RCPT", false, do_rcpt},
    {"DATA", false, do_data},
};

static enum end run_line(struct session *s, const char *line)
{
    for (unsigned i = 0; i < AW_COUNT(verbs); i++) {
        size_t n = strlen(verbs[i].verb);
        if (strncasecmp(line, verbs[i].verb, n) != 0 || (line[n] && line[n] != ' '))
            continue;
        if (!s->greeted && !verbs[i].any_time)
            return say(s, "503 5.5.1 EHLO first");
        return verbs[i].run(s, line[n] ? line + n + 1 : "");
    }
    return say(s, "500 5.5.2 unknown command");
}

void aw_sim_smtp_talk(const struct aw_sim_smtp_options *opt, int fd)
{
    struct session s = {.opt = opt, .fd = fd};
    char line[LINE_MAX_BYTES];
    size_t n;
    enum end end = say(&s, "220 ackwatch-sim ESMTP");
    while (end == GO_ON && get_line(&s, line, &n)) {
        end = run_line(&s, line);
        if (end == GO_ON && s.errors >= ERRORS_MAX) {
            say(&s, "421 4.7.0 too many errors");
            end = CLOSE;
        }
    }
    close_mail(&s);
    SSL_free(s.ssl);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The operational log: one logfmt line per fact on stderr (journald reads <n> prefixes). Not the
 * audit log. Values are escaped, secrets and addresses never passed in. Only daemon/, sim/ and ctl/
 * log above debug. Any thread; a line is one write(2). A class of line that repeats more than
 * 10 times in 10 s is counted and summed up in one line "suppressed=n".
 */
#ifndef AW_BASE_LOG_H
#define AW_BASE_LOG_H

enum aw_log_level { AW_LOG_ERR = 3, AW_LOG_WARN = 4, AW_LOG_INFO = 6, AW_LOG_DEBUG = 7 };

void aw_log_init(enum aw_log_level max, int journal /* prefix lines with <n> */);

/* aw_log(AW_LOG_INFO, "listen", "address=%s port=%u", a, p): the class comes first, the format
 * yields logfmt pairs. Control bytes and invalid UTF-8 in the result are escaped. */
void aw_log(enum aw_log_level level, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif

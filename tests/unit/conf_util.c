/* SPDX-License-Identifier: Apache-2.0 */
#include "conf_util.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static char paths[128][256];
static unsigned n_paths;

const char *conf_dir(void)
{
    if (dir[0] == '\0') {
        snprintf(dir, sizeof(dir), "/tmp/aw-conf-XXXXXX");
        if (mkdtemp(dir) == NULL)
            abort();
    }
    return dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

void conf_dir_remove(void)
{
    if (dir[0] != '\0')
        nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    dir[0] = '\0';
    n_paths = 0;
}

const char *conf_file(const char *name, const char *text)
{
    if (n_paths == 128)
        abort();
    char *path = paths[n_paths++];
    const char *slash = strrchr(name, '/');
    if (slash != NULL) {
        snprintf(path, sizeof(paths[0]), "%s/%.*s", conf_dir(), (int)(slash - name), name);
        mkdir(path, 0700);
    }
    snprintf(path, sizeof(paths[0]), "%s/%s", conf_dir(), name);
    FILE *f = fopen(path, "w");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
    return path;
}

const char *conf_print(struct aw_diag *d)
{
    static char text[65536];
    struct aw_buf b = AW_BUF_INIT(sizeof(text) - 1);
    aw_diag_print(d, &b);
    snprintf(text, sizeof(text), "%s", aw_buf_str(&b));
    aw_buf_free(&b);
    aw_diag_free(d);
    return text;
}

/* Lines "FILE:6:13: error E104: ..." or "FILE: error E100: ..." of the printed form. */
const char *conf_codes(struct aw_diag *d)
{
    static char codes[8192];
    const char *p = conf_print(d);
    size_t n = 0;
    codes[0] = '\0';
    while (*p != '\0') {
        const char *end = strchr(p, '\n');
        const char *word = strstr(p, ": error ");
        const char *warn = strstr(p, ": warning ");
        if (word == NULL || (warn != NULL && warn < word))
            word = warn;
        if (*p != ' ' && word != NULL && word < end) {
            const char *place = word;
            for (unsigned colons = 0; place > p; place--) {
                if (place[-1] == ':' && ++colons == 2)
                    break;
                if (place[-1] != ':' && (place[-1] < '0' || place[-1] > '9')) {
                    place = word;
                    break;
                }
            }
            const char *code = strchr(word + 2, ' ') + 1;
            n += (size_t)snprintf(codes + n, sizeof(codes) - n, "%s%.*s%s%.4s", n > 0 ? ", " : "",
                                  (int)(word - place), place, word > place ? " " : "", code);
        }
        p = end + 1;
    }
    return codes;
}

struct conf_marked conf_unmark(const char *marked, const char *codes)
{
    static char text[16384], places[1024];
    size_t n = 0, k = 0;
    unsigned line = 1, col = 1;
    for (const char *p = marked; *p != '\0'; p++) {
        if (*p == '^') {
            k += (size_t)snprintf(places + k, sizeof(places) - k, "%s%u:%u %.4s", k > 0 ? ", " : "",
                                  line, col, codes);
            codes += codes[4] == ' ' ? 5 : 4;
            continue;
        }
        text[n++] = *p;
        col += ((unsigned char)*p & 0xc0) != 0x80;
        if (*p == '\n') {
            line++;
            col = 1;
        }
        if (n == sizeof(text) - 1 || k >= sizeof(places))
            abort();
    }
    text[n] = '\0';
    if (*codes != '\0') /* as many marks as codes */
        abort();
    return (struct conf_marked){text, places};
}

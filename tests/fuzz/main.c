/* SPDX-License-Identifier: Apache-2.0
 *
 * Replays a corpus through a fuzz target: every file of the directory named by the program's own
 * name (fuzz_json -> corpus/json) or by the first argument. One TAP line a file. A target that
 * finds a fault ends the process by a signal or a sanitizer, and then the plan is not met.
 */
#include <dirent.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static int replay(const char *dir)
{
    struct dirent **list;
    int n = scandir(dir, &list, visible, alphasort);

    if (n <= 0) {
        fprintf(stderr, "no corpus at %s\n", dir);
        return 1;
    }
    printf("1..%d\n", n);
    for (int i = 0; i < n; i++) {
        char path[4096 + 260];
        char *bytes;
        size_t size;
        struct aw_err err;

        snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
        if (aw_file_read(path, 1 << 22, &bytes, &size, &err)) {
            printf("not ok %d - %s: %s\n", i + 1, list[i]->d_name, err.text);
        } else {
            uint8_t *exact = malloc(size ? size : 1); /* so that a byte too far is seen */

            if (!exact)
                abort();
            memcpy(exact, bytes, size);
            LLVMFuzzerTestOneInput(exact, size);
            free(exact);
            aw_free(bytes);
            printf("ok %d - %s\n", i + 1, list[i]->d_name);
        }
        fflush(stdout);
        free(list[i]);
    }
    free(list);
    return 0;
}

int main(int argc, char **argv)
{
    const char *top = getenv("top_srcdir"), *name = strrchr(argv[0], '/');
    char dir[4096];

    name = name ? name + 1 : argv[0];
    if (strncmp(name, "lt-", 3) == 0)
        name += 3;
    if (strncmp(name, "fuzz_", 5) == 0)
        name += 5;
    snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", top ? top : ".", name);
    return replay(argc > 1 ? argv[1] : dir);
}

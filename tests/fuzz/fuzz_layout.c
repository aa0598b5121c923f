/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes laid out: refused with a reason, or a file that lays out to itself.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "conf/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    char *text = aw_calloc(1, n + 1);
    if (n > 0)
        memcpy(text, p, n);
    struct aw_diag diag;
    struct aw_buf once = AW_BUF_INIT(4 << 20), twice = AW_BUF_INIT(4 << 20);
    struct aw_source_file f = {"fuzz.yaml", text, n};
    aw_diag_init(&diag);
    int e = aw_layout(&f, &once, &diag);
    assert((e == 0) == (diag.n_errors == 0));
    if (e == 0) {
        struct aw_source_file again = {"fuzz.yaml", aw_buf_str(&once), once.n};
        assert(aw_layout(&again, &twice, &diag) == 0);
        assert(strcmp(aw_buf_str(&once), aw_buf_str(&twice)) == 0);
    }
    aw_buf_free(&once);
    aw_buf_free(&twice);
    aw_diag_free(&diag);
    aw_free(text);
    return 0;
}

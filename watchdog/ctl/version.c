/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch version`.
 */
#include "ctl/cmd.h"

static int exec(struct aw_ctl *ctl)
{
    if (ctl->out.json) {
        json_t *v = json_pack("{s:s}", "version", PACKAGE_VERSION);
        aw_out_json(&ctl->out, v);
        json_decref(v);
    } else {
        fprintf(ctl->out.f, "ackwatch " PACKAGE_VERSION "\n");
    }
    return AW_EXIT_DONE;
}

const struct aw_cmd_entry aw_cmd_version = {
    .noun = "version",
    .summary = "version of this program",
    .exec = exec,
};

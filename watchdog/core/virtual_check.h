/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the events of a virtual run fit its rule and registration.
 */
#ifndef AW_CORE_VIRTUAL_CHECK_H
#define AW_CORE_VIRTUAL_CHECK_H

#include "core/virtual.h"

/* AW_EINVAL with what is wrong: the rule cannot take the message, or an event names what is not
 * there. What somebody else among the people reports is fine, though it may prove nothing. */
int aw_v_check(const struct aw_virtual_input *in, struct aw_err *err);

#endif

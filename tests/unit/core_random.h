/* SPDX-License-Identifier: Apache-2.0
 *
 * Random rules in random worlds, for the property tests of core/. Times are multiples of five
 * minutes, so that many things fall on one instant.
 */
#ifndef AW_TESTS_UNIT_CORE_RANDOM_H
#define AW_TESTS_UNIT_CORE_RANDOM_H

#include "core_world.h"
#include "lib/dice.h"

void random_world(struct world_run *x, struct dice *d);
aw_ms random_instant(struct dice *d);          /* within an hour */
enum aw_level random_low_rung(struct dice *d); /* mostly low: histories live for a while */

#endif

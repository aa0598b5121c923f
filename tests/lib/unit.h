/* SPDX-License-Identifier: Apache-2.0
 *
 * cmocka with the headers that it wants before it.
 */
#ifndef AW_TESTS_UNIT_H
#define AW_TESTS_UNIT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#endif

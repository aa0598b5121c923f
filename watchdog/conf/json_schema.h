/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON Schema (draft-07) of the files that people write, made from the tables that read them
 * (conf/schema.h), so that an editor completes and explains what the parser takes. What needs more
 * than a type is said by a form (json_forms.c); a test finds keys without one.
 */
#ifndef AW_CONF_JSON_SCHEMA_H
#define AW_CONF_JSON_SCHEMA_H

#include <jansson.h>

#include "base/text.h"
#include "conf/schema.h"

/* "rules", "tests", "env", "templates"; NULL ends. */
extern const char *const aw_json_schema_names[];

/* The schema of a file, with descriptions in this language; NULL when there is none such. */
json_t *aw_json_schema(const char *name, enum aw_lang lang);

/* The form of a key that its type does not say, as JSON text; NULL when it has none. {"$use": X} in
 * it stands for: "text", "name", "duration", "lang", "words" (those of the key), "child" (the key's
 * shape), "members" (the same, nothing required). */
const char *aw_json_form(const char *shape, const char *key);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The API: route table (routes.c: one row per route), auth, handlers. Handlers parse into a
 * command, hand it to the core thread and format the reply after the commit; reads go through
 * env->reading.
 */
#ifndef AW_HTTP_HTTP_H
#define AW_HTTP_HTTP_H

#include "core/ports.h"
#include "net/server.h"

struct aw_api;

/* env is copied; what it points to must outlive the api. */
struct aw_api *aw_api_new(const struct aw_http_env *env);
void aw_api_free(struct aw_api *api);

/* For aw_http_server_options. ctx is the api; listener is (void *)(uintptr_t)faces (enum below). */
void aw_api_handle(void *ctx, struct aw_http_request *rq, const struct aw_http_view *view);
size_t aw_api_limit(void *ctx, const struct aw_http_view *view, int *ret_status);
void aw_api_problem(void *ctx, int status, const char *why, struct aw_buf *out,
                    const char **ret_type);

enum { AW_API_PUBLIC = 1, AW_API_V1 = 2, AW_API_OPS = 4 };

#endif

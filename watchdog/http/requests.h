/* SPDX-License-Identifier: Apache-2.0
 *
 * The newest requests, for operators who ask what a client really sent: a ring in memory, gone with
 * the process. It holds the route, never the path: paths hold user ids and tokens. No bodies, no
 * peers. Any thread.
 */
#ifndef AW_HTTP_REQUESTS_H
#define AW_HTTP_REQUESTS_H

struct aw_api;
struct aw_call;
struct aw_requests;

struct aw_requests *aw_requests_new(void);
void aw_requests_free(struct aw_requests *r);

/* A call that ends with this status; problem: code of the refusal, or NULL. */
void aw_requests_note(struct aw_call *call, int status, const char *problem);
/* A request that the server refused before it was a call. */
void aw_requests_note_refused(struct aw_api *api, int status, const char *problem,
                              const char *request_id);

#endif

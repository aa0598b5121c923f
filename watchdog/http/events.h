/* SPDX-License-Identifier: Apache-2.0
 *
 * The hub of GET /v1/events: the poller that wakes its streams. Belongs to the api; all streams
 * must be gone when it is freed, which freeing the server sees to.
 */
#ifndef AW_HTTP_EVENTS_H
#define AW_HTTP_EVENTS_H

struct aw_api;
struct aw_hub;

struct aw_hub *aw_hub_new(struct aw_api *api);
void aw_hub_free(struct aw_hub *hub);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Receipts and replies that the simulator sends: forms posted with libcurl by one thread, one at a
 * time and in order. A receiver that does not answer 2xx is asked again after 10 s of simulated
 * time, 5 times in all. At most 100,000 wait.
 */
#ifndef AW_SIM_POSTER_H
#define AW_SIM_POSTER_H

#include "sim/sim.h"

/* One allocation: the texts stand behind the structure. */
struct aw_sim_post {
    struct aw_sim_post *next;
    unsigned tries;
    const char *url;   /* "": nobody wants to know, it is only recorded */
    const char *form;  /* a=b&c=d */
    const char *basic; /* of the account, base64: then form is JSON; NULL. Not copied */
    const char *what, *user, *more; /* how it is recorded; more: JSON object */
};

struct aw_sim_poster *aw_sim_poster_start(struct aw_sim *sim);
void aw_sim_poster_free(struct aw_sim_poster *p);

/* Copies the texts, which may be NULL but for form and what. Takes more over. */
struct aw_sim_post *aw_sim_post_new(const char *url, const char *form, const char *what,
                                    const char *user, json_t *more);
/* Under the lock, an aw_sim_fire: sends a struct aw_sim_post (taken over) now. */
void aw_sim_poster_send(void *sim, void *post);
/* Under the lock. */
bool aw_sim_poster_busy(const struct aw_sim *sim);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /metrics in Prometheus' text format. Labels are bounded: words of ours, and the names of
 * channels in the environment file; never an id, a user or an address. Reads counters; any thread.
 */
#include "daemon/metrics.h"

#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "core/engine.h"

static void metric(struct aw_buf *out, const char *name, const char *type, const char *help)
{
    aw_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* The value of a metric whose head was written last. */
static void value(struct aw_buf *out, const char *name, long long v)
{
    aw_buf_printf(out, "%s %lld\n", name, v);
}

static void seconds(struct aw_buf *out, const char *name, int64_t ms)
{
    aw_buf_printf(out, "%s %.3f\n", name, (double)ms / 1000);
}

/* --- what the core counted -------------------------------------------------------------------- */

static void put_counts(struct aw_buf *out, const struct aw_stats *st)
{
    metric(out, "ackwatch_messages_registered_total", "counter", "Messages registered.");
    value(out, "ackwatch_messages_registered_total", st->registered);
    metric(out, "ackwatch_registrations_replayed_total", "counter",
           "Registrations repeated under their key and answered as before.");
    value(out, "ackwatch_registrations_replayed_total", st->replayed);
    metric(out, "ackwatch_registrations_refused_total", "counter", "Registrations refused.");
    value(out, "ackwatch_registrations_refused_total", st->refused);
    metric(out, "ackwatch_acks_total", "counter", "Acknowledgements taken.");
    value(out, "ackwatch_acks_total", st->acks);
    metric(out, "ackwatch_session_reports_total", "counter",
           "Logins and logouts that were reported.");
    value(out, "ackwatch_session_reports_total", st->sessions);
    metric(out, "ackwatch_replies_total", "counter", "Replies to texts.");
    value(out, "ackwatch_replies_total", st->replies);
    metric(out, "ackwatch_receipts_total", "counter",
           "Receipts taken: callbacks, and attempts in answers to questions.");
    value(out, "ackwatch_receipts_total", st->receipts);
    metric(out, "ackwatch_receipts_early_total", "counter",
           "Receipts of ids that were not known when they came.");
    value(out, "ackwatch_receipts_early_total", st->orphans);
    metric(out, "ackwatch_questions_total", "counter", "Questions to providers about receipts.");
    value(out, "ackwatch_questions_total", st->queries);
    metric(out, "ackwatch_auth_failures_total", "counter", "Requests without a valid token.");
    value(out, "ackwatch_auth_failures_total", st->auth_failures);
    metric(out, "ackwatch_rows_pruned_total", "counter", "Rows that outlived their retention.");
    value(out, "ackwatch_rows_pruned_total", st->pruned);
}

static void put_timelines(struct aw_buf *out, const struct aw_stats *st, aw_ms lag)
{
    metric(out, "ackwatch_timelines_open", "gauge", "Timelines not yet ended.");
    value(out, "ackwatch_timelines_open", st->open);
    metric(out, "ackwatch_timelines_ended_total", "counter", "Timelines ended, by state.");
    for (int i = AW_CONFIRMED; i < AW_N_STATES; i++)
        aw_buf_printf(out, "ackwatch_timelines_ended_total{state=\"%s\"} %ld\n", aw_state_name(i),
                      st->ended[i]);
    metric(out, "ackwatch_lag_seconds", "gauge", "Lateness of the oldest due step.");
    seconds(out, "ackwatch_lag_seconds", lag);
}

static void put_sends(struct aw_buf *out, const struct aw_stats *st)
{
    metric(out, "ackwatch_sends_total", "counter", "Sends claimed, by kind.");
    for (int i = 0; i < AW_N_KINDS; i++)
        aw_buf_printf(out, "ackwatch_sends_total{kind=\"%s\"} %ld\n", aw_kind_name(i),
                      st->sends[i]);
    metric(out, "ackwatch_deferred_total", "counter", "Firings and tries put off, by reason.");
    for (unsigned i = 0; i < AW_N_WHYS; i++)
        if (aw_why_defers(i))
            aw_buf_printf(out, "ackwatch_deferred_total{why=\"%s\"} %ld\n", aw_why_name(i),
                          st->deferred[i]);
    metric(out, "ackwatch_digested_total", "counter",
           "Firings that a digest carried along with another one.");
    value(out, "ackwatch_digested_total", st->carried);
    metric(out, "ackwatch_storms", "gauge", "Buckets of the storm brake that hold firings back.");
    value(out, "ackwatch_storms", st->storms);
    metric(out, "ackwatch_outcomes_total", "counter", "Outcomes of sends.");
    for (int i = AW_OUT_ACCEPTED; i < AW_N_OUTCOMES; i++)
        aw_buf_printf(out, "ackwatch_outcomes_total{outcome=\"%s\"} %ld\n", aw_outcome_name(i),
                      st->outcomes[i]);
    metric(out, "ackwatch_channel_outcomes_total", "counter", "Outcomes of sends, by channel.");
    for (unsigned i = 0; i < st->n_channels; i++)
        for (int o = AW_OUT_ACCEPTED; o < AW_N_OUTCOMES; o++)
            aw_buf_printf(out,
                          "ackwatch_channel_outcomes_total{channel=\"%s\",outcome=\"%s\"} %ld\n",
                          st->channels[i].name, aw_outcome_name(o), st->channels[i].outcomes[o]);
    metric(out, "ackwatch_channel_delivered_total", "counter",
           "Attempts that receipts proved to be delivered, or more, by channel.");
    for (unsigned i = 0; i < st->n_channels; i++)
        aw_buf_printf(out, "ackwatch_channel_delivered_total{channel=\"%s\"} %ld\n",
                      st->channels[i].name, st->channels[i].receipts);
    metric(out, "ackwatch_channel_up", "gauge",
           "1 when the channel can be sent to: not paused, not stopped, breaker closed.");
    for (unsigned i = 0; i < st->n_channels; i++)
        aw_buf_printf(out, "ackwatch_channel_up{channel=\"%s\"} %d\n", st->channels[i].name,
                      !st->channels[i].paused && !st->channels[i].stopped &&
                          !st->channels[i].breaker);
    metric(out, "ackwatch_channel_places", "gauge", "Requests that may be under way at one time.");
    for (unsigned i = 0; i < st->n_channels; i++)
        aw_buf_printf(out, "ackwatch_channel_places{channel=\"%s\"} %u\n", st->channels[i].name,
                      st->channels[i].places);
    metric(out, "ackwatch_channel_claimed", "gauge", "Sends claimed and not yet answered.");
    for (unsigned i = 0; i < st->n_channels; i++)
        aw_buf_printf(out, "ackwatch_channel_claimed{channel=\"%s\"} %u\n", st->channels[i].name,
                      st->channels[i].claimed);
    metric(out, "ackwatch_channel_silent", "gauge",
           "1 when a channel that used to send receipts does not any more.");
    for (unsigned i = 0; i < st->n_channels; i++)
        aw_buf_printf(out, "ackwatch_channel_silent{channel=\"%s\"} %d\n", st->channels[i].name,
                      st->channels[i].silent);
}

static void put_callbacks(struct aw_buf *out, const struct aw_stats *st)
{
    metric(out, "ackwatch_callbacks_total", "counter",
           "Callbacks to applications that are over, by how they ended.");
    for (int i = AW_DELIVERY_DELIVERED; i < AW_N_DELIVERY_STATES; i++)
        aw_buf_printf(out, "ackwatch_callbacks_total{state=\"%s\"} %ld\n", aw_delivery_states[i],
                      st->deliveries[i]);
    metric(out, "ackwatch_callback_tries_failed_total", "counter",
           "Tries of callbacks that did not get through.");
    value(out, "ackwatch_callback_tries_failed_total", st->delivery_tries_failed);
    metric(out, "ackwatch_callbacks_waiting", "gauge", "Callbacks not yet taken.");
    value(out, "ackwatch_callbacks_waiting", st->deliveries_waiting);
}

/* --- the machine ------------------------------------------------------------------------------ */

static void put_commits(struct aw_buf *out, const struct aw_histogram *h)
{
    static const int64_t bounds[] = AW_BUCKETS_US;
    long n = 0;

    metric(out, "ackwatch_commit_seconds", "histogram", "How long commits took.");
    for (unsigned i = 0; i < AW_N_BUCKETS - 1; i++) {
        n += h->bucket[i];
        aw_buf_printf(out, "ackwatch_commit_seconds_bucket{le=\"%g\"} %ld\n",
                      (double)bounds[i] / 1000000, n);
    }
    n += h->bucket[AW_N_BUCKETS - 1];
    aw_buf_printf(out, "ackwatch_commit_seconds_bucket{le=\"+Inf\"} %ld\n", n);
    aw_buf_printf(out, "ackwatch_commit_seconds_sum %.6f\n", (double)h->sum_us / 1000000);
    aw_buf_printf(out, "ackwatch_commit_seconds_count %ld\n", n);
}

static long long size_of(const char *path, const char *suffix)
{
    struct aw_buf b = AW_BUF_INIT(8192);
    struct stat st;

    aw_buf_printf(&b, "%s%s", path, suffix);
    bool there = stat(aw_buf_str(&b), &st) == 0;
    aw_buf_free(&b);
    return there ? (long long)st.st_size : 0;
}

static void put_machine(struct aw_buf *out, const struct aw_stats *st, const char *store)
{
    metric(out, "ackwatch_turns_total", "counter", "Turns of the core loop.");
    value(out, "ackwatch_turns_total", st->turns);
    put_commits(out, &st->commits);
    metric(out, "ackwatch_commands_pending", "gauge",
           "Requests and answers the core has not done.");
    value(out, "ackwatch_commands_pending", st->pending);
    metric(out, "ackwatch_log_entries", "gauge", "Entries of the log.");
    value(out, "ackwatch_log_entries", st->entries);
    metric(out, "ackwatch_store_bytes", "gauge", "Size of the database file.");
    value(out, "ackwatch_store_bytes", size_of(store, ""));
    metric(out, "ackwatch_wal_bytes", "gauge", "Size of the write-ahead log.");
    value(out, "ackwatch_wal_bytes", size_of(store, "-wal"));
    metric(out, "ackwatch_disk_full", "gauge",
           "1 while registrations are refused for want of room.");
    value(out, "ackwatch_disk_full", st->disk_full);
    metric(out, "ackwatch_clock_steps_total", "counter", "How often the clock was set.");
    value(out, "ackwatch_clock_steps_total", st->steps);
    metric(out, "ackwatch_downtime_seconds_total", "counter",
           "Downtimes recorded by this process: before its start, stalls and suspends since.");
    seconds(out, "ackwatch_downtime_seconds_total", st->down_ms);
    metric(out, "ackwatch_heartbeats_total", "counter", "Heartbeats to the outside, by result.");
    aw_buf_printf(out, "ackwatch_heartbeats_total{result=\"taken\"} %ld\n", st->beats);
    aw_buf_printf(out, "ackwatch_heartbeats_total{result=\"lost\"} %ld\n", st->beats_lost);
}

static void put_self(struct aw_buf *out, const struct aw_stats *st, bool ready)
{
    metric(out, "ackwatch_build_info", "gauge", "1; the version is a label.");
    aw_buf_printf(out, "ackwatch_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
    metric(out, "ackwatch_start_time_seconds", "gauge", "When this process started, since 1970.");
    seconds(out, "ackwatch_start_time_seconds", st->started);
    metric(out, "ackwatch_ready", "gauge", "1 when /readyz answers 200.");
    value(out, "ackwatch_ready", ready);
}

void aw_metrics_put(struct aw_buf *out, const struct aw_stats *st, const char *store, aw_ms lag,
                    bool ready)
{
    put_self(out, st, ready);
    put_counts(out, st);
    put_timelines(out, st, lag);
    put_sends(out, st);
    put_callbacks(out, st);
    put_machine(out, st, store);
}

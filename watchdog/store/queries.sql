-- SPDX-License-Identifier: Apache-2.0
--
-- Every statement of the store, prepared once per connection. tests/unit/test_queries.c explains
-- each of them and fails on a scan of a table that grows and on a temporary b-tree.

-- --- the turn --------------------------------------------------------------------------------

-- name: begin
BEGIN IMMEDIATE

-- name: begin_read
BEGIN DEFERRED

-- name: commit
COMMIT

-- name: rollback
ROLLBACK

-- name: last_id
SELECT max(
    coalesce((SELECT id FROM timeline ORDER BY id DESC LIMIT 1), 0),
    coalesce((SELECT id FROM attempt ORDER BY id DESC LIMIT 1), 0),
    coalesce((SELECT id FROM delivery ORDER BY id DESC LIMIT 1), 0),
    coalesce((SELECT id FROM device WHERE id > 0 ORDER BY id DESC LIMIT 1), 0))

-- --- log -------------------------------------------------------------------------------------

-- name: log_put
INSERT INTO log(seq, msg, prev, leaf, body) VALUES(?1, ?2, ?3, ?4, ?5)

-- name: log_last
SELECT seq, body FROM log ORDER BY seq DESC LIMIT 1

-- name: log_leaf
SELECT leaf FROM log WHERE seq = ?1

-- name: log_row
SELECT msg, prev, leaf, body FROM log WHERE seq = ?1

-- name: log_from
SELECT seq, msg, prev, leaf, body FROM log WHERE seq >= ?1 ORDER BY seq LIMIT ?2

-- name: tile_put
INSERT INTO log_tile(level, idx, hash) VALUES(?1, ?2, ?3)

-- name: tile
SELECT hash FROM log_tile WHERE level = ?1 AND idx = ?2

-- name: tiles
SELECT level, idx, hash FROM log_tile WHERE level >= 0 ORDER BY level, idx

-- name: front
SELECT size, peaks FROM log_front WHERE id = 0

-- name: front_first
INSERT INTO log_front(id, size, peaks) VALUES(0, 0, ?1)

-- name: front_put
UPDATE log_front SET size = ?1, peaks = ?2 WHERE id = 0

-- name: detail_put
INSERT INTO detail(seq, salt, text) VALUES(?1, ?2, ?3)

-- name: details_from
SELECT seq, salt, text FROM detail WHERE seq >= ?1 ORDER BY seq

-- --- key map ---------------------------------------------------------------------------------

-- name: pages
SELECT id, pairs FROM key_page WHERE id > 0 ORDER BY id

-- name: pages_range
SELECT id, pairs FROM key_page WHERE id BETWEEN ?1 AND ?2 ORDER BY id

-- name: pages_delete
DELETE FROM key_page WHERE id BETWEEN ?1 AND ?2

-- name: page_put
INSERT INTO key_page(id, pairs) VALUES(?1, ?2)

-- --- apps, persons, keys, secrets ------------------------------------------------------------

-- name: app_by_name
SELECT id FROM app WHERE name = ?1

-- name: app_name
SELECT name FROM app WHERE id = ?1

-- name: app_put
INSERT INTO app(name) VALUES(?1)

-- name: person
SELECT app, user, salt, contact FROM person WHERE id = ?1

-- name: person_put
INSERT INTO person(app, user, salt) VALUES(?1, ?2, ?3)

-- name: person_contact
UPDATE person SET contact = ?2 WHERE id = ?1

-- name: person_erase
UPDATE person SET user = NULL, salt = NULL, contact = NULL WHERE id = ?1

-- name: persons_from
SELECT id, app, user, salt, contact, reported FROM person WHERE id >= ?1 ORDER BY id

-- name: contacts
SELECT p.id, p.user, p.contact FROM person AS p WHERE p.id > ?1 AND p.contact IS NOT NULL
    AND (?2 = '' OR p.app = (SELECT id FROM app WHERE name = ?2))
    ORDER BY p.id LIMIT ?3

-- name: person_reported
SELECT reported FROM person WHERE id = ?1

-- name: person_report
UPDATE person SET reported = ?2 WHERE id = ?1 AND reported IS NULL

-- name: device
SELECT id, app, registration_id, salt, person, alias, platform, seq, at FROM device WHERE id = ?1

-- name: device_put
INSERT INTO device(id, app, registration_id, salt, person, alias, platform, seq, at, last)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT(id) DO UPDATE SET person = ?5, alias = ?6, platform = ?7, seq = ?8, at = ?9,
        last = ?10

-- name: device_seen
UPDATE device SET seq = ?2, at = ?3 WHERE id = ?1

-- name: device_forget
DELETE FROM device WHERE id = ?1

-- name: device_known
SELECT 1 FROM device WHERE id = ?1

-- name: device_people
SELECT id, person FROM device WHERE id > ?1 ORDER BY id LIMIT ?2

-- name: devices_idle
SELECT id, person IS NULL AND at < ?2 FROM device WHERE id > ?1 ORDER BY id LIMIT ?3

-- name: devices_from
SELECT id, app, registration_id, salt, person, alias, platform FROM device WHERE id >= ?1
    ORDER BY id

-- name: attempt_devices
UPDATE attempt SET devices = ?2 WHERE id = ?1

-- name: attempt_devices_of
SELECT devices FROM attempt WHERE id = ?1

-- name: key_put
INSERT INTO api_key(id, name, app, scopes, sha256, created, revoked, expires)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT(id) DO UPDATE SET name = ?2, app = ?3, scopes = ?4, sha256 = ?5, created = ?6,
        revoked = ?7, expires = ?8

-- name: keys_from
SELECT k.id, k.name, k.app, k.scopes, k.sha256, k.created, k.revoked, k.expires, u.at
    FROM api_key AS k LEFT JOIN key_use AS u ON u.key = k.id WHERE k.id >= ?1 ORDER BY k.id

-- name: key_used
INSERT INTO key_use(key, at) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET at = ?2

-- name: secret
SELECT value FROM secret WHERE name = ?1

-- name: secret_put
INSERT INTO secret(name, value) VALUES(?1, ?2)

-- --- rules -----------------------------------------------------------------------------------

-- name: rule_text
SELECT text FROM rule_text WHERE sha256 = ?1

-- name: rule_text_put
INSERT INTO rule_text(sha256, text) VALUES(?1, ?2) ON CONFLICT(sha256) DO NOTHING

-- name: rule_texts_from
SELECT sha256, text FROM rule_text WHERE sha256 >= ?1 ORDER BY sha256

-- name: rule_by_name
SELECT id FROM rule WHERE sha256 = ?1 AND name = ?2

-- name: rule_put
INSERT INTO rule(name, sha256) VALUES(?1, ?2)

-- name: rule
SELECT r.name, t.text, r.sha256 FROM rule AS r JOIN rule_text AS t ON t.sha256 = r.sha256
    WHERE r.id = ?1

-- name: ruleset_clear
DELETE FROM ruleset

-- name: ruleset_put
INSERT INTO ruleset(pos, file, sha256) VALUES(?1, ?2, ?3)

-- What came of rules (reader_stats.c).
-- name: stats_timelines
SELECT id, n, person, state, last FROM timeline WHERE id >= ?1 ORDER BY id DESC

-- name: stats_message
SELECT m.registered, m.rule, a.name FROM message AS m LEFT JOIN app AS a ON a.id = m.app
    WHERE m.id = ?1

-- name: stats_entry
SELECT body FROM log WHERE seq = ?1

-- name: ruleset_was_put
INSERT INTO ruleset_was(id, list, tests) VALUES(?1, ?2, ?3)

-- name: ruleset_was_last
SELECT list, tests FROM ruleset_was ORDER BY id DESC LIMIT 1

-- name: rulesets_from
SELECT id, list FROM ruleset_was WHERE id >= ?1 ORDER BY id

-- What was live, newest first, with the entries of its loading and, behind that, of who applied it.
-- name: rulesets_was
SELECT w.id, w.list, w.tests, l.body, a.body, d.text FROM ruleset_was AS w
    JOIN log AS l ON l.seq = w.id
    LEFT JOIN log AS a ON a.seq = w.id + 1
        AND json_extract(a.body, '$.kind') = 'rules.applied'
    LEFT JOIN detail AS d ON d.seq = a.seq
    ORDER BY w.id DESC LIMIT ?1

-- name: ruleset
SELECT f.file, t.text, f.sha256 FROM ruleset AS f CROSS JOIN rule_text AS t ON t.sha256 = f.sha256
    ORDER BY f.pos

-- --- messages and timelines ------------------------------------------------------------------

-- name: message_put
INSERT INTO message(id, app, rule, n, registered, key, ext, digest, salt, body, trace, needed)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)

-- name: message
SELECT app, rule, n, registered, digest, salt, body, trace, needed, delayed FROM message WHERE id = ?1

-- name: message_delayed
UPDATE message SET delayed = ?2 WHERE id = ?1

-- name: message_keys
SELECT app, registered, key, ext FROM message WHERE id = ?1

-- name: message_view
SELECT m.id, a.name, r.name, r.sha256, m.ext, m.body, m.registered, m.n, m.needed
    FROM message AS m JOIN app AS a ON a.id = m.app JOIN rule AS r ON r.id = m.rule
    WHERE m.id = ?1

-- name: messages_before
SELECT m.id, a.name, r.name, r.sha256, m.ext, m.body, m.registered, m.n, m.needed
    FROM message AS m CROSS JOIN app AS a ON a.id = m.app CROSS JOIN rule AS r ON r.id = m.rule
    WHERE m.id < ?1 ORDER BY m.id DESC

-- name: messages_all
SELECT m.id, a.name, r.name, r.sha256, m.ext, m.body, m.registered, m.n, m.key, m.salt, m.digest,
        m.needed
    FROM message AS m LEFT JOIN app AS a ON a.id = m.app LEFT JOIN rule AS r ON r.id = m.rule
    WHERE m.id >= ?1 ORDER BY m.id

-- name: timeline_put
INSERT INTO timeline(id, n, person, state, due, level, late, last, plan)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)

-- name: timeline_set
UPDATE timeline SET state = ?2, due = ?3, level = ?4, late = ?5, last = ?6, plan = ?7 WHERE id = ?1

-- name: timeline_last
UPDATE timeline SET last = ?2 WHERE id = ?1

-- name: timeline_tried
UPDATE timeline SET tried = ?2 WHERE id = ?1

-- name: timeline
SELECT id, n, person, state, due, level, late, last, plan, tried FROM timeline WHERE id = ?1

-- name: timelines_of
SELECT t.id, t.n, t.person, t.state, t.due, t.level, t.late, t.last, t.plan, t.tried, p.user
    FROM timeline AS t LEFT JOIN person AS p ON p.id = t.person
    WHERE t.id BETWEEN ?1 AND ?2 ORDER BY t.id LIMIT ?3

-- name: timelines_from
SELECT id, n, person, state, due, level, late, last, plan, tried FROM timeline WHERE id >= ?1
    ORDER BY id

-- name: timeline_counts
SELECT sum(state = 0), sum(state = 1), sum(state = 2), sum(state = 3), sum(state = 4),
    sum(state = 5), min(due), min(level), max(last) FROM timeline WHERE id BETWEEN ?1 AND ?2

-- name: timelines_open
SELECT count(*) FROM timeline WHERE due IS NOT NULL AND state = 0

-- name: timelines_due
SELECT id FROM timeline WHERE due <= ?1 ORDER BY due LIMIT ?2

-- name: timelines_due_ranked
SELECT t.id, json_extract(m.body, '$.priority') FROM timeline AS t JOIN message AS m ON m.id = t.id - t.n
    WHERE t.due <= ?1 ORDER BY t.due LIMIT ?2

-- name: timeline_next
SELECT due FROM timeline WHERE due IS NOT NULL ORDER BY due LIMIT 1

-- name: evidence_put
INSERT INTO evidence(id, tl, attempt, level, source, person, at)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- name: evidence_from
SELECT id, tl, attempt, level, source, person, at FROM evidence WHERE id >= ?1 ORDER BY id

-- name: messages_old
SELECT id, rule, n FROM message WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3

-- name: timelines_closed
SELECT count(*), sum(state = 0 OR due IS NOT NULL), max(last) FROM timeline WHERE id BETWEEN ?1 AND ?2

-- name: timelines_lists
SELECT last, tried FROM timeline WHERE id BETWEEN ?1 AND ?2 ORDER BY id

-- --- retention: what goes with a message, and what goes by its age ---------------------------

-- name: recipients_erased
SELECT t.n, t.person FROM timeline AS t CROSS JOIN person AS p ON p.id = t.person
    WHERE t.id BETWEEN ?1 AND ?1 + (SELECT n - 1 FROM message WHERE id = ?1) AND p.user IS NULL
    AND (SELECT sum(o.state = 0 OR o.due IS NOT NULL) FROM timeline AS o
        WHERE o.id BETWEEN ?1 AND ?1 + (SELECT n - 1 FROM message WHERE id = ?1)) = 0
    ORDER BY t.id LIMIT ?2

-- name: message_named
SELECT a.name, m.key, m.ext FROM message AS m CROSS JOIN app AS a ON a.id = m.app WHERE m.id = ?1

-- name: message_body
UPDATE message SET body = ?2, digest = ?3, salt = ?4 WHERE id = ?1

-- name: timeline_people
SELECT id, person FROM timeline WHERE id > ?1 ORDER BY id LIMIT ?2

-- name: attempt_people
SELECT id, person FROM attempt WHERE id > ?1 ORDER BY id LIMIT ?2

-- name: evidence_people
SELECT id, person FROM evidence WHERE id > ?1 ORDER BY id LIMIT ?2

-- name: person_last
SELECT id FROM person WHERE id > 0 ORDER BY id DESC LIMIT 1

-- name: persons_plain
SELECT id FROM person WHERE id > ?1 AND id <= ?2 AND user IS NOT NULL AND contact IS NULL
    ORDER BY id LIMIT ?3

-- name: log_chain
SELECT prev FROM log WHERE seq = ?1

-- name: attempt_chain
SELECT previous, outcome IS NULL AND merged_into IS NULL FROM attempt WHERE id = ?1

-- name: message_known
SELECT 1 FROM message WHERE id = ?1

-- name: person_known
SELECT 1 FROM person WHERE id = ?1 AND user IS NOT NULL

-- name: message_prune
DELETE FROM message WHERE id = ?1

-- name: timelines_prune
DELETE FROM timeline WHERE id BETWEEN ?1 AND ?2

-- name: polls_prune
DELETE FROM poll WHERE timeline BETWEEN ?1 AND ?2

-- name: attempt_prune
DELETE FROM attempt WHERE id = ?1

-- name: evidence_prune
DELETE FROM evidence WHERE id = ?1

-- name: detail_prune
DELETE FROM detail WHERE seq = ?1

-- name: notices_prune
DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE id > 0 AND at < ?1 AND due IS NULL
    ORDER BY id LIMIT ?2)

-- --- attempts --------------------------------------------------------------------------------

-- name: attempt_put
INSERT INTO attempt(id, ref, msg, n, previous, merged_into, shared, step, step_id, kind, round,
        number, person, channel, at, level, cid, reply_code, reply_number, address)
    VALUES(?1, ?2, ?3, ?4, (SELECT tried FROM timeline WHERE id = ?3 + ?4), ?5,
        (SELECT shared FROM attempt WHERE id = ?5), ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, ?14,
        ?15, ?16, ?17)

-- name: attempts_since
SELECT a.id, a.msg, a.kind, a.person, a.channel, a.address, m.rule, p.name
    FROM attempt AS a CROSS JOIN message AS m ON m.id = a.msg CROSS JOIN app AS p ON p.id = m.app
    WHERE a.id >= ?1 AND a.number = 1 AND a.merged_into IS NULL ORDER BY a.id

-- name: timelines_later
SELECT due, state, id FROM timeline WHERE due IS NOT NULL AND (due, state, id) > (?1, ?2, ?3)
    ORDER BY due, state, id LIMIT ?4

-- name: timelines_open_of_all
SELECT id - n, person FROM timeline WHERE id > 0 AND state = 0 ORDER BY id

-- name: silence_put
INSERT INTO silence(id, app, since, until) VALUES(?1, ?2, ?3, ?4)

-- name: silence_drop
DELETE FROM silence WHERE id = ?1

-- name: silence_known
SELECT until FROM silence WHERE id = ?1

-- name: silences_from
SELECT id, app, since, until FROM silence WHERE id >= ?1 ORDER BY id

-- name: silences
SELECT s.id, s.app, s.since, s.until, d.text
    FROM silence AS s CROSS JOIN detail AS d ON d.seq = s.id WHERE s.id > 0 ORDER BY s.id

-- name: attempt_share
UPDATE attempt SET shared = ?2 WHERE id = ?1

-- name: attempt_done
UPDATE attempt SET outcome = ?2, done_at = ?3, http_status = ?4, code = ?5,
    provider_id = coalesce(?6, provider_id), detail = ?7 WHERE id = ?1

-- name: attempt_level
UPDATE attempt SET level = max(level, ?2) WHERE id = ?1

-- name: attempt_cid
UPDATE attempt SET cid = ?2 WHERE id = ?1

-- name: attempt
SELECT id, ref, msg, n, previous, shared, step, round, number, kind, person, channel, cid,
    provider_id, outcome, level, at, done_at, reply_code, reply_number FROM attempt WHERE id = ?1

-- name: attempt_shared
SELECT msg, shared, step, round, n FROM attempt WHERE id = ?1

-- name: attempt_step
SELECT previous, step, kind, person, outcome, provider_id, done_at FROM attempt WHERE id = ?1

-- name: attempts_open
SELECT id FROM attempt WHERE outcome IS NULL AND merged_into IS NULL AND id > ?1 ORDER BY id LIMIT ?2

-- name: attempt_previous
SELECT previous FROM attempt WHERE id = ?1

-- name: attempt_view
SELECT a.id, a.ref, a.n, a.step, a.step_id, a.kind, a.round, a.number, a.channel, p.user,
    a.outcome, a.level, a.provider_id, a.at, a.done_at, a.http_status, a.code, a.detail
    FROM attempt AS a LEFT JOIN person AS p ON p.id = a.person WHERE a.id = ?1

-- name: attempts_from
SELECT id, ref, msg, n, previous, merged_into, shared, step, step_id, kind, round, number, person,
    channel, at, level, outcome, done_at, http_status, code, provider_id, detail
    FROM attempt WHERE id >= ?1 ORDER BY id

-- name: attempt_code
SELECT previous, person, reply_code, reply_number FROM attempt WHERE id = ?1

-- --- numbers that want no texts --------------------------------------------------------------

-- name: opt_out_put
INSERT INTO opt_out(id, number, out) VALUES(?1, ?2, ?3)

-- name: opt_out
SELECT out FROM opt_out WHERE number = ?1 ORDER BY id DESC LIMIT 1

-- name: opt_outs_from
SELECT id, number, out FROM opt_out WHERE id >= ?1 ORDER BY id

-- --- questions to providers ------------------------------------------------------------------

-- name: poll_put
INSERT INTO poll(timeline, attempt, due, urgent, accepted, n_asked, answered, channel, provider_id,
        devices, rule, ask_at, level, hinted)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
    ON CONFLICT(timeline, attempt) DO UPDATE SET due = ?3, urgent = ?4, accepted = ?5,
        n_asked = ?6, answered = ?7, channel = ?8, provider_id = ?9, devices = ?10, rule = ?11,
        ask_at = ?12, level = ?13, hinted = ?14

-- name: poll_later
UPDATE poll SET due = ?3, n_asked = ?4, answered = ?5, hinted = ?6 WHERE timeline = ?1 AND attempt = ?2

-- name: poll_delete
DELETE FROM poll WHERE timeline = ?1 AND attempt = ?2

-- name: polls_end
DELETE FROM poll WHERE timeline = ?1

-- name: polls_urge
UPDATE poll SET due = min(due, ?2), urgent = ?3, ask_at = ?2 WHERE timeline = ?1

-- name: polls_calm
UPDATE poll SET urgent = 0, ask_at = 0 WHERE timeline = ?1

-- name: poll_heard
UPDATE poll SET heard = ?3 WHERE timeline = ?1 AND attempt = ?2

-- name: poll_hint
UPDATE poll SET due = min(due, ?3), hinted = ?4 WHERE timeline = ?1 AND attempt = ?2

-- name: polls_due
SELECT timeline, attempt, due, urgent, accepted, n_asked, answered, channel, provider_id,
        devices, rule, ask_at, level, hinted, heard
    FROM poll WHERE channel = ?1 AND due <= ?2 ORDER BY due LIMIT ?3

-- name: polls_urgent
SELECT timeline, attempt, due, urgent, accepted, n_asked, answered, channel, provider_id,
        devices, rule, ask_at, level, hinted, heard
    FROM poll WHERE channel = ?1 AND urgent > 0 AND urgent >= ?3 AND urgent < ?4 AND due <= ?2
    ORDER BY urgent LIMIT ?5

-- name: poll
SELECT timeline, attempt, due, urgent, accepted, n_asked, answered, channel, provider_id,
        devices, rule, ask_at, level, hinted, heard
    FROM poll WHERE timeline = ?1 AND attempt = ?2

-- name: polls_of
SELECT timeline, attempt, due, urgent, accepted, n_asked, answered, channel, provider_id,
        devices, rule, ask_at, level, hinted, heard
    FROM poll WHERE timeline = ?1 ORDER BY attempt LIMIT ?2

-- name: poll_next
SELECT due FROM poll WHERE channel = ?1 ORDER BY due LIMIT 1

-- --- receipts of unknown ids ------------------------------------------------------------------

-- name: orphan_put
INSERT INTO orphan(until, account, provider_id, level, negative, hint, at)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT(provider_id, account, level, negative, hint) DO NOTHING

-- name: orphans_of
SELECT level, negative, hint, at FROM orphan WHERE provider_id = ?2 AND account = ?1
    ORDER BY level, negative LIMIT ?3

-- name: orphans_taken
DELETE FROM orphan WHERE provider_id = ?2 AND account = ?1

-- name: orphans_expire
DELETE FROM orphan WHERE until < ?1

-- name: orphans
SELECT count(*) FROM orphan WHERE until >= 0

-- --- life of the daemon ----------------------------------------------------------------------

-- name: alive
SELECT at FROM alive WHERE id = 0

-- name: alive_put
INSERT INTO alive(id, at) VALUES(0, ?1) ON CONFLICT(id) DO UPDATE SET at = ?1

-- name: downtime_put
INSERT INTO downtime(id, since, until) VALUES(?1, ?2, ?3)

-- name: downtimes
SELECT since, until FROM downtime WHERE until > ?1 ORDER BY until DESC LIMIT ?2

-- name: downtimes_from
SELECT id, since, until FROM downtime WHERE id >= ?1 ORDER BY id

-- name: hold_put
INSERT INTO channel_hold(id, channel, state, since, until) VALUES(?1, ?2, ?3, ?4, ?5)

-- name: hold_replace
DELETE FROM channel_hold WHERE channel = ?1 AND state = ?2

-- name: hold_drop
DELETE FROM channel_hold WHERE channel = ?1

-- name: holds_from
SELECT id, channel, state, since, until FROM channel_hold WHERE id >= ?1 ORDER BY id

-- name: notice_recent
SELECT id FROM notice WHERE id = (SELECT id FROM notice WHERE what = ?1 ORDER BY at DESC LIMIT 1)
    AND (at > ?2 OR due IS NOT NULL)

-- name: notice_again
UPDATE notice SET n_times = n_times + 1, due = coalesce(due, at + ?2) WHERE id = ?1

-- name: notice_put
INSERT INTO notice(at, due, n_tries, n_times, what, text) VALUES(?1, ?1, 0, 1, ?2, ?3)

-- name: notices_due
SELECT id, at, due, n_tries, what, text, n_times FROM notice WHERE due <= ?1 ORDER BY due LIMIT ?2

-- name: notice_done
UPDATE notice SET due = ?2, n_tries = n_tries + 1 WHERE id = ?1

-- name: notice_later
UPDATE notice SET due = ?2 WHERE id = ?1

-- --- callbacks to applications ---------------------------------------------------------------

-- name: delivery_put
INSERT INTO delivery(id, app, msg, n, event, seq, at, due, state, n_tries, spent)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0)

-- name: delivery
SELECT id, app, msg, n, event, seq, at, due, state, n_tries, spent FROM delivery WHERE id = ?1

-- name: delivery_set
UPDATE delivery SET due = ?2, state = ?3, n_tries = ?4, spent = ?5 WHERE id = ?1

-- name: deliveries_due
SELECT id, app, msg, n, event, seq, at, due, state, n_tries, spent FROM delivery
    WHERE app = ?1 AND due <= ?2 ORDER BY due LIMIT ?3

-- name: delivery_next_app
SELECT app FROM delivery WHERE due IS NOT NULL AND app > ?1 ORDER BY app LIMIT 1

-- name: delivery_next_due
SELECT due FROM delivery WHERE due IS NOT NULL AND app = ?1 ORDER BY due LIMIT 1

-- name: deliveries_waiting
SELECT count(*) FROM delivery WHERE due IS NOT NULL

-- name: deliveries_before
SELECT d.id, d.app, d.msg, d.n, d.event, d.seq, d.at, d.due, d.state, d.n_tries, d.spent, a.name,
    m.ext, p.user
    FROM delivery AS d CROSS JOIN app AS a ON a.id = d.app LEFT JOIN message AS m ON m.id = d.msg
    LEFT JOIN timeline AS t ON t.id = d.msg + d.n LEFT JOIN person AS p ON p.id = t.person
    WHERE d.id < ?1 ORDER BY d.id DESC

-- name: delivery_tries_drop
DELETE FROM delivery_try WHERE delivery IN
    (SELECT id FROM delivery WHERE id < ?1 AND due IS NULL ORDER BY id LIMIT ?2)

-- name: deliveries_drop
DELETE FROM delivery WHERE id IN
    (SELECT id FROM delivery WHERE id < ?1 AND due IS NULL ORDER BY id LIMIT ?2)

-- name: delivery_try_put
INSERT INTO delivery_try(delivery, number, at, outcome, http_status, channel, detail)
    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- name: delivery_tries
SELECT number, at, outcome, http_status, channel, detail FROM delivery_try WHERE delivery = ?1
    ORDER BY number

-- name: delivery_stop_put
INSERT INTO delivery_stop(app, since, target) VALUES(?1, ?2, ?3)
    ON CONFLICT(app) DO UPDATE SET since = ?2, target = ?3

-- name: delivery_stop_end
DELETE FROM delivery_stop WHERE app = ?1

-- name: delivery_stopped
SELECT 1 FROM delivery_stop WHERE app = ?1 AND target = ?2

-- SPDX-License-Identifier: Apache-2.0
--
-- The tables. Times are milliseconds since 1970 (UTC); ids are 63 bits that rise with time, so that
-- every insert lands on the right edge of its tree; numbers of states, levels, ... are those of
-- core/types.h. Rows are cold (never updated) or hot (small), never both.
--
-- No table has an index on a key that strangers choose: such an index costs a factor of eight at one
-- million rows. Idempotency keys, external ids and users are found through keyed hashes in memory
-- (keymap.h), whose pairs stand in key_page.
--
-- An older database is brought here by `ackwatch db migrate` (migrate.c), which adds what is missing:
-- tables, indexes, and columns at the end of a table that may be NULL or have a default. A change of
-- any other kind is not one that it can make.
--
-- AUDITED tables are a projection of the log: `ackwatch audit verify` recomputes them.

PRAGMA application_id = 0x41434B57;
PRAGMA user_version = 3;

-- Tenants. Audited through the commitments of messages and persons.
CREATE TABLE app(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- AUDITED. People as numbers, with the contact directory. Erased: user, salt, contact are NULL and
-- the commitments in the log can no longer be opened.
CREATE TABLE person(
    id INTEGER PRIMARY KEY,
    app INTEGER NOT NULL,
    user TEXT,
    salt BLOB,
    contact TEXT,
    reported INTEGER -- log.seq of the first report of a session of theirs
) STRICT;

-- AUDITED (seq and at of the newest report aside: one that changes nothing leaves no entry). Devices
-- of an app and who is logged in there (NULL: nobody). last: log.seq of its newest entry, which holds
-- a commitment to the row under salt. A device is found by its registration id, and those of a
-- person by the person's number, through the key map.
CREATE TABLE device(
    id INTEGER PRIMARY KEY,
    app INTEGER NOT NULL,
    registration_id TEXT NOT NULL,
    salt BLOB NOT NULL,
    person INTEGER,
    alias TEXT,
    platform TEXT,
    seq INTEGER,
    at INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT;

-- AUDITED. Keys of the API; sha256 is of the token's secret part.
CREATE TABLE api_key(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    app TEXT NOT NULL,
    scopes INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    created INTEGER NOT NULL,
    revoked INTEGER NOT NULL,
    expires INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Not audited: when a key was last used, to the hour.
CREATE TABLE key_use(
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;

-- Not audited: keys of our own (the hash of the key map, tokens of the confirmation page).
CREATE TABLE secret(
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- AUDITED. Texts of rule files, once each, and the rules that messages are pinned to.
CREATE TABLE rule_text(
    sha256 BLOB PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rule(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    UNIQUE(sha256, name)
) STRICT;

-- AUDITED. The files of the last good set of rules, in their order.
CREATE TABLE ruleset(
    pos INTEGER PRIMARY KEY,
    file TEXT NOT NULL,
    sha256 BLOB NOT NULL
) STRICT;

-- AUDITED (tests aside: files of tests that lay beside them). The sets that were live, a row
-- whenever another one came; id is log.seq of its entry rules.loaded, whose content is the SHA-256 of
-- list: a line "SHA-256 file" each, the texts stand in rule_text. As few as people change rules.
CREATE TABLE ruleset_was(
    id INTEGER PRIMARY KEY,
    list TEXT NOT NULL,
    tests TEXT NOT NULL
) STRICT;

-- AUDITED (trace and delayed aside: traceparent of the request; until when a provider's budget
-- delayed the first step, which is part of the answer), cold. One row per registration; key: the idempotency key in force; digest: SHA-256 of
-- body. The entry message.registered holds a commitment to app, key, ext and body under salt.
CREATE TABLE message(
    id INTEGER PRIMARY KEY,
    app INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    n INTEGER NOT NULL,
    registered INTEGER NOT NULL,
    key TEXT,
    ext TEXT,
    digest BLOB NOT NULL,
    salt BLOB NOT NULL,
    body TEXT NOT NULL,
    trace TEXT,
    needed INTEGER NOT NULL DEFAULT 0, -- timelines that confirm it, 0: each
    delayed INTEGER
) STRICT;

-- AUDITED, hot. One row per recipient; id is message.id + n. last: log.seq of its newest entry;
-- tried: its newest attempt; plan: the rest of the value (core/plan.c).
CREATE TABLE timeline(
    id INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    person INTEGER NOT NULL,
    state INTEGER NOT NULL CHECK(state BETWEEN 0 AND 5),
    due INTEGER CHECK(due > 0),
    level INTEGER NOT NULL CHECK(level BETWEEN 0 AND 6),
    late INTEGER NOT NULL CHECK(late IN (0, 1)),
    last INTEGER NOT NULL,
    tried INTEGER,
    plan BLOB NOT NULL
) STRICT;

-- The timer queue, and the only index on the hot path. state lets open timelines be counted at start
-- from the index alone.
CREATE INDEX tl_due ON timeline(due, state) WHERE due IS NOT NULL;

-- AUDITED, append only. Proofs; id is log.seq.
CREATE TABLE evidence(
    id INTEGER PRIMARY KEY,
    tl INTEGER NOT NULL,
    attempt INTEGER,
    level INTEGER NOT NULL,
    source INTEGER NOT NULL,
    person INTEGER NOT NULL,
    at INTEGER
) STRICT;

-- AUDITED (cid, reply_code, reply_number, address and devices aside: the first is a cache of the provider's, by the
-- others a reply is found, whose evidence is audited, or a push is taken back). Tries of firings. Outcomes and receipts know
-- the id alone, so that is the key; those of a timeline are a list: timeline.tried is the newest, `previous` the one before it. An
-- index on the message would land on a random page for every claim of an older message; the list
-- costs nothing, since the timeline row is written by the claim anyway.
-- A firing to the same third person as that of another recipient is merged into that attempt:
-- merged_into names it, and the merged ones are a list too: shared of the carrier is the newest.
CREATE TABLE attempt(
    id INTEGER PRIMARY KEY,
    ref INTEGER NOT NULL,
    msg INTEGER NOT NULL,
    n INTEGER NOT NULL,
    previous INTEGER,
    merged_into INTEGER,
    shared INTEGER,
    step INTEGER NOT NULL,
    step_id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    round INTEGER NOT NULL,
    number INTEGER NOT NULL,
    person INTEGER NOT NULL,
    channel TEXT NOT NULL,
    at INTEGER NOT NULL,
    level INTEGER NOT NULL,
    outcome INTEGER,
    done_at INTEGER,
    http_status INTEGER,
    code INTEGER,
    provider_id TEXT,
    detail TEXT,
    cid TEXT,
    reply_code TEXT,  -- the digits in the text, by which a reply acknowledges
    reply_number BLOB, -- HMAC of account and number that it went to, where there is a code
    address INTEGER,  -- keyed hash of the address that it went to, for limits
    devices TEXT      -- numbers of the devices that a push went to, blanks between; '': by alias
) STRICT;

-- What was in flight when the process ended.
CREATE INDEX attempt_open ON attempt(id) WHERE outcome IS NULL AND merged_into IS NULL;

-- Texts given by people, under the commitment `content` of entry seq.
CREATE TABLE detail(
    seq INTEGER PRIMARY KEY,
    salt BLOB NOT NULL,
    text TEXT NOT NULL
) STRICT;

-- AUDITED, append only. Numbers that want no more texts (out 1), or want them again (0): the newest
-- row of a number counts; id is log.seq. number: HMAC of the scope (an app, or '' for all) and the
-- phone number. Rows are as few as people who write STOP, so an index on them does no harm.
CREATE TABLE opt_out(
    id INTEGER PRIMARY KEY,
    number BLOB NOT NULL,
    out INTEGER NOT NULL CHECK(out IN (0, 1))
) STRICT;
CREATE INDEX opt_out_number ON opt_out(number);

-- AUDITED. Times in which we did not run; id is log.seq.
CREATE TABLE downtime(
    id INTEGER PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX downtime_until ON downtime(until);

-- Not audited: when we were last known to live.
CREATE TABLE alive(
    id INTEGER PRIMARY KEY CHECK(id = 0),
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- AUDITED. Channels that nothing is sent to: paused by a person, or stopped since the provider
-- refused our credentials; id is log.seq, until 0: until it is resumed.
CREATE TABLE channel_hold(
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    state TEXT NOT NULL CHECK(state IN ('paused', 'stopped')),
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;

-- AUDITED. Silences that stand; id is log.seq of the entry that began it, whose detail holds matcher,
-- author and reason. app: whose messages, '' for all.
CREATE TABLE silence(
    id INTEGER PRIMARY KEY,
    app TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;

-- Not audited: when to ask providers about which attempt.
CREATE TABLE poll(
    timeline INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    due INTEGER NOT NULL,
    urgent INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    n_asked INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    channel TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    devices TEXT,
    rule INTEGER NOT NULL DEFAULT 0,
    ask_at INTEGER NOT NULL DEFAULT 0,
    level INTEGER NOT NULL DEFAULT 0,
    hinted INTEGER NOT NULL DEFAULT 0,
    heard INTEGER NOT NULL DEFAULT 0, -- the last callback about it
    PRIMARY KEY(timeline, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX poll_due ON poll(channel, due);
CREATE INDEX poll_urgent ON poll(channel, urgent) WHERE urgent > 0;

-- Not audited (what a receipt proves is, once its id is known): receipts that came before the answer
-- to their send, or belong to nobody. At most 10,000 rows, so that the keys of strangers do no harm.
CREATE TABLE orphan(
    id INTEGER PRIMARY KEY,
    until INTEGER NOT NULL,
    account TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    level INTEGER NOT NULL,
    negative INTEGER NOT NULL,
    hint INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX orphan_of ON orphan(provider_id, account, level, negative, hint);
CREATE INDEX orphan_until ON orphan(until);

-- Not audited (the entry operators.told is): what operators must hear of, until they were told.
CREATE TABLE notice(
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    due INTEGER,
    n_tries INTEGER NOT NULL,
    n_times INTEGER NOT NULL,
    what TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX notice_due ON notice(due) WHERE due IS NOT NULL;
CREATE INDEX notice_what ON notice(what, at);

-- Not audited (the entries message.ended and timeline.ended are, and callback.failed says what was
-- given up): what applications are told by callback, until they took it; rows that are over are
-- dropped after a week. id: webhook-id too. n: recipient, NULL: the message. event, state:
-- core/delivery.h. seq: the log entry behind it. due: next try.
CREATE TABLE delivery(
    id INTEGER PRIMARY KEY,
    app INTEGER NOT NULL,
    msg INTEGER NOT NULL,
    n INTEGER,
    event INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    due INTEGER,
    state INTEGER NOT NULL,
    n_tries INTEGER NOT NULL,
    spent INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_due ON delivery(app, due) WHERE due IS NOT NULL;

CREATE TABLE delivery_try(
    delivery INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    http_status INTEGER,
    channel TEXT,
    detail TEXT,
    PRIMARY KEY(delivery, number)
) STRICT, WITHOUT ROWID;

-- Not audited (callback.failed is): applications whose endpoint answered 410; target: SHA-256 of its
-- URL, so that another URL ends it.
CREATE TABLE delivery_stop(
    app INTEGER PRIMARY KEY,
    since INTEGER NOT NULL,
    target BLOB NOT NULL
) STRICT;

-- The log: entry seq is leaf seq of an RFC 6962 tree over the bytes of body, leaf is
-- SHA-256(0x00 body). msg and prev are copies of members, for queries. Never updated, no index.
CREATE TABLE log(
    seq INTEGER PRIMARY KEY,
    msg INTEGER,
    prev INTEGER,
    leaf BLOB NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- Roots of complete subtrees of 256^level leaves.
CREATE TABLE log_tile(
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY(level, idx)
) STRICT, WITHOUT ROWID;

-- The right edge of the tree, written once a turn: the roots of the complete subtrees, one per set
-- bit of size, largest first.
CREATE TABLE log_front(
    id INTEGER PRIMARY KEY CHECK(id = 0),
    size INTEGER NOT NULL,
    peaks BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Not audited: (hash, id) pairs of the key map, 16 bytes each, one row a turn, merged when idle.
CREATE TABLE key_page(
    id INTEGER PRIMARY KEY,
    pairs BLOB NOT NULL
) STRICT;

-- --- views for auditors (docs/audit.md); stable: columns are added, never changed ---------------

-- Ids as texts, as they stand in the log and the API.
CREATE VIEW v_message_ids AS SELECT id, 'msg_'
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 60) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 55) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 50) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 45) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 40) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 35) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 30) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 25) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 20) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 15) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 10) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((id >> 5) & 31), 1)
        || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (id & 31), 1)
    AS message FROM message;

CREATE VIEW v_messages AS SELECT i.message, m.ext AS external_id, a.name AS app, r.name AS rule,
    lower(hex(r.sha256)) AS rule_sha256, json_extract(m.body, '$.title') AS title,
    coalesce(json_extract(m.body, '$.priority'), 'normal') AS priority,
    strftime('%Y-%m-%dT%H:%M:%fZ', m.registered / 1000.0, 'unixepoch') AS registered_at,
    m.n AS recipients,
    (SELECT count(*) FROM timeline WHERE id BETWEEN m.id AND m.id + m.n - 1 AND state = 0) AS open,
    (SELECT count(*) FROM timeline WHERE id BETWEEN m.id AND m.id + m.n - 1 AND state = 1)
        AS confirmed,
    (SELECT count(*) FROM timeline WHERE id BETWEEN m.id AND m.id + m.n - 1 AND state IN (2, 3))
        AS unconfirmed,
    (SELECT count(*) FROM timeline WHERE id BETWEEN m.id AND m.id + m.n - 1 AND state IN (4, 5))
        AS cancelled_or_released
    FROM message AS m JOIN v_message_ids AS i ON i.id = m.id JOIN app AS a ON a.id = m.app
    JOIN rule AS r ON r.id = m.rule;

CREATE VIEW v_timeline AS SELECT i.message, t.n, p.user,
    CASE t.state WHEN 0 THEN 'open' WHEN 1 THEN 'confirmed' WHEN 2 THEN 'exhausted' WHEN 3
        THEN 'expired' WHEN 4 THEN 'cancelled' WHEN 5 THEN 'released' END AS state,
    CASE t.level WHEN 0 THEN 'none' WHEN 1 THEN 'accepted' WHEN 2 THEN 'sent' WHEN 3 THEN
        'delivered' WHEN 4 THEN 'displayed' WHEN 5 THEN 'opened' WHEN 6 THEN 'acknowledged'
        END AS level,
    t.late AS confirmed_late,
    strftime('%Y-%m-%dT%H:%M:%fZ', t.due / 1000.0, 'unixepoch') AS next_due,
    strftime('%Y-%m-%dT%H:%M:%fZ', m.registered / 1000.0, 'unixepoch') AS registered_at,
    t.last AS last_seq, json_extract(l.body, '$.kind') AS last_entry,
    json_extract(l.body, '$.ts') AS last_at, json_extract(l.body, '$.why') AS last_why
    FROM timeline AS t JOIN message AS m ON m.id = t.id - t.n
    JOIN v_message_ids AS i ON i.id = m.id LEFT JOIN person AS p ON p.id = t.person
    LEFT JOIN log AS l ON l.seq = t.last;

CREATE VIEW v_attempts AS SELECT i.message, x.n, p.user AS sent_to, x.step_id AS step,
    CASE x.kind WHEN 0 THEN 'push' WHEN 1 THEN 'sms' WHEN 2 THEN 'email' WHEN 3 THEN 'im'
        WHEN 4 THEN 'call' WHEN 5 THEN 'webhook' END
        AS do,
    x.round, x.number AS try, x.channel,
    strftime('%Y-%m-%dT%H:%M:%fZ', x.at / 1000.0, 'unixepoch') AS at,
    CASE coalesce(x.outcome, 0) WHEN 0 THEN 'in flight' WHEN 1 THEN 'accepted' WHEN 2 THEN
        'no_target' WHEN 3 THEN 'refused' WHEN 4 THEN 'throttled' WHEN 5 THEN 'auth' WHEN 6
        THEN 'transient' WHEN 7 THEN 'unknown' WHEN 8 THEN 'dropped' END AS outcome,
    CASE x.level WHEN 0 THEN 'none' WHEN 1 THEN 'accepted' WHEN 2 THEN 'sent' WHEN 3 THEN
        'delivered' WHEN 4 THEN 'displayed' WHEN 5 THEN 'opened' WHEN 6 THEN 'acknowledged'
        END AS level,
    strftime('%Y-%m-%dT%H:%M:%fZ', x.done_at / 1000.0, 'unixepoch') AS done_at,
    x.provider_id, x.http_status, x.code, x.detail, x.merged_into IS NOT NULL AS merged
    FROM attempt AS x JOIN v_message_ids AS i ON i.id = x.msg
    LEFT JOIN person AS p ON p.id = x.person;

CREATE VIEW v_unacknowledged AS SELECT message, n, user, state, level, registered_at, next_due,
    last_seq, last_entry, last_at FROM v_timeline
    WHERE level <> 'acknowledged' AND state IN ('open', 'exhausted', 'expired');

CREATE VIEW v_late AS SELECT message, n, user, state, level, registered_at, last_seq, last_entry,
    last_at FROM v_timeline WHERE confirmed_late = 1;

CREATE VIEW v_pruned AS SELECT l.seq, json_extract(l.body, '$.ts') AS at,
    json_extract(l.body, '$.msg') AS message FROM log AS l
    WHERE json_extract(l.body, '$.kind') = 'message.pruned';

CREATE VIEW v_operator_actions AS SELECT l.seq, json_extract(l.body, '$.ts') AS at,
    json_extract(l.body, '$.actor') AS actor, json_extract(l.body, '$.kind') AS action,
    json_extract(l.body, '$.msg') AS message, json_extract(l.body, '$.n') AS n,
    json_extract(l.body, '$.why') AS why, d.text AS in_words
    FROM log AS l LEFT JOIN detail AS d ON d.seq = l.seq
    WHERE json_extract(l.body, '$.why') = 'cancelled'
        OR json_extract(l.body, '$.source') = 'operator'
        OR json_extract(l.body, '$.kind') IN ('key.changed', 'rules.loaded', 'rules.applied',
            'timeline.resumed', 'timeline.escalated', 'timeline.closed')
        OR (json_extract(l.body, '$.kind') = 'timeline.held'
            AND json_extract(l.body, '$.why') <> 'hours')
        OR (json_extract(l.body, '$.kind') = 'person.changed'
            AND json_extract(l.body, '$.why') <> 'created');

-- SPDX-License-Identifier: Apache-2.0
--
-- A database of layout 2 as an older ackwatch left it: its schema, and the rows of a story like that
-- of tests/lib/scene.c as it wrote them. Never changed: migrations of today must still take it.

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
PRAGMA user_version = 2;

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
    contact TEXT
) STRICT;

-- AUDITED. Keys of the API; sha256 is of the token's secret part.
CREATE TABLE api_key(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    app TEXT NOT NULL,
    scopes INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    created INTEGER NOT NULL,
    revoked INTEGER NOT NULL
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

-- AUDITED (trace aside: traceparent of the request), cold. One row per registration; key: the idempotency key in force; digest: SHA-256 of
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
    trace TEXT
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

-- AUDITED (cid, reply_code and reply_number aside: the first is a cache of the provider's, by the
-- others a reply is found, whose evidence is audited). Tries of firings. Outcomes and receipts know
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
    reply_number BLOB -- HMAC of account and number that it went to, where there is a code
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
        OR json_extract(l.body, '$.kind') IN ('key.changed', 'rules.loaded', 'timeline.held',
            'timeline.resumed', 'timeline.escalated')
        OR (json_extract(l.body, '$.kind') = 'person.changed'
            AND json_extract(l.body, '$.why') <> 'created');

INSERT INTO app VALUES(1,'shop');
INSERT INTO person VALUES(1,1,'boss',X'7129922a87e43404a0610281b6ea7e58148c3da0bef932cea5f60d991701500b','{"phone":"+8613800138000"}');
INSERT INTO person VALUES(2,1,NULL,NULL,NULL);
INSERT INTO person VALUES(3,1,'u0',X'611d9b165f0f5254972312c6a12ba7b240b14f485c3b76fe3603c9e0400c684a',NULL);
INSERT INTO person VALUES(4,1,'u1',X'24f4aa7ddbbceccd042a07c1fcc53f64b189224f1507df34c6143e5b7c2b6268',NULL);
INSERT INTO person VALUES(5,1,'u2',X'd069372c4d50e1f465e172fd4347cb3203fe96acdedcb28f4fd210cf0fef547b',NULL);
INSERT INTO api_key VALUES(1,'app','shop',7,X'0000000000000000000000000000000000000000000000000000000000000000',1795370516000,0);
INSERT INTO secret VALUES('keymap',X'f356b34ecd8ec6b2d5eb5b7071acf185e8d7dab56b7df55b7cfb8671bd70c5ec');
INSERT INTO secret VALUES('numbers',X'57ddf71796b1f92aaf3b7bfcad5faa8368d3966ff50d724a69ac06683d05a849');
INSERT INTO rule_text VALUES(X'7f2c43106364d8112fcc3060e4ab8b20f5d1a17d9cbf3c2540529663004adff8',replace('version: 1\nrules: []\n','\n',char(10)));
INSERT INTO rule VALUES(1,'must-read',X'7f2c43106364d8112fcc3060e4ab8b20f5d1a17d9cbf3c2540529663004adff8');
INSERT INTO ruleset VALUES(0,'rules.yaml',X'7f2c43106364d8112fcc3060e4ab8b20f5d1a17d9cbf3c2540529663004adff8');
INSERT INTO message VALUES(382953939009536000,1,1,3,1795370534000,'key-1','order-1',X'78e2c99fc717644e182514bce00cb69c5b3b1279ac1c98c61f64ae41e6ddd6df',X'a6371d88b20be0288183522f3de9e601dc0b6198800a32ad1c30720aa627987b','{"title":"Order 382953939009536000","priority":"high"}',NULL);
INSERT INTO message VALUES(382953985146880000,1,1,1,1795370545000,'key-2',NULL,X'68b07ca0093d7e518f6e1e6b2d74c28b2b52f7a1b8022bdbfd34ebd601873f45',X'c9855526049cd7ab1e059e3c4694ec520a019004d0a3fafec463fd22d4f53bbe','{"title":"Order 382953985146880000","priority":"high"}',NULL);
INSERT INTO message VALUES(382953993535488000,1,1,2,1795370547000,NULL,'order-3',X'ec6cbb59e9abd3530472f4e0702b91e9093e6d38b5ce323a67b5f745922ad58c',X'b306c00a7db989a9b77131ee64d53f8fe486a78538f841ba81cd84173da4c9b5','{"title":"Order 382953993535488000","priority":"high"}',NULL);
INSERT INTO message VALUES(382954010312704000,1,1,1,1795370551000,'more-0',NULL,X'258b40abf443e70ac76829c783c0c6323a6a7d311bb5ca32e931f2659c45b10d',X'5d04be2b2171731f3b7b2a5ff3527a310ca59f45af714572da2226b75dc6ff56','{"title":"Order 382954010312704000","priority":"high"}',NULL);
INSERT INTO message VALUES(382954018701312000,1,1,1,1795370553000,'more-1',NULL,X'3f5af8201b1f825f375a76ffe5eee0ddaba7a972dc18e3ffe2d229449531087d',X'a78e6360627aeb4ff57ff7b77919a6e3e2acb38ed98717a5e543cf7efff7aed6','{"title":"Order 382954018701312000","priority":"high"}',NULL);
INSERT INTO message VALUES(382954022895616000,1,1,1,1795370554000,'more-2',NULL,X'e96f59a158de04adeaa643127c3b3f42ae13fb172aeee919798d0b7ef40b2e80',X'8a406321c2a840b3874f613fefcaa6495a518b51bfd8a74b8afcf59aa259aab6','{"title":"Order 382954022895616000","priority":"high"}',NULL);
INSERT INTO timeline VALUES(382953939009536000,0,3,1,NULL,6,0,26,382953943203840000,X'01e091e2c6c0680000000100000008020100');
INSERT INTO timeline VALUES(382953939009536001,1,4,1,NULL,6,0,32,382953959981056000,X'01e091e2c6c0680000000100000109020100');
INSERT INTO timeline VALUES(382953939009536002,2,5,1,NULL,6,0,35,382953964175360000,X'01e091e2c6c0680000000100000109020100');
INSERT INTO timeline VALUES(382953985146880000,0,3,0,1795370550000,0,0,43,382953989341184000,X'02d0bde3c6c0680000000380bab703904e9088b803904e010101010000080201000000010100000000808080a0fdd3a1a8050003');
INSERT INTO timeline VALUES(382953993535488000,0,3,4,NULL,0,0,39,NULL,X'01f0dce3c6c068000000000000');
INSERT INTO timeline VALUES(382953993535488001,1,4,4,NULL,0,0,41,NULL,X'01f0dce3c6c068000000000000');
INSERT INTO timeline VALUES(382954010312704000,0,3,1,NULL,6,0,47,NULL,X'01b09be4c6c068000000000000');
INSERT INTO timeline VALUES(382954018701312000,0,3,0,1795370613000,0,0,48,NULL,X'01d0bae4c6c068000000000000');
INSERT INTO timeline VALUES(382954022895616000,0,3,0,1795370614000,0,0,49,NULL,X'01a0cae4c6c068000000000000');
INSERT INTO evidence VALUES(23,382953939009536000,382953943203840000,1,1,3,1795370535000);
INSERT INTO evidence VALUES(24,382953939009536000,382953943203840000,3,1,3,1795370536000);
INSERT INTO evidence VALUES(25,382953939009536000,NULL,6,3,3,NULL);
INSERT INTO evidence VALUES(31,382953939009536001,NULL,6,3,4,NULL);
INSERT INTO evidence VALUES(33,382953939009536002,NULL,6,3,5,NULL);
INSERT INTO evidence VALUES(45,382954010312704000,NULL,6,3,3,NULL);
INSERT INTO attempt VALUES(382953943203840000,382953943203840000,382953939009536000,0,NULL,NULL,NULL,0,'push',0,1,1,3,'jpush',1795370535000,3,1,1795370536000,200,NULL,'18446744073709551000','ok','cid-1',NULL,NULL);
INSERT INTO attempt VALUES(382953959981056000,382953959981056000,382953939009536000,1,NULL,NULL,382953964175360000,1,'text',1,1,1,1,'carrier',1795370539000,0,3,1795370541000,200,NULL,'18446744073709551000','ok',NULL,'7311',X'c9b457d5ab7122c97b74325804e35f5f');
INSERT INTO attempt VALUES(382953964175360000,382953964175360000,382953939009536000,2,NULL,382953959981056000,NULL,1,'text',1,1,1,1,'carrier',1795370540000,0,3,1795370542000,200,NULL,'18446744073709551000','ok',NULL,NULL,NULL);
INSERT INTO attempt VALUES(382953989341184000,382953989341184000,382953985146880000,0,NULL,NULL,NULL,0,'push',0,1,1,3,'jpush',1795370546000,0,NULL,NULL,NULL,NULL,NULL,NULL,'cid-1',NULL,NULL);
INSERT INTO detail VALUES(10,X'96d3d772555133115e2d6c99ecd13ebfcc101d146285c7b939acac96da547556','asked by Li Si');
INSERT INTO detail VALUES(25,X'4f87024e98578d8a55f408be7e198be53b9699276f94b37699e1968a83f61539','{"by":"张三","device":"phone"}');
INSERT INTO detail VALUES(31,X'2ded01d18a270ed4f2c9ecb8b58808482a0b38c9f1590ec6a1e19cd4f89ff75a','{"by":"张三","device":"phone"}');
INSERT INTO detail VALUES(33,X'19b2414a475edea668b6f840a8ce1f52eb07f96bb826e3bc52a45445e653332b','{"by":"张三","device":"phone"}');
INSERT INTO detail VALUES(39,X'78e26f20234eda22f99a939b6357eb1625f0132e1e4f380e94fe1401d7102d50','sent by mistake');
INSERT INTO detail VALUES(40,X'4d7aa5b7b877e1f059c9fd19498f82a91447bdcea755546f2e6436e1e994bd4c','sent by mistake');
INSERT INTO detail VALUES(42,X'630a88b6c8777b612ec86c43189e02066aa515f36a0e6782a97b5807bb637d57','lunch');
INSERT INTO detail VALUES(43,X'e7866907fdf7f1ae5051b1f8b7468d8ac5dfa65a11cedefc6796559e15f89304','no lunch');
INSERT INTO detail VALUES(45,X'bc2b4dbc113a8bdd7b9db9e3b7fe9beb6d443174d66783741e23aefb57233d27','{"by":"张三","device":"phone"}');
INSERT INTO opt_out VALUES(6,X'4bd9ab48de78f65e23e766be5060f517157a5905c01b41cd0ebc3933568c2866',1);
INSERT INTO opt_out VALUES(7,X'4bd9ab48de78f65e23e766be5060f517157a5905c01b41cd0ebc3933568c2866',0);
INSERT INTO opt_out VALUES(8,X'1c8b5f9cfbe568f4fea1d86946ebaf37718615bdf59eada0029076c7f18301b5',1);
INSERT INTO downtime VALUES(9,1795366925000,1795370525000);
INSERT INTO alive VALUES(0,1795370533000);
INSERT INTO channel_hold VALUES(13,'mail','stopped',1795370529000,0);
INSERT INTO channel_hold VALUES(15,'push','paused',1795370531000,172800000);
INSERT INTO notice VALUES(1,1795370532000,1795370532000,0,1,'tries-spent','an SMS got through nowhere');
INSERT INTO log VALUES(0,NULL,NULL,X'9c3b870be05b39a2e7a1ba08e8db95f62310e3590a72426a2d87aa8379834854','{"seq":0,"ts":"2026-11-22T18:01:56.000Z","kind":"rules.loaded","actor":"core","number":1,"sha256":"0000000000000000000000000000000000000000000000000000000000000000","content":"db5724ee0c86ee963ce874a46eae452c1bf4c3575a0dd2b2a1839c99685fded3"}');
INSERT INTO log VALUES(1,NULL,NULL,X'6cc20d6212654ea1817a5626207d2f1f352fa89fa3ea3e137e9bb66f23511685','{"seq":1,"ts":"2026-11-22T18:01:57.000Z","kind":"person.changed","actor":"key:1","why":"created","persons":[1],"person_commitments":["5fc2b106f66260838eeb9b587353e510c8d2459f2f40b2537629e6e55cbe5483"]}');
INSERT INTO log VALUES(2,NULL,NULL,X'3c7572730b6ada5be8aa327ef4b1d7ab64b20f64980e5cff7ab81d28636e7e9f','{"seq":2,"ts":"2026-11-22T18:01:58.000Z","kind":"person.changed","actor":"key:1","why":"contact","content":"9fe6ca9cf27a127a500cb4f2fc6a2f5b7907b1aceb01c0c918b29e0da129bc9b","persons":[1],"person_commitments":["5fc2b106f66260838eeb9b587353e510c8d2459f2f40b2537629e6e55cbe5483"]}');
INSERT INTO log VALUES(3,NULL,NULL,X'38c20e51f92a7b944fa3eaa2a5910ea5682d58e41cf8310b318206ccf9fb3def','{"seq":3,"ts":"2026-11-22T18:01:59.000Z","kind":"person.changed","actor":"key:1","why":"created","persons":[2],"person_commitments":["975d9259ca1bf44fc0d4bbecea2e512c0ad34a85ed74fbc5924305dcf64b4ebd"]}');
INSERT INTO log VALUES(4,NULL,NULL,X'0c20f0b09db9f49dbe3660c7df41c65f1113f8348550f8287e9c8f08cdd02abf','{"seq":4,"ts":"2026-11-22T18:02:00.000Z","kind":"person.changed","actor":"key:1","why":"erased","persons":[2]}');
INSERT INTO log VALUES(5,NULL,NULL,X'f2495491f4c8bc44ec0ea3ca02571180e8aa02f6c5fd9dc799ba48a15523c075','{"seq":5,"ts":"2026-11-22T18:02:01.000Z","kind":"key.changed","actor":"uid:0","key":1,"why":"created","sha256":"0a1d1c1d81563c8af52e3c3b77d35b9a1c0816e83006364dd7404f5ab1af6b0f"}');
INSERT INTO log VALUES(6,NULL,NULL,X'5213e7c3daffec00fa6e585fa3a1298d796b889d0d6b7184718f4b942988dc4b','{"seq":6,"ts":"2026-11-22T18:02:02.000Z","kind":"number.opted","actor":"channel:carrier","why":"out","channel":"carrier","content":"4bd9ab48de78f65e23e766be5060f517157a5905c01b41cd0ebc3933568c2866"}');
INSERT INTO log VALUES(7,NULL,NULL,X'aaad294b6f730aead52950ad4acc2638353d7f5e680c2d3b38f08939290bf43b','{"seq":7,"ts":"2026-11-22T18:02:03.000Z","kind":"number.opted","actor":"channel:carrier","why":"in","channel":"carrier","content":"4bd9ab48de78f65e23e766be5060f517157a5905c01b41cd0ebc3933568c2866"}');
INSERT INTO log VALUES(8,NULL,NULL,X'0ad887020f4aa4ed60181bda8e89f266083e8c9c56c84156e80c8bb4636a0248','{"seq":8,"ts":"2026-11-22T18:02:04.000Z","kind":"number.opted","actor":"channel:all","why":"out","channel":"all","content":"1c8b5f9cfbe568f4fea1d86946ebaf37718615bdf59eada0029076c7f18301b5"}');
INSERT INTO log VALUES(9,NULL,NULL,X'5f2427f7ba87a997f9702c15fec6e761afa1155201c1a5573b9fb59a4d41a72c','{"seq":9,"ts":"2026-11-22T18:02:05.000Z","kind":"daemon.downtime","actor":"core","why":"stopped","from":"2026-11-22T17:02:05.000Z","to":"2026-11-22T18:02:05.000Z"}');
INSERT INTO log VALUES(10,NULL,NULL,X'8b795e0243b631dbbc479035e6e12e6c31ecc6c8284a62660f02f99038a399ce','{"seq":10,"ts":"2026-11-22T18:02:06.000Z","kind":"channel.changed","actor":"core","state":"paused","channel":"sms","content":"f46b4cf717e7f75d8079bdcb40a4292272d461f5d5ad6dee6795093a1ba7ebce"}');
INSERT INTO log VALUES(11,NULL,NULL,X'ebdfb6d28245c29b09ec42de8d372c7ac32a13cd85f2ef483485cafbacd7d4d8','{"seq":11,"ts":"2026-11-22T18:02:07.000Z","kind":"channel.changed","actor":"core","state":"resumed","channel":"sms"}');
INSERT INTO log VALUES(12,NULL,NULL,X'c183a0a47c9fe8cd853f32cbaaa06dfe18affc804b2aa4e7afb072126a3c9202','{"seq":12,"ts":"2026-11-22T18:02:08.000Z","kind":"channel.changed","actor":"core","state":"open","channel":"mail"}');
INSERT INTO log VALUES(13,NULL,NULL,X'9e3a83ec53021b9a543a99226fffe073b03048f93240023e29dddc62305be355','{"seq":13,"ts":"2026-11-22T18:02:09.000Z","kind":"channel.changed","actor":"core","state":"stopped","channel":"mail","code":535,"text":"535 no"}');
INSERT INTO log VALUES(14,NULL,NULL,X'2f9d3de490d41b7cec8f6352765bff46d26fe18c89e3b9765f0c54c7366f728e','{"seq":14,"ts":"2026-11-22T18:02:10.000Z","kind":"channel.changed","actor":"core","state":"paused","channel":"push","to":"1970-01-02T00:00:00.000Z"}');
INSERT INTO log VALUES(15,NULL,NULL,X'8176ef99de85777c6284f043d465a0a71d59c9a44bd96dbc2d28dcfe8b52a5e5','{"seq":15,"ts":"2026-11-22T18:02:11.000Z","kind":"channel.changed","actor":"core","state":"paused","channel":"push","to":"1970-01-03T00:00:00.000Z"}');
INSERT INTO log VALUES(16,NULL,NULL,X'a547e33741673fef508b2a6c786e82bce495273f55877232ebba1bc0415cfe3e','{"seq":16,"ts":"2026-11-22T18:02:12.000Z","kind":"operators.told","actor":"core","why":"tries-spent","text":"an SMS got through nowhere"}');
INSERT INTO log VALUES(17,NULL,NULL,X'd68691191c0f12085ac7cf8f239a92c024bebe04d2567f7f459ddc76d24996f2','{"seq":17,"ts":"2026-11-22T18:02:14.000Z","kind":"person.changed","actor":"core","why":"created","persons":[3],"person_commitments":["73e1d286936883ad5af9da6aba540b18a770b6ff69199ad7d46ab8ce8a78e7f6"]}');
INSERT INTO log VALUES(18,NULL,NULL,X'59c0e898a9e1ecb4c040f19c665fc5a1c8b8d1086e50ac6a913ee4b0c32c2431','{"seq":18,"ts":"2026-11-22T18:02:14.000Z","kind":"person.changed","actor":"core","why":"created","persons":[4],"person_commitments":["e1563183e7d3a8964d520ca007961c704d5988951cdc970efe9beca232b54fdd"]}');
INSERT INTO log VALUES(19,NULL,NULL,X'b6983455465042e23b1675b5342d83ea9d02018d4aa765547086eff8db2b149e','{"seq":19,"ts":"2026-11-22T18:02:14.000Z","kind":"person.changed","actor":"core","why":"created","persons":[5],"person_commitments":["b5669a7bb07b80098765067050e9965f94c51e914043a3242e490f2764080af1"]}');
INSERT INTO log VALUES(20,382953939009536000,NULL,X'f627d8d7a995a44dd96c43a1cd770783eec4a61d8b6626f044002d6307e71663','{"seq":20,"ts":"2026-11-22T18:02:14.000Z","kind":"message.registered","msg":"msg_0AM46JGE00000","actor":"key:1","at":"2026-11-22T18:02:14.000Z","registered":"2026-11-22T18:02:14.000Z","next_due":"2026-11-22T18:03:14.000Z","rule":"must-read","sha256":"7f2c43106364d8112fcc3060e4ab8b20f5d1a17d9cbf3c2540529663004adff8","content":"1e79d65281b729d7c11606534ffbfa8a8a032aa3a5d3ef95426d13859ed58103","persons":[3,4,5],"person_commitments":["73e1d286936883ad5af9da6aba540b18a770b6ff69199ad7d46ab8ce8a78e7f6","e1563183e7d3a8964d520ca007961c704d5988951cdc970efe9beca232b54fdd","b5669a7bb07b80098765067050e9965f94c51e914043a3242e490f2764080af1"]}');
INSERT INTO log VALUES(21,382953939009536000,20,X'a9b854e258557efd11fcb06377589caaea8063be232be5da12cfda36674e6e31','{"seq":21,"ts":"2026-11-22T18:02:15.000Z","kind":"firing.claimed","msg":"msg_0AM46JGE00000","n":0,"prev":20,"actor":"core","step":"push","step_index":0,"do":"push","round":1,"number":1,"attempt":"att_0AM46JMB00000","ref":"aw_0AM46JMB00000","person":3,"why":"due","channel":"jpush","last_round":true,"next_due":"2026-11-22T18:03:15.000Z"}');
INSERT INTO log VALUES(22,382953939009536000,21,X'16e7c6a5621d04fe9835b823d304bac4aaf62005f652f7493d94db0aa4ca7743','{"seq":22,"ts":"2026-11-22T18:02:16.000Z","kind":"attempt.outcome","msg":"msg_0AM46JGE00000","n":0,"prev":21,"actor":"channel:jpush","attempt":"att_0AM46JMB00000","person":3,"outcome":"accepted","next_due":"2026-11-22T18:03:16.000Z","http_status":200,"provider_id":"18446744073709551000","text":"ok"}');
INSERT INTO log VALUES(23,382953939009536000,22,X'454e6368d6ebe46151db7234c6ce9d14feb3c65658a3b469aa27a88147a48e1b','{"seq":23,"ts":"2026-11-22T18:02:16.000Z","kind":"evidence.recorded","msg":"msg_0AM46JGE00000","n":0,"prev":22,"actor":"channel:jpush","attempt":"att_0AM46JMB00000","person":3,"level":"accepted","source":"report","counts":true,"at":"2026-11-22T18:02:15.000Z","next_due":"2026-11-22T18:03:16.000Z"}');
INSERT INTO log VALUES(24,382953939009536000,23,X'94832418be49b14b10bdcfbc2127cba6f5becb2441aa28cf556e2170e77c3796','{"seq":24,"ts":"2026-11-22T18:02:17.000Z","kind":"evidence.recorded","msg":"msg_0AM46JGE00000","n":0,"prev":23,"actor":"channel:jpush","attempt":"att_0AM46JMB00000","person":3,"level":"delivered","source":"report","counts":true,"at":"2026-11-22T18:02:16.000Z","next_due":"2026-11-22T18:03:17.000Z"}');
INSERT INTO log VALUES(25,382953939009536000,24,X'b4c44132d34df0ed0d14c4fcad1b9bacddf38e0e6840f7f1d78697374474f0ac','{"seq":25,"ts":"2026-11-22T18:02:18.000Z","kind":"evidence.recorded","msg":"msg_0AM46JGE00000","n":0,"prev":24,"actor":"key:1","person":3,"level":"acknowledged","source":"app","counts":true,"next_due":"2026-11-22T18:03:18.000Z","content":"8fb8632ec6b3655f11b82b04634b9e5fc7d704de97b83c17b02829af8233f254"}');
INSERT INTO log VALUES(26,382953939009536000,25,X'5f9c3479841216bcad15a96df7649230d34c21829812b2789a805c2a8c9e4736','{"seq":26,"ts":"2026-11-22T18:02:18.000Z","kind":"timeline.ended","msg":"msg_0AM46JGE00000","n":0,"prev":25,"actor":"key:1","person":3,"state":"confirmed","why":"goal"}');
INSERT INTO log VALUES(27,382953939009536000,20,X'21a825d0c48ee6059023a5c34783e1c39f44a5b03dcd055376ffdb57f5f57a1e','{"seq":27,"ts":"2026-11-22T18:02:19.000Z","kind":"firing.claimed","msg":"msg_0AM46JGE00000","n":1,"prev":20,"actor":"core","step":"text","step_index":1,"do":"sms","round":1,"number":1,"attempt":"att_0AM46K3Z00000","ref":"aw_0AM46K3Z00000","person":1,"why":"due","channel":"carrier","last_round":true,"next_due":"2026-11-22T18:03:19.000Z"}');
INSERT INTO log VALUES(28,382953939009536000,20,X'6e9132293ef0b44cac1eca801b8e96b6f4963f83d7e94ef84a67996ee7bdfcc0','{"seq":28,"ts":"2026-11-22T18:02:20.000Z","kind":"firing.claimed","msg":"msg_0AM46JGE00000","n":2,"prev":20,"actor":"core","step":"text","step_index":1,"do":"sms","round":1,"number":1,"attempt":"att_0AM46K7W00000","ref":"aw_0AM46K7W00000","merged_into":"att_0AM46K3Z00000","person":1,"why":"due","channel":"carrier","last_round":true,"next_due":"2026-11-22T18:03:20.000Z"}');
INSERT INTO log VALUES(29,382953939009536000,27,X'c1c7f13d09dfa74d3c471d39f0c5883607ee265e295167a42350d4864e31a426','{"seq":29,"ts":"2026-11-22T18:02:21.000Z","kind":"attempt.outcome","msg":"msg_0AM46JGE00000","n":1,"prev":27,"actor":"channel:jpush","attempt":"att_0AM46K3Z00000","person":4,"outcome":"refused","next_due":"2026-11-22T18:03:21.000Z","http_status":200,"provider_id":"18446744073709551000","text":"ok"}');
INSERT INTO log VALUES(30,382953939009536000,28,X'f156537742b146eaa83f418817ce3d9068c7adabc69d94e39c55cb7201fc35dd','{"seq":30,"ts":"2026-11-22T18:02:22.000Z","kind":"attempt.outcome","msg":"msg_0AM46JGE00000","n":2,"prev":28,"actor":"channel:jpush","attempt":"att_0AM46K7W00000","person":5,"outcome":"refused","next_due":"2026-11-22T18:03:22.000Z","http_status":200,"provider_id":"18446744073709551000","text":"ok"}');
INSERT INTO log VALUES(31,382953939009536000,29,X'2096ed9a6505ce1cb8a1b7b76463d63b2434dd29cccd131b5100e2373bc4a190','{"seq":31,"ts":"2026-11-22T18:02:23.000Z","kind":"evidence.recorded","msg":"msg_0AM46JGE00000","n":1,"prev":29,"actor":"key:1","person":4,"level":"acknowledged","source":"app","counts":true,"next_due":"2026-11-22T18:03:23.000Z","content":"83104c617f7b52d30596cafe7397e7583bac916314d5979728f10a3df65358e3"}');
INSERT INTO log VALUES(32,382953939009536000,31,X'4f1bf10fac2529a09c64c5981dfa83ceaef46900933f9bd1c1d921ad336fd4ae','{"seq":32,"ts":"2026-11-22T18:02:23.000Z","kind":"timeline.ended","msg":"msg_0AM46JGE00000","n":1,"prev":31,"actor":"key:1","person":4,"state":"confirmed","why":"goal"}');
INSERT INTO log VALUES(33,382953939009536000,30,X'bb248d8c4e88ccc6c63b2912eff1dceb202566fea346e5f6dd4034c8fbc3b9e3','{"seq":33,"ts":"2026-11-22T18:02:24.000Z","kind":"evidence.recorded","msg":"msg_0AM46JGE00000","n":2,"prev":30,"actor":"key:1","person":5,"level":"acknowledged","source":"app","counts":true,"next_due":"2026-11-22T18:03:24.000Z","content":"44863fd9106c6453caa75a6e405a595e8a0e9218a23f4edaa4941d802e9db8ac"}');
INSERT INTO log VALUES(34,382953939009536000,33,X'c0c39500e9806f26d38e2b71ea39ea9157575a14ca073f86b7aa8ec6db15ea89','{"seq":34,"ts":"2026-11-22T18:02:24.000Z","kind":"timeline.ended","msg":"msg_0AM46JGE00000","n":2,"prev":33,"actor":"key:1","person":5,"state":"confirmed","why":"goal"}');
INSERT INTO log VALUES(35,382953939009536000,34,X'083e65933758bce0216e582cc9ff8d9288b2f6b28141a3ce5d0274707471efb4','{"seq":35,"ts":"2026-11-22T18:02:24.000Z","kind":"message.ended","msg":"msg_0AM46JGE00000","n":2,"prev":34,"actor":"core","state":"confirmed"}');
INSERT INTO log VALUES(36,382953985146880000,NULL,X'd6d60d303b1d2ebdeefffe033281545c22bbc6555ce1e33945acabbffa6c409c','{"seq":36,"ts":"2026-11-22T18:02:25.000Z","kind":"message.registered","msg":"msg_0AM46KVD00000","actor":"key:1","at":"2026-11-22T18:02:25.000Z","registered":"2026-11-22T18:02:25.000Z","next_due":"2026-11-22T18:03:25.000Z","rule":"must-read","sha256":"7f2c43106364d8112fcc3060e4ab8b20f5d1a17d9cbf3c2540529663004adff8","content":"f69b72c3e19eed5967f71e38e2dd43fec1d95e800dddb0cb66e83d468b716459","persons":[3],"person_commitments":["73e1d286936883ad5af9da6aba540b18a770b6ff69199ad7d46ab8ce8a78e7f6"]}');
INSERT INTO log VALUES(37,382953985146880000,36,X'40f873ad93544bf00a01f7cca791617a8ac087c7531ac475966f2ce530208fe6','{"seq":37,"ts":"2026-11-22T18:02:26.000Z","kind":"firing.claimed","msg":"msg_0AM46KVD00000","n":0,"prev":36,"actor":"core","step":"push","step_index":0,"do":"push","round":1,"number":1,"attempt":"att_0AM46KZA00000","ref":"aw_0AM46KZA00000","person":3,"why":"due","channel":"jpush","last_round":true,"next_due":"2026-11-22T18:03:26.000Z"}');
INSERT INTO log VALUES(38,382953993535488000,NULL,X'd53c3a66f2488afd2ce2046d6d32101341416a82be47b407282dc68911d7de60','{"seq":38,"ts":"2026-11-22T18:02:27.000Z","kind":"message.registered","msg":"msg_0AM46M3700000","actor":"key:1","at":"2026-11-22T18:02:27.000Z","registered":"2026-11-22T18:02:27.000Z","next_due":"2026-11-22T18:03:27.000Z","rule":"must-read","sha256":"7f2c43106364d8112fcc3060e4ab8b20f5d1a17d9cbf3c2540529663004adff8","content":"c284895a2a65bc96029072e51551083fd9a5566a0ec2793df3f617713c6c291d","persons":[3,4],"person_commitments":["73e1d286936883ad5af9da6aba540b18a770b6ff69199ad7d46ab8ce8a78e7f6","e1563183e7d3a8964d520ca007961c704d5988951cdc970efe9beca232b54fdd"]}');
INSERT INTO log VALUES(39,382953993535488000,38,X'7976ee6028751d1f940d7dc428285449dedf756c0decba6163bfa517dd33cf7b','{"seq":39,"ts":"2026-11-22T18:02:28.000Z","kind":"timeline.ended","msg":"msg_0AM46M3700000","n":0,"prev":38,"actor":"key:1","person":3,"state":"cancelled","why":"cancelled","content":"8e381035693f7a4d1534afdb0104215ecfbb1aa862bf115ad64ea733301b5831"}');
INSERT INTO log VALUES(40,382953993535488000,38,X'a359e1d9dcfc6a21b9dd1bad311e35567373695900bebb268e8514ce5b6cdf76','{"seq":40,"ts":"2026-11-22T18:02:29.000Z","kind":"timeline.ended","msg":"msg_0AM46M3700000","n":1,"prev":38,"actor":"key:1","person":4,"state":"cancelled","why":"cancelled","content":"485d4a1f43e545aeee6aee7b60e0cd21f1421af54a8314838b5335839f5e81ba"}');
INSERT INTO log VALUES(41,382953993535488000,40,X'7776cc550e902fb4358cacfa9a69213fd5bc2e6a38253e55ad2838c9a9f90a61','{"seq":41,"ts":"2026-11-22T18:02:29.000Z","kind":"message.ended","msg":"msg_0AM46M3700000","n":1,"prev":40,"actor":"core","state":"cancelled"}');
INSERT INTO log VALUES(42,382953985146880000,37,X'99c779aa65d73e493566f83fb7373d93a19072739687b8cab64e2842548f0aeb','{"seq":42,"ts":"2026-11-22T18:02:30.000Z","kind":"timeline.held","msg":"msg_0AM46KVD00000","n":0,"prev":37,"actor":"key:1","person":3,"why":"snoozed","at":"2026-11-22T19:02:30.000Z","next_due":"2026-11-22T19:02:30.000Z","moved":3600000,"content":"4d433d4a52c72adba76c2ad41d3783ec154063177766782c029bf026da1cb6cf","from":"2026-11-22T18:02:30.000Z"}');
INSERT INTO log VALUES(43,382953985146880000,42,X'383b1c248c6e4ba87fb3ee9202f57bab7df36ae719ea253dad079709112f2628','{"seq":43,"ts":"2026-11-22T18:02:30.000Z","kind":"timeline.escalated","msg":"msg_0AM46KVD00000","n":0,"prev":42,"actor":"key:1","step":"text","step_index":1,"round":1,"person":3,"why":"escalated","at":"2026-11-22T18:02:30.000Z","next_due":"2026-11-22T18:02:30.000Z","content":"859c428057bfac04e0a4c0e288c4d7d5e509d73d31b61344918e6879aba1143f"}');
INSERT INTO log VALUES(44,382954010312704000,NULL,X'5764d966d2b15a77ac1cb19bf027a3c64fac59367ad2647e51083ca444a4301d','{"seq":44,"ts":"2026-11-22T18:02:31.000Z","kind":"message.registered","msg":"msg_0AM46MJV00000","actor":"key:1","at":"2026-11-22T18:02:31.000Z","registered":"2026-11-22T18:02:31.000Z","next_due":"2026-11-22T18:03:31.000Z","rule":"must-read","sha256":"7f2c43106364d8112fcc3060e4ab8b20f5d1a17d9cbf3c2540529663004adff8","content":"2dce5d22592db271d0907e9caefd24720d7acdaa1d5bdc01960c5892b21f91ff","persons":[3],"person_commitments":["73e1d286936883ad5af9da6aba540b18a770b6ff69199ad7d46ab8ce8a78e7f6"]}');
INSERT INTO log VALUES(45,382954010312704000,44,X'dfc9ee03462f663e320aca2ffdba50a01ed780d99d1518ba18822ef530ba7be2','{"seq":45,"ts":"2026-11-22T18:02:32.000Z","kind":"evidence.recorded","msg":"msg_0AM46MJV00000","n":0,"prev":44,"actor":"key:1","person":3,"level":"acknowledged","source":"app","counts":true,"next_due":"2026-11-22T18:03:32.000Z","content":"113c3e5922e7f447bac52c961f5138f3570a7ffba5e471accbb5cd5e5ad4a7b3"}');
INSERT INTO log VALUES(46,382954010312704000,45,X'449756509c2b1f89d730eb0af6b44cd8c982ecc6cff1c6ddcde9441e3a23b64e','{"seq":46,"ts":"2026-11-22T18:02:32.000Z","kind":"timeline.ended","msg":"msg_0AM46MJV00000","n":0,"prev":45,"actor":"key:1","person":3,"state":"confirmed","why":"goal"}');
INSERT INTO log VALUES(47,382954010312704000,46,X'cd9b5083b3926bfd2b6f430cc3483ee8b05840eb58175f0e9cb03b8a71f55b84','{"seq":47,"ts":"2026-11-22T18:02:32.000Z","kind":"message.ended","msg":"msg_0AM46MJV00000","n":0,"prev":46,"actor":"core","state":"confirmed"}');
INSERT INTO log VALUES(48,382954018701312000,NULL,X'2455657b88abc5b21b220a61b428f8bed8b2dc23b88e8b1f9d7f6218e12e97d6','{"seq":48,"ts":"2026-11-22T18:02:33.000Z","kind":"message.registered","msg":"msg_0AM46MTN00000","actor":"key:1","at":"2026-11-22T18:02:33.000Z","registered":"2026-11-22T18:02:33.000Z","next_due":"2026-11-22T18:03:33.000Z","rule":"must-read","sha256":"7f2c43106364d8112fcc3060e4ab8b20f5d1a17d9cbf3c2540529663004adff8","content":"432d73dcb300e317884d5fe4b2dcdf6f1a9889586971baf69f2763182355502f","persons":[3],"person_commitments":["73e1d286936883ad5af9da6aba540b18a770b6ff69199ad7d46ab8ce8a78e7f6"]}');
INSERT INTO log VALUES(49,382954022895616000,NULL,X'b9f557a9684f94841b50e209e1d8aa254fa02bd9e22f359c7223bb4bfc9f2eb1','{"seq":49,"ts":"2026-11-22T18:02:34.000Z","kind":"message.registered","msg":"msg_0AM46MYJ00000","actor":"key:1","at":"2026-11-22T18:02:34.000Z","registered":"2026-11-22T18:02:34.000Z","next_due":"2026-11-22T18:03:34.000Z","rule":"must-read","sha256":"7f2c43106364d8112fcc3060e4ab8b20f5d1a17d9cbf3c2540529663004adff8","content":"6d7b4a01e24d810c0620fa19cd0e09306f17e9bf642b54bcad556abd6230bd1b","persons":[3],"person_commitments":["73e1d286936883ad5af9da6aba540b18a770b6ff69199ad7d46ab8ce8a78e7f6"]}');
INSERT INTO log_front VALUES(0,50,X'6313eb01a547df8e22ffb107be970100c2f396ee62fd2e9ca02a4003d66a37ae3650a639da19d3a3f98948b9d8131d0bf05c10370c97e6f212b75f3b615bc8a2d5ead7e9323b805d6f1a7e307e3dad0296267a9a5b1d680d2a41aef249c56cfb');
INSERT INTO key_page VALUES(1,X'aa66a42197fa7d960100000000000000');
INSERT INTO key_page VALUES(2,X'ca055d42242fdd140200000000000000');
INSERT INTO key_page VALUES(3,X'cae43473e7aa072c0300000000000000024574f526470cf40400000000000000ae2f576d60c946eb0500000000000000f85a7deb84befc9d0000001c9486500591bcb207b849eb6a0000001c94865005');
INSERT INTO key_page VALUES(4,X'974e18fffe552e94000000fe98865005f365ddd394d814f8000000fe98865005');
INSERT INTO key_page VALUES(5,X'14b6de829e18a606000000da9e865005');
INSERT INTO key_page VALUES(6,X'cd8e8d013b60c008000000cea0865005');
INSERT INTO key_page VALUES(7,X'54273bd34a8b700d000000b6a4865005');
INSERT INTO key_page VALUES(8,X'748cfd65a2849ade000000aaa6865005');
INSERT INTO key_page VALUES(9,X'8c9928034f29b2df000000a4a7865005');

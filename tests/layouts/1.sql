-- SPDX-License-Identifier: Apache-2.0
--
-- A database of layout 1 as an older ackwatch left it: its schema, and the rows of a story like that
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
-- AUDITED tables are a projection of the log: `ackwatch audit verify` recomputes them.

PRAGMA application_id = 0x41434B57;
PRAGMA user_version = 1;

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

-- AUDITED, cold. One row per registration; key: the idempotency key in force; digest: SHA-256 of
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
    body TEXT NOT NULL
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

-- AUDITED (cid aside). Tries of firings. Outcomes and receipts know the id alone, so that is the
-- key; those of a timeline are a list: timeline.tried is the newest, `previous` the one before it. An
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
    cid TEXT
) STRICT;

-- What was in flight when the process ended.
CREATE INDEX attempt_open ON attempt(id) WHERE outcome IS NULL AND merged_into IS NULL;

-- Texts given by people, under the commitment `content` of entry seq.
CREATE TABLE detail(
    seq INTEGER PRIMARY KEY,
    salt BLOB NOT NULL,
    text TEXT NOT NULL
) STRICT;

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
    PRIMARY KEY(timeline, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX poll_due ON poll(due);

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

CREATE VIEW v_operator_actions AS SELECT l.seq, json_extract(l.body, '$.ts') AS at,
    json_extract(l.body, '$.actor') AS actor, json_extract(l.body, '$.kind') AS action,
    json_extract(l.body, '$.msg') AS message, json_extract(l.body, '$.n') AS n,
    json_extract(l.body, '$.why') AS why, d.text AS in_words
    FROM log AS l LEFT JOIN detail AS d ON d.seq = l.seq
    WHERE json_extract(l.body, '$.why') = 'cancelled'
        OR json_extract(l.body, '$.source') = 'operator'
        OR json_extract(l.body, '$.kind') IN ('key.changed', 'rules.loaded')
        OR (json_extract(l.body, '$.kind') = 'person.changed'
            AND json_extract(l.body, '$.why') <> 'created');

INSERT INTO app VALUES(1,'shop');
INSERT INTO person VALUES(1,1,'boss',X'1c426bd4d26b312d6a60471182df49144206a1b8ec788aabc7b78eed5b736a14','{"phone":"+8613800138000"}');
INSERT INTO person VALUES(2,1,NULL,NULL,NULL);
INSERT INTO person VALUES(3,1,'u0',X'b51b791d440879561af56cb6a4f063f55c382cacf8f2a9519dbf502ff75ef716',NULL);
INSERT INTO person VALUES(4,1,'u1',X'c4bfe60b5caf02d3ea939d132d7a10b4bccd95b9740123af6ae86add032060c1',NULL);
INSERT INTO person VALUES(5,1,'u2',X'34c8f2c7b18bdbbc2d345a3a459ec0816a6e4fbd4d46600b14e40711be00790c',NULL);
INSERT INTO api_key VALUES(1,'app','shop',7,X'0000000000000000000000000000000000000000000000000000000000000000',1795370516000,0);
INSERT INTO secret VALUES('keymap',X'11bbab59d6665df09ffdac18aff9231fb6901de2dc0f190cbcb157788207b382');
INSERT INTO rule_text VALUES(X'030ef89a9a7c054f58490043138c5aa1ebe8142d90e23f6b9bcd7b287d872484',replace('version: 1\nrules:\n  - name: must-read\n    until: acknowledged\n    deadline: 30m\n    steps:\n      - {id: push, at: 0s, do: push}\n      - {id: text, at: 5m, do: sms, unless: delivered}\n','\n',char(10)));
INSERT INTO rule VALUES(1,'must-read',X'030ef89a9a7c054f58490043138c5aa1ebe8142d90e23f6b9bcd7b287d872484');
INSERT INTO ruleset VALUES(0,'rules.yaml',X'030ef89a9a7c054f58490043138c5aa1ebe8142d90e23f6b9bcd7b287d872484');
INSERT INTO message VALUES(382953901260800000,1,1,3,1795370525000,'key-1','order-1',X'6819ae9b8ce8afc7eed6153bd92e4a25f1966a34bfc87483ce0e52e773d53d9b',X'26f682b1d44729c91057f30f63afe4cf26b43e9295589825452b355505ab8ac2','{"title":"Order 382953901260800000","priority":"high","external_id":"x","recipients":[{"user":"u0","alias":"u0"},{"user":"u1","alias":"u1"},{"user":"u2","alias":"u2"}]}');
INSERT INTO message VALUES(382953947398144000,1,1,1,1795370536000,'key-2',NULL,X'330f7f4e44ab935ac2f1a3de10c8f46eb3119363f6332867f0d4a7af4222c208',X'4392c9c04e76cd4d9e71697f735a91732f3dd3e0d73b831113d2c1343a369c79','{"title":"Order 382953947398144000","priority":"high","external_id":"x","recipients":[{"user":"u0","alias":"u0"}]}');
INSERT INTO message VALUES(382953955786752000,1,1,2,1795370538000,NULL,'order-3',X'1b9fcec39f4545ce03ea3026a406bc7c7558c9b6bbf0a97d731c54552a57c6bf',X'6a130b6072958b8b1440ced78aabc9abb50e1bff82d7a135fa4276bb539a4b26','{"title":"Order 382953955786752000","priority":"high","external_id":"x","recipients":[{"user":"u0","alias":"u0"},{"user":"u1","alias":"u1"}]}');
INSERT INTO message VALUES(382953968369664000,1,1,1,1795370541000,'more-0',NULL,X'a6958eda3e9e1760999f8479fbba5db31b6fc430f0a4e410202c166b74729705',X'0628a7d3fd551aa49d451bb611ee53a23aebeffb20060775a6941cd24d292378','{"title":"Order 382953968369664000","priority":"high","external_id":"x","recipients":[{"user":"u0","alias":"u0"}]}');
INSERT INTO message VALUES(382953976758272000,1,1,1,1795370543000,'more-1',NULL,X'bd3e33f1851bba54753a613893d02fcedb726300e1e090f8997e64793ae57f68',X'e81d5af9e8ce27add61167e85757ca54450d6e1b20db577e695a5ff7a1e55054','{"title":"Order 382953976758272000","priority":"high","external_id":"x","recipients":[{"user":"u0","alias":"u0"}]}');
INSERT INTO message VALUES(382953980952576000,1,1,1,1795370544000,'more-2',NULL,X'303930d56c705743afdf1000d810af4aa878ecec9a85d6c94cfc305b458d3bd6',X'76e88d693a0f7c49fb4e9b2101fef46a288024ff93902c27d87ad90493976398','{"title":"Order 382953980952576000","priority":"high","external_id":"x","recipients":[{"user":"u0","alias":"u0"}]}');
INSERT INTO timeline VALUES(382953901260800000,0,3,1,NULL,6,0,17,382953905455104000,X'019085e1c6c0680000000100000008020100');
INSERT INTO timeline VALUES(382953901260800001,1,4,1,NULL,6,0,23,382953922232320000,X'019085e1c6c0680000000100000109020100');
INSERT INTO timeline VALUES(382953901260800002,2,5,1,NULL,6,0,26,382953926426624000,X'019085e1c6c0680000000100000109020100');
INSERT INTO timeline VALUES(382953947398144000,0,3,0,1795370597000,0,0,28,382953951592448000,X'0180b1e2c6c06800000001010000080201000000010100000000808080d0f0d2a1a8050003');
INSERT INTO timeline VALUES(382953955786752000,0,3,4,NULL,0,0,30,NULL,X'01a0d0e2c6c068000000000000');
INSERT INTO timeline VALUES(382953955786752001,1,4,4,NULL,0,0,32,NULL,X'01a0d0e2c6c068000000000000');
INSERT INTO timeline VALUES(382953968369664000,0,3,1,NULL,6,0,36,NULL,X'0190ffe2c6c068000000000000');
INSERT INTO timeline VALUES(382953976758272000,0,3,0,1795370603000,0,0,37,NULL,X'01b09ee3c6c068000000000000');
INSERT INTO timeline VALUES(382953980952576000,0,3,0,1795370604000,0,0,38,NULL,X'0180aee3c6c068000000000000');
INSERT INTO evidence VALUES(14,382953901260800000,382953905455104000,1,1,3,1795370526000);
INSERT INTO evidence VALUES(15,382953901260800000,382953905455104000,3,1,3,1795370527000);
INSERT INTO evidence VALUES(16,382953901260800000,NULL,6,3,3,NULL);
INSERT INTO evidence VALUES(22,382953901260800001,NULL,6,3,4,NULL);
INSERT INTO evidence VALUES(24,382953901260800002,NULL,6,3,5,NULL);
INSERT INTO evidence VALUES(34,382953968369664000,NULL,6,3,3,NULL);
INSERT INTO attempt VALUES(382953905455104000,382953905455104000,382953901260800000,0,NULL,NULL,NULL,0,'push',0,1,1,3,'jpush',1795370526000,3,1,1795370527000,200,NULL,'18446744073709551000','ok','cid-1');
INSERT INTO attempt VALUES(382953922232320000,382953922232320000,382953901260800000,1,NULL,NULL,382953926426624000,1,'text',1,1,1,1,'carrier',1795370530000,0,3,1795370532000,200,NULL,'18446744073709551000','ok',NULL);
INSERT INTO attempt VALUES(382953926426624000,382953926426624000,382953901260800000,2,NULL,382953922232320000,NULL,1,'text',1,1,1,1,'carrier',1795370531000,0,3,1795370533000,200,NULL,'18446744073709551000','ok',NULL);
INSERT INTO attempt VALUES(382953951592448000,382953951592448000,382953947398144000,0,NULL,NULL,NULL,0,'push',0,1,1,3,'jpush',1795370537000,0,NULL,NULL,NULL,NULL,NULL,NULL,'cid-1');
INSERT INTO detail VALUES(16,X'7a5b97c32be84609d62cfad57bd13eb6af356d48facab2ebcd0d276a62d18c88','{"by":"张三","device":"phone"}');
INSERT INTO detail VALUES(22,X'1305dce527a8e472c87958982cf30a0f5db938012fc6b65cba93faf24c46135a','{"by":"张三","device":"phone"}');
INSERT INTO detail VALUES(24,X'd44ab589c0cb75e0549b49f7850ecde7c0e9acd74dd4ddc8eb69681687ddadef','{"by":"张三","device":"phone"}');
INSERT INTO detail VALUES(30,X'0da10236b24c6a7a8ca358f7bbc0536754f4ddb2a33521b0f30b02c9013b229f','sent by mistake');
INSERT INTO detail VALUES(31,X'5fc03dad1def57e415908b9122385f5f744398a172966c89229899434eed6e3c','sent by mistake');
INSERT INTO detail VALUES(34,X'9477d89fcba0138862055a18a7065f766baf89e31d9437691301dbe562efa42b','{"by":"张三","device":"phone"}');
INSERT INTO downtime VALUES(6,1795366922000,1795370522000);
INSERT INTO alive VALUES(0,1795370524000);
INSERT INTO notice VALUES(1,1795370523000,1795370523000,0,1,'tries-spent','an SMS got through nowhere');
INSERT INTO log VALUES(0,NULL,NULL,X'658cbfd01468afde1f59f357b87c739a75b0e25dd1f4c71d6800219d4aefb5fa','{"seq":0,"ts":"2026-11-22T18:01:56.000Z","kind":"rules.loaded","actor":"core","number":1,"sha256":"0000000000000000000000000000000000000000000000000000000000000000","content":"3fb9bcc14c80d38a8d23a5c2f2ec16a66df791ec8cfd47851b58d16124727f68"}');
INSERT INTO log VALUES(1,NULL,NULL,X'3e16e68c36a98e63b14a6f7d9147c24ab8f5672618b0739a3d96091812a16453','{"seq":1,"ts":"2026-11-22T18:01:57.000Z","kind":"person.changed","actor":"key:1","why":"created","persons":[1],"person_commitments":["5b923e0e66f038164343d2d61c160d0c2ce256f4e4b51effbd63b68c77f9ba11"]}');
INSERT INTO log VALUES(2,NULL,NULL,X'4502f61734f31f1f65184a123158f8c97ebaa477c9549a4edc2b815024bf1712','{"seq":2,"ts":"2026-11-22T18:01:58.000Z","kind":"person.changed","actor":"key:1","why":"contact","content":"0d6e02fdf12aefa019416a1a2f8f69f0dce0425541007492e87fd03605f8a54f","persons":[1],"person_commitments":["5b923e0e66f038164343d2d61c160d0c2ce256f4e4b51effbd63b68c77f9ba11"]}');
INSERT INTO log VALUES(3,NULL,NULL,X'57d3b2b70472f6aecc9a57e08d2517e3384e3f4e3f88854ebf445843ef829c0b','{"seq":3,"ts":"2026-11-22T18:01:59.000Z","kind":"person.changed","actor":"key:1","why":"created","persons":[2],"person_commitments":["2318f162ec82f1e4f01f03171ce4eafdd684894a835839d1026ec935f322c78a"]}');
INSERT INTO log VALUES(4,NULL,NULL,X'0c20f0b09db9f49dbe3660c7df41c65f1113f8348550f8287e9c8f08cdd02abf','{"seq":4,"ts":"2026-11-22T18:02:00.000Z","kind":"person.changed","actor":"key:1","why":"erased","persons":[2]}');
INSERT INTO log VALUES(5,NULL,NULL,X'f2495491f4c8bc44ec0ea3ca02571180e8aa02f6c5fd9dc799ba48a15523c075','{"seq":5,"ts":"2026-11-22T18:02:01.000Z","kind":"key.changed","actor":"uid:0","key":1,"why":"created","sha256":"0a1d1c1d81563c8af52e3c3b77d35b9a1c0816e83006364dd7404f5ab1af6b0f"}');
INSERT INTO log VALUES(6,NULL,NULL,X'a80e5d8aed8a2e121825f00b28bf74f12cb6d0480ad631d175218e30fe1f7fb2','{"seq":6,"ts":"2026-11-22T18:02:02.000Z","kind":"daemon.downtime","actor":"core","from":"2026-11-22T17:02:02.000Z","to":"2026-11-22T18:02:02.000Z"}');
INSERT INTO log VALUES(7,NULL,NULL,X'487a1a0ce0201005559d95fb613e8781adbb8a5a1dff9d9c493f1c59a88ff9a3','{"seq":7,"ts":"2026-11-22T18:02:03.000Z","kind":"operators.told","actor":"core","why":"tries-spent","text":"an SMS got through nowhere"}');
INSERT INTO log VALUES(8,NULL,NULL,X'd973667fabddf341208295f7b7cae5b85ea6033b9802e56a1a6e76065a818b23','{"seq":8,"ts":"2026-11-22T18:02:05.000Z","kind":"person.changed","actor":"core","why":"created","persons":[3],"person_commitments":["c2323668fa56960c9e65789e23b911780d0921b3a192a29c07c93a8179482196"]}');
INSERT INTO log VALUES(9,NULL,NULL,X'd380dc7e360f4f3e2384846760711cea5c863737ecbc6db3cebd0c23653f9675','{"seq":9,"ts":"2026-11-22T18:02:05.000Z","kind":"person.changed","actor":"core","why":"created","persons":[4],"person_commitments":["d0cc8ce5a4673f7704b6b8e4ba32d8ef7a0dda72b48769c50bb82986f9b5e40b"]}');
INSERT INTO log VALUES(10,NULL,NULL,X'ddae1319b578cab5e170126a3b2196db90c2d692ff92dc204367b714d53a7a55','{"seq":10,"ts":"2026-11-22T18:02:05.000Z","kind":"person.changed","actor":"core","why":"created","persons":[5],"person_commitments":["ba3bda217c19e10ed4ec3e7ec3fdb446f687e9d9bf26e827b5fdc4a1b4671121"]}');
INSERT INTO log VALUES(11,382953901260800000,NULL,X'fe04fe3a0d54d77722f0aaeba30f487a3aefe75872d4a7e04032f31a6be055c1','{"seq":11,"ts":"2026-11-22T18:02:05.000Z","kind":"message.registered","msg":"msg_0AM46HD900000","actor":"key:1","at":"2026-11-22T18:02:05.000Z","registered":"2026-11-22T18:02:05.000Z","next_due":"2026-11-22T18:03:05.000Z","rule":"must-read","sha256":"030ef89a9a7c054f58490043138c5aa1ebe8142d90e23f6b9bcd7b287d872484","content":"e107683bb061968f9af1be70e8390b4557ef9435de4242817a15ab3ef094a9fe","persons":[3,4,5],"person_commitments":["c2323668fa56960c9e65789e23b911780d0921b3a192a29c07c93a8179482196","d0cc8ce5a4673f7704b6b8e4ba32d8ef7a0dda72b48769c50bb82986f9b5e40b","ba3bda217c19e10ed4ec3e7ec3fdb446f687e9d9bf26e827b5fdc4a1b4671121"]}');
INSERT INTO log VALUES(12,382953901260800000,11,X'c2c5bf46052f89df9da4297b1845165c8e89aa8e01e19ffa35421ed43f2bd39f','{"seq":12,"ts":"2026-11-22T18:02:06.000Z","kind":"firing.claimed","msg":"msg_0AM46HD900000","n":0,"prev":11,"actor":"core","step":"push","step_index":0,"do":"push","round":1,"number":1,"attempt":"att_0AM46HH600000","ref":"aw_0AM46HH600000","person":3,"why":"due","channel":"jpush","last_round":true,"next_due":"2026-11-22T18:03:06.000Z"}');
INSERT INTO log VALUES(13,382953901260800000,12,X'3bec22cde00d3701554885cc74a712b6b83518046e1a98dc53016eebd85bfebd','{"seq":13,"ts":"2026-11-22T18:02:07.000Z","kind":"attempt.outcome","msg":"msg_0AM46HD900000","n":0,"prev":12,"actor":"channel:jpush","attempt":"att_0AM46HH600000","person":3,"outcome":"accepted","next_due":"2026-11-22T18:03:07.000Z","http_status":200,"provider_id":"18446744073709551000","text":"ok"}');
INSERT INTO log VALUES(14,382953901260800000,13,X'ff2760aa3464bbc17448ce98208b8add9cdd40a83a7a44bfb444299d82e6a946','{"seq":14,"ts":"2026-11-22T18:02:07.000Z","kind":"evidence.recorded","msg":"msg_0AM46HD900000","n":0,"prev":13,"actor":"channel:jpush","attempt":"att_0AM46HH600000","person":3,"level":"accepted","source":"report","counts":true,"at":"2026-11-22T18:02:06.000Z","next_due":"2026-11-22T18:03:07.000Z"}');
INSERT INTO log VALUES(15,382953901260800000,14,X'0d921316056f2a8d7187cd0b4aaa143e35d983b4b7609774909663c9f84e7ef2','{"seq":15,"ts":"2026-11-22T18:02:08.000Z","kind":"evidence.recorded","msg":"msg_0AM46HD900000","n":0,"prev":14,"actor":"channel:jpush","attempt":"att_0AM46HH600000","person":3,"level":"delivered","source":"report","counts":true,"at":"2026-11-22T18:02:07.000Z","next_due":"2026-11-22T18:03:08.000Z"}');
INSERT INTO log VALUES(16,382953901260800000,15,X'08765bd3ed270efae7c90b001cb4151e2ce5087ce3057e70ab7137d2ffeb5636','{"seq":16,"ts":"2026-11-22T18:02:09.000Z","kind":"evidence.recorded","msg":"msg_0AM46HD900000","n":0,"prev":15,"actor":"key:1","person":3,"level":"acknowledged","source":"app","counts":true,"next_due":"2026-11-22T18:03:09.000Z","content":"08240930700421e2cb03ca566c3bb727d5e5542f33bb38d9fa3757753ca75438"}');
INSERT INTO log VALUES(17,382953901260800000,16,X'aa5c65b2fdfc94342c3da750677b075f53cfa33d9aeb0aade5cbdbae4ffb921d','{"seq":17,"ts":"2026-11-22T18:02:09.000Z","kind":"timeline.ended","msg":"msg_0AM46HD900000","n":0,"prev":16,"actor":"key:1","person":3,"state":"confirmed","why":"goal"}');
INSERT INTO log VALUES(18,382953901260800000,11,X'bf6c013186f59fe61cec5800e954fedaa80e669dc5019d6505522c0d6a067ecb','{"seq":18,"ts":"2026-11-22T18:02:10.000Z","kind":"firing.claimed","msg":"msg_0AM46HD900000","n":1,"prev":11,"actor":"core","step":"text","step_index":1,"do":"sms","round":1,"number":1,"attempt":"att_0AM46J0T00000","ref":"aw_0AM46J0T00000","person":1,"why":"due","channel":"carrier","last_round":true,"next_due":"2026-11-22T18:03:10.000Z"}');
INSERT INTO log VALUES(19,382953901260800000,11,X'e7b02a78675cdbf2fc5299ac8f480ae3a228ea92e33fb13ba47cf8c212cbe00b','{"seq":19,"ts":"2026-11-22T18:02:11.000Z","kind":"firing.claimed","msg":"msg_0AM46HD900000","n":2,"prev":11,"actor":"core","step":"text","step_index":1,"do":"sms","round":1,"number":1,"attempt":"att_0AM46J4Q00000","ref":"aw_0AM46J4Q00000","merged_into":"att_0AM46J0T00000","person":1,"why":"due","channel":"carrier","last_round":true,"next_due":"2026-11-22T18:03:11.000Z"}');
INSERT INTO log VALUES(20,382953901260800000,18,X'08db354e2085402c69a5b2f90fbea3d1b6173503060e7ab291d3b8cf07a177d2','{"seq":20,"ts":"2026-11-22T18:02:12.000Z","kind":"attempt.outcome","msg":"msg_0AM46HD900000","n":1,"prev":18,"actor":"channel:jpush","attempt":"att_0AM46J0T00000","person":4,"outcome":"refused","next_due":"2026-11-22T18:03:12.000Z","http_status":200,"provider_id":"18446744073709551000","text":"ok"}');
INSERT INTO log VALUES(21,382953901260800000,19,X'7b08640307536642c901027e6e6e7dda56a595e60e28350af37a2980b76e5db3','{"seq":21,"ts":"2026-11-22T18:02:13.000Z","kind":"attempt.outcome","msg":"msg_0AM46HD900000","n":2,"prev":19,"actor":"channel:jpush","attempt":"att_0AM46J4Q00000","person":5,"outcome":"refused","next_due":"2026-11-22T18:03:13.000Z","http_status":200,"provider_id":"18446744073709551000","text":"ok"}');
INSERT INTO log VALUES(22,382953901260800000,20,X'9fdcc12ffabed91eee2635979df3ce04c2eefb5c1a5aec8760dab657cb735efb','{"seq":22,"ts":"2026-11-22T18:02:14.000Z","kind":"evidence.recorded","msg":"msg_0AM46HD900000","n":1,"prev":20,"actor":"key:1","person":4,"level":"acknowledged","source":"app","counts":true,"next_due":"2026-11-22T18:03:14.000Z","content":"a19f7bfc1ad5ab865f7bf1136d519c41dec910f83434ada0a1a5b00d7c864733"}');
INSERT INTO log VALUES(23,382953901260800000,22,X'5193404b9b587e3de4ab4faf0b45450fe906cfe082e8175ed106cb875a21271b','{"seq":23,"ts":"2026-11-22T18:02:14.000Z","kind":"timeline.ended","msg":"msg_0AM46HD900000","n":1,"prev":22,"actor":"key:1","person":4,"state":"confirmed","why":"goal"}');
INSERT INTO log VALUES(24,382953901260800000,21,X'd0cf7fabfe19a027601b0bb2de652b751a8c57962f1dbebd4c3fac7e78af32cd','{"seq":24,"ts":"2026-11-22T18:02:15.000Z","kind":"evidence.recorded","msg":"msg_0AM46HD900000","n":2,"prev":21,"actor":"key:1","person":5,"level":"acknowledged","source":"app","counts":true,"next_due":"2026-11-22T18:03:15.000Z","content":"75980b40becaf9d8f9011cf3fd3d222054049055832c5a17fa61a7df106b83ae"}');
INSERT INTO log VALUES(25,382953901260800000,24,X'5b3b8536d4ccbe908ecfcf963392ef2b4ad3e9e596b7cedfa4f39717a4706346','{"seq":25,"ts":"2026-11-22T18:02:15.000Z","kind":"timeline.ended","msg":"msg_0AM46HD900000","n":2,"prev":24,"actor":"key:1","person":5,"state":"confirmed","why":"goal"}');
INSERT INTO log VALUES(26,382953901260800000,25,X'5cc16e65cae9bf30ccddbbe882eb3195bb4c63190c1d6e3bc6544ee97e5f2bee','{"seq":26,"ts":"2026-11-22T18:02:15.000Z","kind":"message.ended","msg":"msg_0AM46HD900000","n":2,"prev":25,"actor":"core","state":"confirmed"}');
INSERT INTO log VALUES(27,382953947398144000,NULL,X'3a72316dff03642fbc4728232fba2063e27a1ca689cffee75e4a88e75ca9c370','{"seq":27,"ts":"2026-11-22T18:02:16.000Z","kind":"message.registered","msg":"msg_0AM46JR800000","actor":"key:1","at":"2026-11-22T18:02:16.000Z","registered":"2026-11-22T18:02:16.000Z","next_due":"2026-11-22T18:03:16.000Z","rule":"must-read","sha256":"030ef89a9a7c054f58490043138c5aa1ebe8142d90e23f6b9bcd7b287d872484","content":"faf329a96794f77b9a693a94f63a430132a6196ffe8400075b39243d62b0fd7d","persons":[3],"person_commitments":["c2323668fa56960c9e65789e23b911780d0921b3a192a29c07c93a8179482196"]}');
INSERT INTO log VALUES(28,382953947398144000,27,X'70ad30392d7ea1635a0fd77546345c1e9552e40fa3001879f079e54f2ff1013d','{"seq":28,"ts":"2026-11-22T18:02:17.000Z","kind":"firing.claimed","msg":"msg_0AM46JR800000","n":0,"prev":27,"actor":"core","step":"push","step_index":0,"do":"push","round":1,"number":1,"attempt":"att_0AM46JW500000","ref":"aw_0AM46JW500000","person":3,"why":"due","channel":"jpush","last_round":true,"next_due":"2026-11-22T18:03:17.000Z"}');
INSERT INTO log VALUES(29,382953955786752000,NULL,X'db303929278c7fead60953eb421bf77d0ffd01b71ac7fd75c5554bf1124db071','{"seq":29,"ts":"2026-11-22T18:02:18.000Z","kind":"message.registered","msg":"msg_0AM46K0200000","actor":"key:1","at":"2026-11-22T18:02:18.000Z","registered":"2026-11-22T18:02:18.000Z","next_due":"2026-11-22T18:03:18.000Z","rule":"must-read","sha256":"030ef89a9a7c054f58490043138c5aa1ebe8142d90e23f6b9bcd7b287d872484","content":"85ea9dab458d81494e02164cbdbd69fe8ab278d0b86a6c4acf0a1236e6ff0b17","persons":[3,4],"person_commitments":["c2323668fa56960c9e65789e23b911780d0921b3a192a29c07c93a8179482196","d0cc8ce5a4673f7704b6b8e4ba32d8ef7a0dda72b48769c50bb82986f9b5e40b"]}');
INSERT INTO log VALUES(30,382953955786752000,29,X'e82219df265819932a69069b263ceb752e14194bf67d1e5ef350e005207f8e9e','{"seq":30,"ts":"2026-11-22T18:02:19.000Z","kind":"timeline.ended","msg":"msg_0AM46K0200000","n":0,"prev":29,"actor":"key:1","person":3,"state":"cancelled","why":"cancelled","content":"9580c6862ef0ff0fda58f544b00ba5230fc41290fd672cea1dacc2448e810ecd"}');
INSERT INTO log VALUES(31,382953955786752000,29,X'c28d70987c54b668d378efcd4670a12506e4476e90ce2fc843349d8452a20b14','{"seq":31,"ts":"2026-11-22T18:02:20.000Z","kind":"timeline.ended","msg":"msg_0AM46K0200000","n":1,"prev":29,"actor":"key:1","person":4,"state":"cancelled","why":"cancelled","content":"b627d1bdc80c92ab84968316d6053e733d1488849859cdf5812e68e74de64f58"}');
INSERT INTO log VALUES(32,382953955786752000,31,X'3b2454da19f5944b8beab3a7192d61e1e54d20152645fe2640bb786dd6944874','{"seq":32,"ts":"2026-11-22T18:02:20.000Z","kind":"message.ended","msg":"msg_0AM46K0200000","n":1,"prev":31,"actor":"core","state":"cancelled"}');
INSERT INTO log VALUES(33,382953968369664000,NULL,X'9481cd10b5444dc2596488e73a82340819aff82210d6345b9f3251428ac42eda','{"seq":33,"ts":"2026-11-22T18:02:21.000Z","kind":"message.registered","msg":"msg_0AM46KBS00000","actor":"key:1","at":"2026-11-22T18:02:21.000Z","registered":"2026-11-22T18:02:21.000Z","next_due":"2026-11-22T18:03:21.000Z","rule":"must-read","sha256":"030ef89a9a7c054f58490043138c5aa1ebe8142d90e23f6b9bcd7b287d872484","content":"8774d1808002d25e37b569e0549a7844875c16958be2d233ec4a840f7769497a","persons":[3],"person_commitments":["c2323668fa56960c9e65789e23b911780d0921b3a192a29c07c93a8179482196"]}');
INSERT INTO log VALUES(34,382953968369664000,33,X'ef04c0c48d8c8f81a8b16e463273b17bda42651481c2fe9572072d5741282b0f','{"seq":34,"ts":"2026-11-22T18:02:22.000Z","kind":"evidence.recorded","msg":"msg_0AM46KBS00000","n":0,"prev":33,"actor":"key:1","person":3,"level":"acknowledged","source":"app","counts":true,"next_due":"2026-11-22T18:03:22.000Z","content":"bc3233e812f815bfb747322aba8bcf364f24bdd42ac8f411c03d30c859bc36bf"}');
INSERT INTO log VALUES(35,382953968369664000,34,X'3cd2b34d7e879859b904fe5b4caf531398b337fcee0b4390fc2c1142c099bc1e','{"seq":35,"ts":"2026-11-22T18:02:22.000Z","kind":"timeline.ended","msg":"msg_0AM46KBS00000","n":0,"prev":34,"actor":"key:1","person":3,"state":"confirmed","why":"goal"}');
INSERT INTO log VALUES(36,382953968369664000,35,X'f9a84ac06b45d693dccb85d201a5677756b7e6b163ca750893c5472b3d54bb69','{"seq":36,"ts":"2026-11-22T18:02:22.000Z","kind":"message.ended","msg":"msg_0AM46KBS00000","n":0,"prev":35,"actor":"core","state":"confirmed"}');
INSERT INTO log VALUES(37,382953976758272000,NULL,X'eaac92ad6a27e2ed8a07639da19ed266dc3b64b3ea95bfac40ae71da00c4880d','{"seq":37,"ts":"2026-11-22T18:02:23.000Z","kind":"message.registered","msg":"msg_0AM46KKK00000","actor":"key:1","at":"2026-11-22T18:02:23.000Z","registered":"2026-11-22T18:02:23.000Z","next_due":"2026-11-22T18:03:23.000Z","rule":"must-read","sha256":"030ef89a9a7c054f58490043138c5aa1ebe8142d90e23f6b9bcd7b287d872484","content":"e7d9769a6fdb1466292edeff767df0f3d4497abaf3e09a040e88c80b5b4e3c80","persons":[3],"person_commitments":["c2323668fa56960c9e65789e23b911780d0921b3a192a29c07c93a8179482196"]}');
INSERT INTO log VALUES(38,382953980952576000,NULL,X'9e326c8473336a719f59f357531c11e5b2f9e22c4600b90fa0bdf174f2b01466','{"seq":38,"ts":"2026-11-22T18:02:24.000Z","kind":"message.registered","msg":"msg_0AM46KQG00000","actor":"key:1","at":"2026-11-22T18:02:24.000Z","registered":"2026-11-22T18:02:24.000Z","next_due":"2026-11-22T18:03:24.000Z","rule":"must-read","sha256":"030ef89a9a7c054f58490043138c5aa1ebe8142d90e23f6b9bcd7b287d872484","content":"31e79e2bb69be72e5fcc4ad519c368de88a9955d1daba88ebad01573fb3b013a","persons":[3],"person_commitments":["c2323668fa56960c9e65789e23b911780d0921b3a192a29c07c93a8179482196"]}');
INSERT INTO log_front VALUES(0,39,X'062767b42ae7fb2068906189576aa1da33a3858c405d1cba77fde0f05e43e978fd1bb3df6801a64cc6307180fd8805288a0b2cc73a48e9909d2808e0727778172d3c0ff7e78a5bf23c991e91dd69641950f99bab0773174019a7e77feb551ffd9e326c8473336a719f59f357531c11e5b2f9e22c4600b90fa0bdf174f2b01466');
INSERT INTO key_page VALUES(1,X'be16e51206b7061f0100000000000000');
INSERT INTO key_page VALUES(2,X'decbf084d50c7f170200000000000000');
INSERT INTO key_page VALUES(3,X'b6f3771ccf31eb860300000000000000f636cd9d9294d5e20400000000000000c2ca31a03fb2999305000000000000005ccf79bd39e28b8e000000528b86500519aabe80bb6d792d000000528b865005');
INSERT INTO key_page VALUES(4,X'6027aaa5329254420000001096865005');
INSERT INTO key_page VALUES(5,X'45445e013e445a590000000498865005');
INSERT INTO key_page VALUES(6,X'204db0bd446a210f000000f29a865005');
INSERT INTO key_page VALUES(7,X'd084e6567308af96000000e69c865005');
INSERT INTO key_page VALUES(8,X'f4d3ac6064419e4d000000e09d865005');

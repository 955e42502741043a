-- One row a batch: the log's leaves stand in segments, and rows about a record name it by a serial, not by its leaf.
--
-- The comments read as in 0001. Foreign keys are off while this runs; they are checked before it is committed.
--
-- A serial names a record inside this database. Within a group serials are drawn at random, and the leaves stand in the
-- log in the order of the serials: so neither tells in which order the group's requests were carried out
-- (ledger.md §10, map-root leaf), and a serial says which row belongs to which record before its leaf has a place.

-- ---- Ledger --------------------------------------------------------------------------------------------------------

-- The log, one row a batch. Nothing here is readable, and nothing is ever deleted (ledger.md §10). The leaves come
-- last: what a start reads stands before them and needs none of their pages.
CREATE TABLE segment (
    first       INTEGER PRIMARY KEY CHECK (first >= 0),             -- index of its first leaf
    size_after  INTEGER NOT NULL CHECK (size_after > first),        -- number of leaves of the log with it
    next_serial INTEGER NOT NULL CHECK (next_serial >= 0),          -- smallest serial that no batch has used
    at_us       INTEGER NOT NULL,                                   -- when the batch was committed
    root        BLOB NOT NULL CHECK (length(root) = 32),            -- SHA-256, root of the tree of that size, unsigned
    peaks       BLOB NOT NULL CHECK (length(peaks) % 32 = 0),       -- complete subtrees on its right edge, largest first
    leaves      BLOB NOT NULL                                       -- u16 length and entry, as in C2SP entry bundles
) STRICT;

-- Roots of the full tiles: what a proof needs of the tree without hashing every leaf again (C2SP tlog-tiles).
CREATE TABLE tile_root (
    level      INTEGER NOT NULL CHECK (level BETWEEN 1 AND 7),      -- tile level that holds this hash
    node_index INTEGER NOT NULL CHECK (node_index >= 0),            -- position in its level
    hash       BLOB NOT NULL CHECK (length(hash) = 32),             -- SHA-256
    PRIMARY KEY (level, node_index)
) STRICT, WITHOUT ROWID;

INSERT INTO segment (first, size_after, next_serial, at_us, root, peaks, leaves)
WITH batch_of AS (SELECT size, root, at_us, COALESCE(LAG(size) OVER (ORDER BY size), 0) AS first FROM head),
     -- The set bits of a size name its peaks: bit b is the subtree of 2^b leaves that ends the part above it.
     bit AS (SELECT 0 AS b UNION ALL SELECT b + 1 FROM bit WHERE b < 62)
SELECT first, size, size, at_us, root,
    (SELECT unhex(COALESCE(group_concat(hex(hash), '' ORDER BY b DESC), ''))
     FROM bit INNER JOIN tree_node ON level = b AND node_index = (size >> b) - 1
     WHERE (size >> b) & 1 = 1),
    (SELECT unhex(group_concat(printf('%04X', length(bytes)) || hex(bytes), '' ORDER BY leaf_index))
     FROM leaf WHERE leaf_index >= first AND leaf_index < size)
FROM batch_of;

INSERT INTO tile_root (level, node_index, hash)
SELECT level / 8, node_index, hash FROM tree_node WHERE level % 8 = 0 AND level > 0;

DROP TABLE leaf;
DROP TABLE tree_node;
DROP TABLE head;

-- k_s of each subject. The row goes when the subject is erased: without the key nothing links its leaves.
CREATE TABLE new_subject_key (
    subject     BLOB PRIMARY KEY CHECK (length(subject) = 16),      -- identifier
    newest      INTEGER NOT NULL CHECK (newest >= 0),               -- number of the newest record
    subject_key BLOB NOT NULL CHECK (length(subject_key) = 32)      -- secret, personal
) STRICT, WITHOUT ROWID;
INSERT INTO new_subject_key (subject, newest, subject_key)
SELECT subject, newest, subject_key FROM subject_key WHERE subject_key IS NOT NULL;
DROP TABLE subject_key;
ALTER TABLE new_subject_key RENAME TO subject_key;

-- What opens a leaf's commitment. Deleted when its subject is erased.
CREATE TABLE new_record (
    serial         INTEGER PRIMARY KEY CHECK (serial >= 0),         -- names the record in this database
    leaf_index     INTEGER NOT NULL UNIQUE CHECK (leaf_index >= 0), -- personal: its leaf
    subject        BLOB NOT NULL REFERENCES subject_key (subject) DEFERRABLE INITIALLY DEFERRED, -- personal: whose
    n              INTEGER NOT NULL CHECK (n > 0),                  -- 1, 2, 3, … within the subject
    kind           INTEGER NOT NULL,                                -- kind of the leaf, 0 to 255
    written_by     TEXT NOT NULL,                                   -- name of the transaction
    recorded_at_us INTEGER NOT NULL,                                -- when
    salt           BLOB NOT NULL CHECK (length(salt) = 64),         -- secret, personal: opens the commitment
    record         BLOB NOT NULL,                                   -- personal: exact bytes committed to, compact JWS
    UNIQUE (subject, n)
) STRICT;
-- Before this version leaves stood in the order of the requests: their index serves as serial.
INSERT INTO new_record (serial, leaf_index, subject, n, kind, written_by, recorded_at_us, salt, record)
SELECT leaf_index, leaf_index, subject, n, kind, written_by, recorded_at_us, salt, record FROM record;
DROP TABLE record;
ALTER TABLE new_record RENAME TO record;

-- ---- People --------------------------------------------------------------------------------------------------------

-- Numbers that are given once and never again, whatever is deleted.
CREATE TABLE counter (
    name   TEXT PRIMARY KEY,                                        -- what it counts
    newest INTEGER NOT NULL CHECK (newest >= 0)                     -- the number given last
) STRICT, WITHOUT ROWID;
INSERT INTO counter (name, newest) SELECT 'ordinal', COALESCE(MAX(ordinal), 0) FROM participant;

-- Participants. The row goes with the person; the counter keeps the ordinal from being given twice.
CREATE TABLE new_participant (
    ordinal        INTEGER PRIMARY KEY CHECK (ordinal > 0),         -- position in membership bitmaps
    id             BLOB NOT NULL UNIQUE CHECK (length(id) = 16),    -- personal: pseudonym
    language       TEXT NOT NULL CHECK (language IN ('fr', 'en')),  -- personal: preferred language
    created_at_us  INTEGER NOT NULL,                                -- personal: when the person joined
    profile_sealed BLOB NOT NULL                                    -- personal, sealed under the data key
) STRICT;
INSERT INTO new_participant (ordinal, id, language, created_at_us, profile_sealed)
SELECT ordinal, id, language, created_at_us, profile_sealed FROM participant WHERE erased_at_us IS NULL;
DROP TABLE participant;
ALTER TABLE new_participant RENAME TO participant;

-- A row stands here from an erasure until its bytes are gone from the file: a start that finds it scrubs again.
CREATE TABLE scrub_due (
    id INTEGER PRIMARY KEY CHECK (id = 1)                           -- always 1
) STRICT;

-- ---- Consents ------------------------------------------------------------------------------------------------------

-- What happened to each consent. Rows are only added.
CREATE TABLE new_consent_event (
    consent         BLOB NOT NULL REFERENCES consent (id),          -- personal: which
    seq             INTEGER NOT NULL CHECK (seq >= 0),              -- 0, 1, 2, … without a gap
    kind            TEXT NOT NULL CHECK (kind IN ('given', 'refused', 'withdrawn')), -- personal: what happened
    effective_at_us INTEGER NOT NULL,                               -- personal: when it took effect
    recorded_at_us  INTEGER NOT NULL,                               -- when we knew
    record          BLOB NOT NULL CHECK (length(record) = 32),      -- personal: SHA-256 of the event's signed record
    serial          INTEGER REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    PRIMARY KEY (consent, seq),
    CHECK ((serial IS NULL) = (kind = 'refused'))                   -- a refusal leaves no trace in the log
) STRICT, WITHOUT ROWID;
INSERT INTO new_consent_event (consent, seq, kind, effective_at_us, recorded_at_us, record, serial)
SELECT consent, seq, kind, effective_at_us, recorded_at_us, record, leaf_index FROM consent_event;
DROP TABLE consent_event;
ALTER TABLE new_consent_event RENAME TO consent_event;
CREATE INDEX consent_event_of_record ON consent_event (serial);

-- ---- Transfers -----------------------------------------------------------------------------------------------------

-- Transfers in and out, made or refused. `point` has no foreign key: a refusal may name a point that does not exist.
CREATE TABLE new_transfer (
    serial           INTEGER PRIMARY KEY REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: record
    id               BLOB NOT NULL UNIQUE CHECK (length(id) = 16),  -- identifier; idempotency key of transfers out
    direction        TEXT NOT NULL CHECK (direction IN ('in', 'out')), -- which way
    participant      BLOB NOT NULL REFERENCES participant (id),     -- personal: whose readings
    point            BLOB NOT NULL CHECK (length(point) = 16),      -- personal: of which point, as asked
    recipient        BLOB REFERENCES organisation (id),             -- personal: to whom; NULL for transfers in
    recipient_serial INTEGER REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: the recipient's copy
    purpose          TEXT,                                          -- personal: for what; NULL for transfers in
    consent          BLOB REFERENCES consent (id),                  -- personal: under which consent
    refusal          TEXT,                                          -- personal: code of the reason; NULL: readings moved
    span_start_at_us INTEGER NOT NULL,                              -- first instant moved, or asked when refused
    span_end_at_us   INTEGER NOT NULL,                              -- first instant after
    step_s           INTEGER,                                       -- step moved, or asked
    value_count      INTEGER NOT NULL CHECK (value_count >= 0),     -- values moved
    at_us            INTEGER NOT NULL,                              -- personal: when
    sealed           BLOB NOT NULL,                                 -- personal, sealed to the recipient; empty: none
    CHECK (span_start_at_us < span_end_at_us)
) STRICT;
-- Before this version the recipient's copy stood right behind the person's.
INSERT INTO new_transfer (serial, id, direction, participant, point, recipient, recipient_serial, purpose, consent,
    refusal, span_start_at_us, span_end_at_us, step_s, value_count, at_us, sealed)
SELECT leaf_index, id, direction, participant, point, recipient,
    (SELECT serial FROM record WHERE serial = transfer.leaf_index + 1 AND subject = transfer.recipient),
    purpose, consent, refusal, span_start_at_us, span_end_at_us, step_s, value_count, at_us, sealed
FROM transfer;

-- Batches that came in; the transfer of the same serial records them. `point` has no foreign key, for the same reason.
CREATE TABLE new_batch (
    serial           INTEGER PRIMARY KEY REFERENCES transfer (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: record
    gateway          BLOB NOT NULL REFERENCES gateway (id),         -- personal: who signed it
    id               BLOB NOT NULL CHECK (length(id) = 16),         -- chosen by the gateway
    participant      BLOB NOT NULL REFERENCES participant (id),     -- personal: whose
    point            BLOB NOT NULL CHECK (length(point) = 16),      -- personal: of which point
    span_start_at_us INTEGER NOT NULL,                              -- first reading
    span_end_at_us   INTEGER NOT NULL,                              -- just after the last reading
    epoch            INTEGER NOT NULL,                              -- of the data key
    envelope         BLOB NOT NULL CHECK (length(envelope) = 32),   -- personal: SHA-256 of the envelope as received
    sealed           BLOB NOT NULL,                                 -- personal, sealed under the data key; empty: refused
    UNIQUE (gateway, id),
    CHECK (span_start_at_us < span_end_at_us)
) STRICT;
INSERT INTO new_batch (serial, gateway, id, participant, point, span_start_at_us, span_end_at_us, epoch, envelope,
    sealed)
SELECT leaf_index, gateway, id, participant, point, span_start_at_us, span_end_at_us, epoch, envelope, sealed
FROM batch;
DROP TABLE batch;
DROP TABLE transfer;
ALTER TABLE new_transfer RENAME TO transfer;
ALTER TABLE new_batch RENAME TO batch;
CREATE INDEX transfer_of_participant ON transfer (participant);
CREATE INDEX transfer_under_consent ON transfer (consent, refusal, at_us) WHERE consent IS NOT NULL;
CREATE INDEX transfer_in ON transfer (serial) WHERE direction = 'in' AND refusal IS NULL;
CREATE INDEX transfer_out ON transfer (serial) WHERE direction = 'out' AND refusal IS NULL;
CREATE INDEX transfer_refused ON transfer (serial) WHERE refusal IS NOT NULL;
CREATE INDEX transfer_of_copy ON transfer (recipient_serial) WHERE recipient_serial IS NOT NULL;
CREATE INDEX batch_of_participant ON batch (participant);
CREATE INDEX batch_of_point ON batch (point, span_end_at_us, span_start_at_us) WHERE sealed <> x'';

-- ---- Research ------------------------------------------------------------------------------------------------------

-- Releases.
CREATE TABLE new_release (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),            -- identifier
    request    BLOB NOT NULL UNIQUE REFERENCES access_request (id), -- the request it answers
    researcher BLOB NOT NULL REFERENCES researcher (id),            -- for whom
    households INTEGER NOT NULL CHECK (households >= 0),            -- how many it describes
    manifest   BLOB NOT NULL CHECK (length(manifest) = 32),         -- SHA-256 of the manifest
    ciphertext BLOB NOT NULL CHECK (length(ciphertext) = 32),       -- SHA-256 of `sealed`
    serial     INTEGER NOT NULL UNIQUE REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- the researcher's
    at_us      INTEGER NOT NULL,                                    -- when
    sealed     BLOB NOT NULL,                                       -- sealed to the researcher: age file
    vault_copy BLOB NOT NULL                                        -- the same files sealed to the vault: age file
) STRICT;
INSERT INTO new_release (id, request, researcher, households, manifest, ciphertext, serial, at_us, sealed, vault_copy)
SELECT id, request, researcher, households, manifest, ciphertext, leaf_index, at_us, sealed, vault_copy FROM release;
DROP TABLE release;
ALTER TABLE new_release RENAME TO release;

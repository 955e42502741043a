-- Takes back 0002. Leaves in a shuffled order do not fit the older tables, so a file with a log is refused: the first
-- two statements fail when there is a segment.
CREATE TEMP TABLE refused_because_the_log_is_not_empty (segments INTEGER CHECK (segments = 0));
INSERT INTO refused_because_the_log_is_not_empty (segments) SELECT COUNT(*) FROM segment;
DROP TABLE refused_because_the_log_is_not_empty;

DROP TABLE release;
DROP TABLE batch;
DROP TABLE transfer;
DROP TABLE consent_event;
DROP TABLE scrub_due;
DROP TABLE participant;
DROP TABLE counter;
DROP TABLE record;
DROP TABLE subject_key;
DROP TABLE tile_root;
DROP TABLE segment;

-- The log's entries. Nothing here is readable, and nothing is ever deleted (ledger.md §10).
CREATE TABLE leaf (
    leaf_index INTEGER PRIMARY KEY CHECK (leaf_index >= 0),         -- 0, 1, 2, … without a gap
    tag        BLOB UNIQUE CHECK (length(tag) = 32),                -- HMAC under the subject's key; NULL: system leaf
    bytes      BLOB NOT NULL                                        -- the exact entry: salted, hiding commitment
) STRICT;

-- Complete nodes of the Merkle tree (RFC 6962 §2.1).
CREATE TABLE tree_node (
    level      INTEGER NOT NULL CHECK (level BETWEEN 0 AND 63),     -- 0 holds leaf hashes
    node_index INTEGER NOT NULL CHECK (node_index >= 0),            -- position in its level
    hash       BLOB NOT NULL CHECK (length(hash) = 32),             -- SHA-256
    PRIMARY KEY (level, node_index)
) STRICT, WITHOUT ROWID;

-- The state of the log after each batch, unsigned (ledger.md §12).
CREATE TABLE head (
    size  INTEGER PRIMARY KEY CHECK (size > 0),                     -- number of leaves
    root  BLOB NOT NULL CHECK (length(root) = 32),                  -- SHA-256
    at_us INTEGER NOT NULL                                          -- when the batch was committed
) STRICT;

-- k_s of each subject. Losing the key unlinks every leaf of the subject.
CREATE TABLE subject_key (
    subject     BLOB PRIMARY KEY CHECK (length(subject) = 16),      -- identifier
    newest      INTEGER NOT NULL CHECK (newest >= 0),               -- number of the newest record
    subject_key BLOB CHECK (length(subject_key) = 32)               -- secret, personal; NULL once erased
) STRICT, WITHOUT ROWID;

-- What opens a leaf's commitment. Deleted when its subject is erased.
CREATE TABLE record (
    leaf_index     INTEGER PRIMARY KEY REFERENCES leaf (leaf_index) DEFERRABLE INITIALLY DEFERRED, -- its leaf
    subject        BLOB NOT NULL REFERENCES subject_key (subject),  -- personal: whose
    n              INTEGER NOT NULL CHECK (n > 0),                  -- 1, 2, 3, … within the subject
    kind           INTEGER NOT NULL,                                -- kind of the leaf, 0 to 255
    written_by     TEXT NOT NULL,                                   -- name of the transaction
    recorded_at_us INTEGER NOT NULL,                                -- when
    salt           BLOB NOT NULL CHECK (length(salt) = 64),         -- secret, personal: opens the commitment
    record         BLOB NOT NULL,                                   -- personal: exact bytes committed to, compact JWS
    UNIQUE (subject, n)
) STRICT;

-- Participants. The row outlives its person, empty, so that no ordinal is given twice.
CREATE TABLE participant (
    ordinal        INTEGER PRIMARY KEY CHECK (ordinal > 0),         -- position in membership bitmaps: 1, 2, 3, …
    id             BLOB NOT NULL UNIQUE CHECK (length(id) = 16),    -- personal until erased: pseudonym
    language       TEXT NOT NULL CHECK (language IN ('fr', 'en')),  -- personal: preferred language
    created_at_us  INTEGER NOT NULL,                                -- personal: when the person joined
    erased_at_us   INTEGER,                                         -- when erased
    profile_sealed BLOB NOT NULL                                    -- personal, sealed under the data key; empty: erased
) STRICT;

-- What happened to each consent. Rows are only added.
CREATE TABLE consent_event (
    consent         BLOB NOT NULL REFERENCES consent (id),          -- personal: which
    seq             INTEGER NOT NULL CHECK (seq >= 0),              -- 0, 1, 2, … without a gap
    kind            TEXT NOT NULL CHECK (kind IN ('given', 'refused', 'withdrawn')), -- personal: what happened
    effective_at_us INTEGER NOT NULL,                               -- personal: when it took effect
    recorded_at_us  INTEGER NOT NULL,                               -- when we knew
    record          BLOB NOT NULL CHECK (length(record) = 32),      -- personal: SHA-256 of the event's signed record
    leaf_index      INTEGER REFERENCES leaf (leaf_index) DEFERRABLE INITIALLY DEFERRED, -- personal: its leaf
    PRIMARY KEY (consent, seq),
    CHECK ((leaf_index IS NULL) = (kind = 'refused'))               -- a refusal leaves no trace in the log
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_event_at_leaf ON consent_event (leaf_index);

-- Transfers in and out, made or refused. `point` has no foreign key: a refusal may name a point that does not exist.
CREATE TABLE transfer (
    leaf_index       INTEGER PRIMARY KEY REFERENCES leaf (leaf_index) DEFERRABLE INITIALLY DEFERRED, -- personal: its leaf
    id               BLOB NOT NULL UNIQUE CHECK (length(id) = 16),  -- identifier; idempotency key of transfers out
    direction        TEXT NOT NULL CHECK (direction IN ('in', 'out')), -- which way
    participant      BLOB NOT NULL REFERENCES participant (id),     -- personal: whose readings
    point            BLOB NOT NULL CHECK (length(point) = 16),      -- personal: of which point, as asked
    recipient        BLOB REFERENCES organisation (id),             -- personal: to whom; NULL for transfers in
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
CREATE INDEX transfer_of_participant ON transfer (participant);
CREATE INDEX transfer_under_consent ON transfer (consent, refusal, at_us);
CREATE INDEX transfer_in ON transfer (leaf_index) WHERE direction = 'in' AND refusal IS NULL;
CREATE INDEX transfer_out ON transfer (leaf_index) WHERE direction = 'out' AND refusal IS NULL;
CREATE INDEX transfer_refused ON transfer (leaf_index) WHERE refusal IS NOT NULL;

-- Batches that came in. `point` has no foreign key, for the same reason as above.
CREATE TABLE batch (
    leaf_index       INTEGER PRIMARY KEY REFERENCES leaf (leaf_index) DEFERRABLE INITIALLY DEFERRED, -- personal: its leaf
    gateway          BLOB NOT NULL REFERENCES gateway (id),         -- personal: who signed it
    id               BLOB NOT NULL CHECK (length(id) = 16),         -- chosen by the gateway
    transfer         BLOB NOT NULL UNIQUE REFERENCES transfer (id) DEFERRABLE INITIALLY DEFERRED, -- records it
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
CREATE INDEX batch_of_participant ON batch (participant);
CREATE INDEX batch_of_point ON batch (point, span_end_at_us, span_start_at_us) WHERE sealed <> x'';

-- Releases.
CREATE TABLE release (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),            -- identifier
    request    BLOB NOT NULL UNIQUE REFERENCES access_request (id), -- the request it answers
    researcher BLOB NOT NULL REFERENCES researcher (id),            -- for whom
    households INTEGER NOT NULL CHECK (households >= 0),            -- how many it describes
    manifest   BLOB NOT NULL CHECK (length(manifest) = 32),         -- SHA-256 of the manifest
    ciphertext BLOB NOT NULL CHECK (length(ciphertext) = 32),       -- SHA-256 of `sealed`
    leaf_index INTEGER NOT NULL UNIQUE REFERENCES leaf (leaf_index) DEFERRABLE INITIALLY DEFERRED, -- the researcher's
    at_us      INTEGER NOT NULL,                                    -- when
    sealed     BLOB NOT NULL,                                       -- sealed to the researcher: age file
    vault_copy BLOB NOT NULL                                        -- the same files sealed to the vault: age file
) STRICT;

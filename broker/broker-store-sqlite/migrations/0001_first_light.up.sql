-- First light: everything one consented reading needs on its way from a meter to a researcher.
--
-- How to read the comments: `personal` speaks about a person and goes when the person is erased; `sealed` is
-- ciphertext whose key is not in this file; `secret` would do harm if read; nothing said means neither. Identifiers
-- are 16 random bytes; digests are SHA-256, 32 bytes; `_at_us` is microseconds since 1970-01-01T00:00Z; `_s` is seconds.
--
-- Rows about a person are keyed so that erasure finds them by index. A column that names a leaf is checked at commit
-- (DEFERRABLE): no transfer, batch or consent event can be committed without its leaf (invariant I2). Each such column
-- is indexed, because SQLite looks for waiting children whenever a leaf is added.

-- Which migrations this file has had. The newest one is the version of the file.
CREATE TABLE schema_version (
    version INTEGER PRIMARY KEY,                                    -- number of the migration file
    name    TEXT NOT NULL                                           -- its name
) STRICT;

-- ---- Ledger --------------------------------------------------------------------------------------------------------

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

-- ---- Members -------------------------------------------------------------------------------------------------------

-- Legal bodies.
CREATE TABLE organisation (
    id      BLOB PRIMARY KEY CHECK (length(id) = 16),               -- identifier
    name    TEXT NOT NULL,                                          -- trading name
    country TEXT NOT NULL,                                          -- ISO 3166 alpha-2
    contact TEXT NOT NULL                                           -- where people write to
) STRICT;

-- Applications of members.
CREATE TABLE application (
    id              BLOB PRIMARY KEY CHECK (length(id) = 16),       -- identifier
    organisation    BLOB NOT NULL REFERENCES organisation (id),     -- whose
    name            TEXT NOT NULL,                                  -- shown to people
    encryption_jwk  TEXT NOT NULL,                                  -- public key for deliveries, JWK in JSON
    credential_hash BLOB NOT NULL UNIQUE CHECK (length(credential_hash) = 32) -- SHA-256 of the bearer credential
) STRICT;

-- Researchers.
CREATE TABLE researcher (
    id            BLOB PRIMARY KEY CHECK (length(id) = 16),         -- identifier
    organisation  BLOB NOT NULL REFERENCES organisation (id),       -- laboratory
    name          TEXT NOT NULL,                                    -- personal (staff): shown to officers
    age_recipient TEXT NOT NULL                                     -- public key to which releases are sealed
) STRICT;

-- Data-protection officers.
CREATE TABLE officer (
    id   BLOB PRIMARY KEY CHECK (length(id) = 16),                  -- identifier
    name TEXT NOT NULL                                              -- personal (staff): shown to colleagues
) STRICT;

-- ---- People --------------------------------------------------------------------------------------------------------

-- Participants. The row outlives its person, empty, so that no ordinal is given twice.
CREATE TABLE participant (
    ordinal        INTEGER PRIMARY KEY CHECK (ordinal > 0),         -- position in membership bitmaps: 1, 2, 3, …
    id             BLOB NOT NULL UNIQUE CHECK (length(id) = 16),    -- personal until erased: pseudonym
    language       TEXT NOT NULL CHECK (language IN ('fr', 'en')),  -- personal: preferred language
    created_at_us  INTEGER NOT NULL,                                -- personal: when the person joined
    erased_at_us   INTEGER,                                         -- when erased
    profile_sealed BLOB NOT NULL                                    -- personal, sealed under the data key; empty: erased
) STRICT;

-- Data keys, wrapped with age. Destroying them is how readings are erased, backups included.
CREATE TABLE wrapped_key (
    participant BLOB NOT NULL REFERENCES participant (id),          -- whose
    epoch       INTEGER NOT NULL CHECK (epoch > 0),                 -- 1, 2, 3, …
    wrapped     BLOB NOT NULL,                                      -- personal, sealed: age file that holds the key
    PRIMARY KEY (participant, epoch)
) STRICT, WITHOUT ROWID;

-- Delivery points.
CREATE TABLE point (
    id            BLOB PRIMARY KEY CHECK (length(id) = 16),         -- identifier
    participant   BLOB NOT NULL REFERENCES participant (id),        -- personal: whose
    created_at_us INTEGER NOT NULL,                                 -- when it was added
    number_index  BLOB NOT NULL UNIQUE CHECK (length(number_index) = 32), -- personal: HMAC-SHA-256 of the meter number
    number_sealed BLOB NOT NULL                                     -- personal, sealed under the data key: meter number
) STRICT;
CREATE INDEX point_of_participant ON point (participant, created_at_us);

-- ---- Gateways ------------------------------------------------------------------------------------------------------

-- Gateways that proved their key.
CREATE TABLE gateway (
    id               BLOB PRIMARY KEY CHECK (length(id) = 16),      -- identifier in envelopes
    participant      BLOB NOT NULL REFERENCES participant (id),     -- personal: whose home
    point            BLOB NOT NULL REFERENCES point (id),           -- personal: the point it reads
    public_key       BLOB NOT NULL UNIQUE CHECK (length(public_key) = 32), -- personal: Ed25519 public key
    settings_version INTEGER NOT NULL,                              -- grows with each change
    measuring        TEXT NOT NULL CHECK (measuring IN ('on', 'off')), -- personal: the household's switch
    fields           TEXT NOT NULL,                                 -- personal: classes let out, comma between
    step_s           INTEGER NOT NULL,                              -- distance between two kept frames
    enrolled_at_us   INTEGER NOT NULL,                              -- personal: when
    last_seen_at_us  INTEGER                                        -- personal: last batch taken
) STRICT;
CREATE INDEX gateway_of_participant ON gateway (participant, enrolled_at_us);
CREATE INDEX gateway_of_point ON gateway (point);

-- One-time codes that enrol a gateway.
CREATE TABLE enrolment_code (
    code_hash     BLOB PRIMARY KEY CHECK (length(code_hash) = 32),  -- SHA-256; the code itself is shown once
    participant   BLOB NOT NULL REFERENCES participant (id),        -- personal: for whom
    point         BLOB NOT NULL REFERENCES point (id),              -- personal: for which point
    expires_at_us INTEGER NOT NULL,                                 -- until when
    used_by       BLOB REFERENCES gateway (id) DEFERRABLE INITIALLY DEFERRED -- personal: gateway it enrolled, if used
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolment_code_of_participant ON enrolment_code (participant);
CREATE INDEX enrolment_code_of_point ON enrolment_code (point);
CREATE INDEX enrolment_code_of_gateway ON enrolment_code (used_by);

-- ---- Consents ------------------------------------------------------------------------------------------------------

-- Texts shown before a choice.
CREATE TABLE notice (
    digest   BLOB PRIMARY KEY CHECK (length(digest) = 32),          -- SHA-256 of `text` in UTF-8
    language TEXT NOT NULL CHECK (language IN ('fr', 'en')),        -- of the text
    title    TEXT NOT NULL,                                         -- one line
    text     TEXT NOT NULL                                          -- exact, UTF-8 in NFC
) STRICT;

-- What recipients ask people to agree to.
CREATE TABLE offer (
    id        BLOB PRIMARY KEY CHECK (length(id) = 16),             -- identifier
    recipient BLOB NOT NULL REFERENCES organisation (id),           -- who would receive
    purpose   TEXT NOT NULL,                                        -- code of the vocabulary
    step_s    INTEGER NOT NULL,                                     -- finest step asked
    days      INTEGER NOT NULL,                                     -- how long a consent lasts, in days
    notice    BLOB NOT NULL REFERENCES notice (digest),             -- French notice, the reference language
    notice_en BLOB NOT NULL REFERENCES notice (digest)              -- English notice
) STRICT;

-- Consents: one purpose, one granularity, one recipient, one point (invariant I7).
CREATE TABLE consent (
    id               BLOB PRIMARY KEY CHECK (length(id) = 16),      -- identifier
    participant      BLOB NOT NULL REFERENCES participant (id),     -- personal: who agreed
    point            BLOB NOT NULL REFERENCES point (id),           -- personal: for which point
    recipient        BLOB NOT NULL REFERENCES organisation (id),    -- personal: to whom
    purpose          TEXT NOT NULL,                                 -- personal: for what
    step_s           INTEGER NOT NULL,                              -- finest step allowed
    data_start_at_us INTEGER NOT NULL,                              -- first instant of readings covered
    data_end_at_us   INTEGER NOT NULL,                              -- first instant no longer covered
    terms            BLOB NOT NULL CHECK (length(terms) = 32),      -- personal: SHA-256 of the terms agreed to
    notice           BLOB NOT NULL REFERENCES notice (digest),      -- SHA-256 of the notice shown
    CHECK (data_start_at_us < data_end_at_us)
) STRICT;
CREATE INDEX consent_of_participant ON consent (participant);
CREATE INDEX consent_of_point ON consent (point);
CREATE INDEX consent_to_recipient ON consent (recipient, purpose);

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

-- ---- Transfers -----------------------------------------------------------------------------------------------------

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

-- ---- Research ------------------------------------------------------------------------------------------------------

-- The catalogue.
CREATE TABLE dataset (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),            -- identifier
    recipient  BLOB NOT NULL REFERENCES organisation (id),          -- laboratory named in the consents
    purpose    TEXT NOT NULL,                                       -- people agreed to
    step_s     INTEGER NOT NULL,                                    -- one value every so often
    title_fr   TEXT NOT NULL,                                       -- French
    title_en   TEXT NOT NULL,                                       -- English
    summary_fr TEXT NOT NULL,                                       -- French
    summary_en TEXT NOT NULL                                        -- English
) STRICT;

-- Researchers' requests.
CREATE TABLE access_request (
    id                 BLOB PRIMARY KEY CHECK (length(id) = 16),    -- identifier
    researcher         BLOB NOT NULL REFERENCES researcher (id),    -- who asks
    organisation       BLOB NOT NULL REFERENCES organisation (id),  -- for which body
    dataset            BLOB NOT NULL REFERENCES dataset (id),       -- what for
    period_start_at_us INTEGER NOT NULL,                            -- first instant asked
    period_end_at_us   INTEGER NOT NULL,                            -- first instant after
    justification      TEXT NOT NULL,                               -- in the researcher's words
    submitted_at_us    INTEGER NOT NULL,                            -- when
    state              TEXT NOT NULL CHECK (state IN ('submitted', 'approved', 'declined')), -- where it stands
    decided_by         BLOB REFERENCES officer (id),                -- who decided
    decided_at_us      INTEGER,                                     -- when
    decline_reason     TEXT,                                        -- in words, for the researcher
    CHECK (period_start_at_us < period_end_at_us),
    CHECK ((state = 'submitted') = (decided_by IS NULL)),
    CHECK ((state = 'submitted') = (decided_at_us IS NULL)),
    CHECK ((state = 'declined') = (decline_reason IS NOT NULL))
) STRICT;
CREATE INDEX access_request_by_age ON access_request (submitted_at_us);
CREATE INDEX access_request_of_researcher ON access_request (researcher, submitted_at_us);

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

-- Who was in a release. Bits outlive erasure; they then point to an empty participant row.
CREATE TABLE release_membership (
    release            BLOB PRIMARY KEY REFERENCES release (id),    -- which
    dataset            BLOB NOT NULL REFERENCES dataset (id),       -- drawn from
    period_start_at_us INTEGER NOT NULL,                            -- first instant
    period_end_at_us   INTEGER NOT NULL,                            -- first instant after
    step_s             INTEGER NOT NULL,                            -- one value every so often
    members            BLOB NOT NULL,                               -- personal: bitmap over ordinals
    CHECK (period_start_at_us < period_end_at_us)
) STRICT;
CREATE INDEX release_membership_of_dataset ON release_membership (dataset);

-- ---- Sessions ------------------------------------------------------------------------------------------------------

-- People signed in to the pages: exactly one of the three.
CREATE TABLE session (
    token_hash    BLOB PRIMARY KEY CHECK (length(token_hash) = 32), -- SHA-256 of the cookie's token
    participant   BLOB REFERENCES participant (id),                 -- personal
    researcher    BLOB REFERENCES researcher (id),                  -- personal (staff)
    officer       BLOB REFERENCES officer (id),                     -- personal (staff)
    expires_at_us INTEGER NOT NULL,                                 -- until when
    csrf          BLOB NOT NULL CHECK (length(csrf) = 32),          -- secret that each form carries back
    CHECK ((participant IS NOT NULL) + (researcher IS NOT NULL) + (officer IS NOT NULL) = 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_of_participant ON session (participant);
CREATE INDEX session_by_end ON session (expires_at_us);

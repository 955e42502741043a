-- Telling people and recipients: mail addresses, the queue of messages, and what is done about each withdrawal.
--
-- The comments read as in 0001. Everything about a participant goes when she is erased, what waits to be sent included.

-- Where people want messages.
CREATE TABLE mail_address (
    participant BLOB PRIMARY KEY REFERENCES participant (id),       -- personal: whose
    epoch       INTEGER NOT NULL CHECK (epoch > 0),                 -- epoch of the data key
    sealed      BLOB NOT NULL,                                      -- personal, sealed: the address
    set_at_us   INTEGER NOT NULL                                    -- personal: when it was given
) STRICT, WITHOUT ROWID;

-- Messages to people. A message holds no text: it is written when it is sent. One that ended stays a year, so that no
-- occasion is told twice.
CREATE TABLE message (
    id          BLOB PRIMARY KEY CHECK (length(id) = 16),           -- identifier; follows from the occasion
    participant BLOB NOT NULL REFERENCES participant (id),          -- personal: to whom
    kind        TEXT NOT NULL,                                      -- personal: code of what it is about
    consent     BLOB REFERENCES consent (id),                       -- personal: about which sharing
    ends_at_us  INTEGER,                                            -- for reminders: the end they are about
    epoch       INTEGER NOT NULL CHECK (epoch > 0),                 -- epoch of the data key of the address
    to_sealed   BLOB NOT NULL,                                      -- personal, sealed: the address; empty once it ended
    queued_at_us INTEGER NOT NULL,                                  -- personal: when it was queued
    due_at_us   INTEGER NOT NULL,                                   -- when it is tried next
    attempts    INTEGER NOT NULL CHECK (attempts >= 0),             -- how often it was begun to be sent
    ended       TEXT CHECK (ended IN ('sent', 'failed', 'overtaken')), -- how it ended; NULL: it waits
    ended_at_us INTEGER,                                            -- when
    CHECK ((ended IS NULL) = (ended_at_us IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX message_of_participant ON message (participant);
CREATE INDEX message_about ON message (consent, kind) WHERE consent IS NOT NULL;
CREATE INDEX message_due ON message (due_at_us) WHERE ended IS NULL;
CREATE INDEX message_ended ON message (ended_at_us) WHERE ended IS NOT NULL;

-- Reminders look for sharings by their end.
CREATE INDEX consent_by_end ON consent (data_end_at_us);

-- How applications are told about withdrawals. One without a row here is told by a letter to its organisation.
CREATE TABLE route (
    application BLOB PRIMARY KEY REFERENCES application (id),       -- which
    webhook_url TEXT NOT NULL,                                      -- where it is told
    signing_jwk TEXT NOT NULL,                                      -- public key that its answers are verified with
    duty        TEXT NOT NULL CHECK (duty IN ('processor', 'controller')) -- its role, from which its duty follows
) STRICT, WITHOUT ROWID;

-- What is done about each withdrawal.
CREATE TABLE dossier (
    id              BLOB PRIMARY KEY CHECK (length(id) = 16),       -- identifier
    consent         BLOB NOT NULL UNIQUE REFERENCES consent (id),   -- personal: what was withdrawn
    participant     BLOB NOT NULL REFERENCES participant (id),      -- personal: whose
    recipient       BLOB NOT NULL REFERENCES organisation (id),     -- personal: who received
    withdrawn_at_us INTEGER NOT NULL                                -- personal: when
) STRICT, WITHOUT ROWID;
CREATE INDEX dossier_of_participant ON dossier (participant);

-- Each recipient told.
CREATE TABLE dossier_notice (
    id                   BLOB PRIMARY KEY CHECK (length(id) = 16),  -- identifier
    dossier              BLOB NOT NULL REFERENCES dossier (id),     -- personal: about what
    application          BLOB REFERENCES application (id),          -- whose webhook is called; NULL: a letter
    duty                 TEXT NOT NULL CHECK (duty IN ('processor', 'controller')), -- what it must do
    acknowledge_by_at_us INTEGER NOT NULL,                          -- until when it is to be acknowledged
    due_at_us            INTEGER,                                   -- when it is sent next; NULL: no more
    attempts             INTEGER NOT NULL CHECK (attempts >= 0),    -- how often it was begun to be sent
    told_at_us           INTEGER,                                   -- when it first reached the recipient
    answered_at_us       INTEGER,                                   -- when it was acknowledged
    delete_by_at_us      INTEGER,                                   -- until when past data is deleted, as it answered
    basis                TEXT,                                      -- on which basis past data is kept, in its words
    answer               TEXT,                                      -- its acknowledgement, a compact JWS
    answer_digest        BLOB CHECK (length(answer_digest) = 32),   -- SHA-256 of that
    attested_at_us       INTEGER,                                   -- when it attested that it deleted
    attestation          TEXT,                                      -- its attestation, a compact JWS
    CHECK ((answered_at_us IS NULL) = (answer IS NULL)),
    CHECK ((answered_at_us IS NULL) = (answer_digest IS NULL)),
    CHECK ((delete_by_at_us IS NOT NULL) + (basis IS NOT NULL) = (answered_at_us IS NOT NULL)),
    CHECK ((attested_at_us IS NULL) = (attestation IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX dossier_notice_in ON dossier_notice (dossier);
CREATE INDEX dossier_notice_due ON dossier_notice (due_at_us) WHERE due_at_us IS NOT NULL;
CREATE INDEX dossier_notice_open ON dossier_notice (acknowledge_by_at_us)
    WHERE answered_at_us IS NULL OR (delete_by_at_us IS NOT NULL AND attested_at_us IS NULL);

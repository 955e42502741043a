-- What recipients and our own staff are told and need not answer; and mail addresses that wait for their code.
--
-- The comments read as in 0001. What is about a participant goes with her.

-- A change of a sharing, an erasure, a request that is due.
CREATE TABLE telling (
    id           BLOB PRIMARY KEY CHECK (length(id) = 16),          -- identifier; of an erasure it is drawn
    participant  BLOB REFERENCES participant (id),                  -- personal: about whom; NULL: the body is sealed
    organisation BLOB REFERENCES organisation (id),                 -- to whom; NULL: our own staff
    application  BLOB REFERENCES application (id),                  -- whose webhook is called; NULL: a letter
    body         BLOB NOT NULL,                                     -- personal: what is told; without participant sealed to the vault itself; empty once it ended
    queued_at_us INTEGER NOT NULL,                                  -- when it was queued; of an erasure, the full hour before
    due_at_us    INTEGER NOT NULL,                                  -- when it is tried next
    attempts     INTEGER NOT NULL CHECK (attempts >= 0),            -- how often it was begun to be sent
    ended        TEXT CHECK (ended IN ('told', 'given-up')),        -- how it ended; NULL: it waits
    ended_at_us  INTEGER,                                           -- when
    CHECK ((ended IS NULL) = (ended_at_us IS NULL)),
    CHECK (application IS NULL OR organisation IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX telling_of_participant ON telling (participant) WHERE participant IS NOT NULL;
CREATE INDEX telling_due ON telling (due_at_us) WHERE ended IS NULL;
CREATE INDEX telling_ended ON telling (ended_at_us) WHERE ended IS NOT NULL;

-- When the person asked that data received before be deleted (P-15).
ALTER TABLE dossier ADD COLUMN deletion_asked_at_us INTEGER;           -- personal: when; NULL: not asked

-- The clock of a request about rights, and what is written in it: sealed, so that it goes with its person.
ALTER TABLE rights_request ADD COLUMN extended_at_us INTEGER;          -- personal: when two further months were taken
ALTER TABLE rights_request ADD COLUMN paused_at_us INTEGER;            -- personal: since when the clock stands still
ALTER TABLE rights_request ADD COLUMN paused_days INTEGER NOT NULL DEFAULT 0 CHECK (paused_days >= 0); -- on how many days before
CREATE TABLE rights_words (
    request BLOB NOT NULL REFERENCES rights_request (id),           -- personal: in which request
    place   INTEGER NOT NULL CHECK (place >= 0),                    -- 0, 1, 2, … without a gap
    author  TEXT NOT NULL CHECK (author IN ('person', 'officer')),  -- personal: who wrote
    kind    TEXT NOT NULL CHECK (kind IN ('asked', 'message', 'extension', 'pause', 'answer')), -- personal: what
    at_us   INTEGER NOT NULL,                                       -- personal: when
    epoch   INTEGER NOT NULL CHECK (epoch > 0),                     -- epoch of the data key
    sealed  BLOB NOT NULL,                                          -- personal, sealed: the words
    serial  INTEGER NOT NULL REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    PRIMARY KEY (request, place)
) STRICT, WITHOUT ROWID;

-- An address that somebody gave, until she types the code that was sent there.
CREATE TABLE mail_pending (
    participant   BLOB PRIMARY KEY REFERENCES participant (id),     -- personal: whose
    epoch         INTEGER NOT NULL CHECK (epoch > 0),               -- epoch of the data key
    sealed        BLOB NOT NULL,                                    -- personal, sealed: the address
    message       BLOB NOT NULL CHECK (length(message) = 16),       -- personal: the message that brings the code
    code_sealed   BLOB NOT NULL,                                    -- personal, sealed: the code; empty once it was sent
    code_hash     BLOB NOT NULL CHECK (length(code_hash) = 32),     -- personal: keyed hash of the code
    expires_at_us INTEGER NOT NULL,                                 -- until when the code is taken
    attempts_left INTEGER NOT NULL CHECK (attempts_left >= 0)       -- how often a code may still be typed
) STRICT, WITHOUT ROWID;

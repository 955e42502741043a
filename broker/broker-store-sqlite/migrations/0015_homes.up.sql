-- The other adults of a home, who have no account: how many, the code of the notice for them, what they bring before the
-- officer; and the sharings that stand still until an officer looked into them.
--
-- The comments read as in 0001. All of it goes with the person whose meter it is.

-- Who else lives in the home of a point, as its person says. Numbers, no names.
CREATE TABLE home (
    point       BLOB PRIMARY KEY REFERENCES point (id),             -- personal: of which point
    adults      INTEGER NOT NULL CHECK (adults BETWEEN 0 AND 20),   -- personal: how many other adults
    minors      INTEGER NOT NULL CHECK (minors IN (0, 1)),          -- personal: whether minors
    said_at_us  INTEGER NOT NULL,                                   -- personal: when she said so
    code_hash   BLOB UNIQUE CHECK (length(code_hash) = 32),         -- personal: keyed hash of the code of the notice; NULL: none was made
    code_epoch  INTEGER CHECK (code_epoch > 0),                     -- epoch of the data key
    code_sealed BLOB,                                               -- personal, sealed: the code
    code_at_us  INTEGER,                                            -- personal: when it was made
    CHECK ((code_hash IS NULL) = (code_sealed IS NULL) AND (code_hash IS NULL) = (code_epoch IS NULL)
        AND (code_hash IS NULL) = (code_at_us IS NULL))
) STRICT, WITHOUT ROWID;

-- Requests about rights that come from another adult of a home.
CREATE TABLE household_case (
    request        BLOB PRIMARY KEY REFERENCES rights_request (id), -- personal: which request
    point          BLOB NOT NULL REFERENCES point (id),             -- personal: of which home
    kind           TEXT NOT NULL CHECK (kind IN ('objection', 'question', 'represented')), -- personal: what it is
    code_hash      BLOB NOT NULL UNIQUE CHECK (length(code_hash) = 32), -- personal: keyed hash of the code that reads the answer
    epoch          INTEGER CHECK (epoch > 0),                       -- epoch of the data key
    contact_sealed BLOB,                                            -- personal, sealed: where the other adult can be reached; NULL: not said
    CHECK ((epoch IS NULL) = (contact_sealed IS NULL))
) STRICT, WITHOUT ROWID;

-- People who said that they are of age, before their first way in. No birth date.
CREATE TABLE age_statement (
    participant BLOB PRIMARY KEY REFERENCES participant (id),       -- personal: who
    at_us       INTEGER NOT NULL                                    -- personal: when
) STRICT, WITHOUT ROWID;

-- People who died or cannot decide any more, as an officer recorded it.
CREATE TABLE capacity_end (
    participant    BLOB NOT NULL REFERENCES participant (id),       -- personal: who
    cause          TEXT NOT NULL CHECK (cause IN ('died', 'incapable')), -- personal: which of both
    since_us       INTEGER NOT NULL,                                -- personal: from when on her agreements do not hold
    recorded_at_us INTEGER NOT NULL,                                -- personal: when it was recorded
    request        BLOB NOT NULL REFERENCES rights_request (id),    -- personal: the case for whoever acts for her
    closed_at_us   INTEGER,                                         -- when all that follows from it was done
    undone_at_us   INTEGER,                                         -- personal: when it was found to be a mistake
    PRIMARY KEY (participant, recorded_at_us)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX capacity_end_standing ON capacity_end (participant) WHERE undone_at_us IS NULL;

-- Sharings that stand still until an officer looked into them. What stops them is a pause of the consent; this says why.
CREATE TABLE standstill (
    consent     BLOB NOT NULL REFERENCES consent (id),              -- personal: which sharing
    cause       TEXT NOT NULL CHECK (cause IN ('not-me', 'objection')), -- personal: why
    request     BLOB REFERENCES rights_request (id),                -- personal: the case about it; NULL: none could be opened
    began_at_us INTEGER NOT NULL,                                   -- personal: since when
    ended_at_us INTEGER CHECK (ended_at_us >= began_at_us),         -- personal: until when; NULL: under way
    PRIMARY KEY (consent, began_at_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX standstill_of_case ON standstill (request) WHERE request IS NOT NULL;

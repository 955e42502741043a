-- Who may act for whom (P-30), what was done so, and for whom a session acts.
--
-- The comments read as in 0001. A mandate goes with either of its two sides; who did an event stays with the consent.

CREATE TABLE mandate (
    id              BLOB PRIMARY KEY CHECK (length(id) = 16),       -- identifier
    participant     BLOB NOT NULL REFERENCES participant (id),      -- personal: for whom is acted
    delegate        BLOB REFERENCES participant (id),               -- personal: who acts; NULL: nobody took it on
    capacity        TEXT NOT NULL CHECK (capacity IN                -- personal: as what
        ('delegate', 'joint-holder', 'guardian', 'representative')),
    powers          TEXT NOT NULL CHECK (powers IN                  -- what may be done; whoever grants may withdraw
        ('view', 'withdraw', 'view+withdraw', 'grant+withdraw', 'view+grant+withdraw')),
    starts_at_us    INTEGER NOT NULL,                               -- from when on
    ends_at_us      INTEGER NOT NULL,                               -- until when, exclusive
    basis           BLOB CHECK (length(basis) = 32),                -- SHA-256 of a document, which is not kept
    given_at_us     INTEGER NOT NULL,                               -- when it was given
    open_until_us   INTEGER NOT NULL,                               -- until when it can be taken on
    accepted_at_us  INTEGER,                                        -- personal: when it was taken on
    ended_at_us     INTEGER,                                        -- personal: when it was ended before its time
    ended_by        TEXT CHECK (ended_by IN ('person', 'delegate')), -- personal: by which side
    code_hash       BLOB UNIQUE CHECK (length(code_hash) = 32),     -- keyed hash of the code that takes it on; NULL: none any more
    newcomer        BLOB REFERENCES participant (id),               -- personal: who was enrolled with the code
    names_epoch     INTEGER NOT NULL CHECK (names_epoch > 0),       -- epoch of the person's data key
    names_sealed    BLOB NOT NULL,                                  -- personal, sealed under the data key: what she calls the delegate, and her name
    delegate_epoch  INTEGER CHECK (delegate_epoch > 0),             -- epoch of the delegate's data key
    delegate_sealed BLOB,                                           -- personal, sealed under the data key of the delegate: that one's name
    CHECK (starts_at_us < ends_at_us),
    CHECK (delegate IS NOT participant),
    CHECK ((delegate IS NULL) = (accepted_at_us IS NULL) AND (delegate IS NULL) = (delegate_epoch IS NULL)
        AND (delegate IS NULL) = (delegate_sealed IS NULL)),
    CHECK ((ended_at_us IS NULL) = (ended_by IS NULL)),
    CHECK (code_hash IS NULL OR (delegate IS NULL AND ended_at_us IS NULL))
) STRICT;
CREATE INDEX mandate_given ON mandate (participant, given_at_us);
CREATE INDEX mandate_held ON mandate (delegate, given_at_us) WHERE delegate IS NOT NULL;
CREATE INDEX mandate_newcomer ON mandate (newcomer) WHERE newcomer IS NOT NULL;

-- On which days whoever holds a mandate looked at what is the person's.
CREATE TABLE mandate_look (
    mandate BLOB NOT NULL REFERENCES mandate (id),                  -- personal: under which
    day     TEXT NOT NULL,                                          -- personal: the day where the meters are
    serial  INTEGER NOT NULL REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    PRIMARY KEY (mandate, day)
) STRICT, WITHOUT ROWID;

-- Events of consents that somebody did for the person. Stays when the mandate is gone: later records repeat it.
CREATE TABLE delegated_event (
    consent  BLOB NOT NULL REFERENCES consent (id),                 -- personal: of which consent
    seq      INTEGER NOT NULL CHECK (seq >= 0),                     -- number of the event
    mandate  BLOB NOT NULL CHECK (length(mandate) = 16),            -- personal: under which mandate
    delegate BLOB NOT NULL CHECK (length(delegate) = 16),           -- personal: who acted; stands in her signed records too
    capacity TEXT NOT NULL,                                         -- personal: as what
    PRIMARY KEY (consent, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX delegated_event_under ON delegated_event (mandate);

-- For whom a session acts; without a row for its own person.
CREATE TABLE session_acting (
    session BLOB PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE, -- personal: which session
    mandate BLOB NOT NULL REFERENCES mandate (id) ON DELETE CASCADE -- personal: under which mandate
) STRICT, WITHOUT ROWID;
CREATE INDEX session_acting_under ON session_acting (mandate);

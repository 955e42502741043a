-- What officers enter for people who wrote, called or came, and the forms by which they enrol them.
--
-- The comments read as in 0001. All of it goes with the person.

-- One officer enters, another looks at it.
CREATE TABLE entered_act (
    id             BLOB PRIMARY KEY CHECK (length(id) = 16),        -- identifier, of the form that was filled in
    participant    BLOB NOT NULL REFERENCES participant (id),       -- personal: for whom
    entry          TEXT NOT NULL CHECK (entry IN                    -- personal: what
        ('grant', 'withdraw', 'freeze', 'ask-right', 'new-code')),
    offer          BLOB REFERENCES offer (id),                      -- of a grant: agreed to what
    point          BLOB REFERENCES point (id),                      -- personal: of a grant: for which meter
    notice         BLOB CHECK (length(notice) = 32),                -- of a grant: SHA-256 of the notice on the form
    consent        BLOB REFERENCES consent (id),                    -- personal: of a withdrawal or a freeze: which
    request        BLOB REFERENCES rights_request (id),             -- personal: of a right: the request it opened
    asked          TEXT,                                            -- personal: of a right: which right
    seen           TEXT CHECK (seen IN ('in-person', 'from-afar')), -- personal: of a code: whether the first officer saw her
    method         TEXT NOT NULL CHECK (method IN ('paper', 'phone')), -- personal: how it came
    form           TEXT,                                            -- the reference printed on the form
    signed_on      TEXT CHECK (length(signed_on) = 10),             -- personal: the day beside the signature, YYYY-MM-DD
    arrived_on     TEXT CHECK (length(arrived_on) = 10),            -- personal: the day of its arrival or of the call, YYYY-MM-DD
    scan           BLOB CHECK (length(scan) = 32),                  -- personal: SHA-256 of the scan
    entered_by     BLOB NOT NULL REFERENCES officer (id),           -- personal (staff): who entered it
    entered_at_us  INTEGER NOT NULL,                                -- personal: when
    serial         INTEGER NOT NULL UNIQUE REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    effect_serial  INTEGER REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: record of what it brought about
    outcome        TEXT CHECK (outcome IN ('confirmed', 'sent-back', 'stopped')), -- personal: how it was decided; NULL: it waits
    decided_by     BLOB REFERENCES officer (id),                    -- personal (staff): who decided; NULL: the person herself
    decided_at_us  INTEGER,                                         -- personal: when
    decided_seen   TEXT CHECK (decided_seen IN ('in-person', 'from-afar')), -- personal: whether the second officer saw her
    decided_serial INTEGER UNIQUE REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    reason_epoch   INTEGER CHECK (reason_epoch > 0),                -- epoch of the data key
    reason_sealed  BLOB,                                            -- personal, sealed: why it was sent back
    invitation     BLOB CHECK (length(invitation) = 32),            -- personal: hash of the newest invitation made of it
    posted_by      BLOB REFERENCES officer (id),                    -- personal (staff): who posted its letter
    posted_at_us   INTEGER,                                         -- personal: when
    CHECK ((entry = 'grant') = (offer IS NOT NULL) AND (entry = 'grant') = (point IS NOT NULL)
        AND (entry = 'grant') = (notice IS NOT NULL)),
    CHECK ((entry IN ('withdraw', 'freeze')) = (consent IS NOT NULL)),
    CHECK ((entry = 'ask-right') = (request IS NOT NULL) AND (entry = 'ask-right') = (asked IS NOT NULL)),
    CHECK ((entry = 'new-code') = (seen IS NOT NULL)),
    CHECK ((outcome IS NULL) = (decided_at_us IS NULL) AND (outcome IS NULL) = (decided_serial IS NULL)),
    CHECK ((posted_by IS NULL) = (posted_at_us IS NULL)),
    CHECK (decided_by IS NOT entered_by)
) STRICT, WITHOUT ROWID;
CREATE INDEX entered_act_of_participant ON entered_act (participant, entered_at_us);
CREATE INDEX entered_act_waiting ON entered_act (entered_at_us) WHERE outcome IS NULL;
CREATE INDEX entered_act_decided ON entered_act (decided_at_us) WHERE outcome IS NOT NULL;
CREATE INDEX entered_act_to_post ON entered_act (entered_at_us) WHERE posted_at_us IS NULL;

-- The code by which a person stops a new code for her account.
CREATE TABLE stop_code (
    act     BLOB PRIMARY KEY REFERENCES entered_act (id),           -- personal: of which act
    hash    BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),         -- personal: keyed hash of the code
    epoch   INTEGER NOT NULL CHECK (epoch > 0),                     -- epoch of the data key
    sealed  BLOB NOT NULL,                                          -- personal, sealed: the code; empty once it was sent
    message BLOB NOT NULL CHECK (length(message) = 16)              -- personal: the message that brings it
) STRICT, WITHOUT ROWID;
CREATE INDEX stop_code_of_message ON stop_code (message);

-- A form by which an officer enrolled somebody: sent twice, it enrols once.
CREATE TABLE enrolment_form (
    id          BLOB PRIMARY KEY CHECK (length(id) = 16),           -- identifier, drawn when the form was shown
    participant BLOB NOT NULL REFERENCES participant (id),          -- personal: who was enrolled
    officer     BLOB NOT NULL REFERENCES officer (id),              -- personal (staff): by whom
    at_us       INTEGER NOT NULL                                    -- personal: when
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolment_form_of_participant ON enrolment_form (participant);

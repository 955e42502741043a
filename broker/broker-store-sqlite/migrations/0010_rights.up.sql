-- What people ask about their rights, and the days on which they came to their own readings.
--
-- The comments read as in 0001. Both tables go with the person.

-- Requests about one's rights: one row a request, its later steps filled in.
CREATE TABLE rights_request (
    id              BLOB PRIMARY KEY CHECK (length(id) = 16),       -- identifier
    participant     BLOB NOT NULL REFERENCES participant (id),      -- personal: who asks, about herself
    asked           TEXT NOT NULL CHECK (asked IN                   -- personal: which right
        ('access', 'portability', 'rectify', 'erase', 'restrict', 'object')),
    words           TEXT NOT NULL,                                  -- personal: what she wrote, not encrypted; may be empty
    received_at_us  INTEGER NOT NULL,                               -- personal: when it arrived; starts the clock
    due_on          TEXT NOT NULL CHECK (length(due_on) = 10),      -- last day in time, YYYY-MM-DD where the controller is
    serial          INTEGER NOT NULL UNIQUE REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: arrival
    taken_by        BLOB REFERENCES officer (id),                   -- personal (staff): who took it up
    taken_at_us     INTEGER,                                        -- personal: when
    taken_serial    INTEGER UNIQUE REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    answered_by     BLOB REFERENCES officer (id),                   -- personal (staff): who answered
    answered_at_us  INTEGER,                                        -- personal: when
    answer          TEXT,                                           -- personal: in the officer's words, not encrypted
    answered_serial INTEGER UNIQUE REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    CHECK ((taken_by IS NULL) = (taken_at_us IS NULL) AND (taken_by IS NULL) = (taken_serial IS NULL)),
    CHECK ((answered_by IS NULL) = (answered_at_us IS NULL) AND (answered_by IS NULL) = (answer IS NULL)
        AND (answered_by IS NULL) = (answered_serial IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX rights_request_of_participant ON rights_request (participant, received_at_us);
CREATE INDEX rights_request_open ON rights_request (due_on, received_at_us) WHERE answered_by IS NULL;
CREATE INDEX rights_request_answered ON rights_request (answered_at_us) WHERE answered_by IS NOT NULL;

-- One row a day and way in which a person came to her own readings: what says so in the log says it once.
CREATE TABLE own_access (
    participant BLOB NOT NULL REFERENCES participant (id),          -- personal: who
    scope       TEXT NOT NULL CHECK (scope IN ('own-readings', 'own-copy')), -- personal: looked, or took a copy
    day         TEXT NOT NULL CHECK (length(day) = 10),             -- personal: YYYY-MM-DD where the meters are
    serial      INTEGER NOT NULL UNIQUE REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    PRIMARY KEY (participant, scope, day)
) STRICT, WITHOUT ROWID;

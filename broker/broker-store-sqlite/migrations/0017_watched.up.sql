-- What people and authorities are told when something is out of the ordinary, summaries of a year, objections to one project.
--
-- The comments read as in 0001. What is about a participant goes with her.

-- A day on which much more was sent under a sharing than is usual for it (P-27).
CREATE TABLE unusual_use (
    consent       BLOB NOT NULL REFERENCES consent (id),            -- personal: under which sharing
    day_at_us     INTEGER NOT NULL,                                 -- personal: the start of the day
    kind          TEXT NOT NULL CHECK (kind IN ('transfers', 'span')), -- what was unusual: how often, or how long a span
    found         INTEGER NOT NULL CHECK (found > 0),               -- personal: how many, or seconds of the longest span
    usual         INTEGER NOT NULL CHECK (usual >= 0),              -- personal: what is usual: a median
    noticed_at_us INTEGER NOT NULL,                                 -- personal: when it was noticed
    PRIMARY KEY (consent, day_at_us, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX unusual_use_by_age ON unusual_use (noticed_at_us);
-- Answers by itself how much was sent under each sharing; the last two columns are there for that alone.
CREATE INDEX transfer_out_by_time ON transfer (at_us, consent, span_start_at_us, span_end_at_us, direction, refusal)
    WHERE direction = 'out' AND refusal IS NULL;

-- Personal-data breaches: the register (GDPR art. 33(5)) and the notice to people (art. 34). What officers write, in clear: it names
-- nobody.
CREATE TABLE breach (
    id                  BLOB PRIMARY KEY CHECK (length(id) = 16),   -- identifier
    recorded_by         BLOB NOT NULL REFERENCES officer (id),      -- which officer wrote it down
    recorded_at_us      INTEGER NOT NULL,                           -- when
    known_at_us         INTEGER NOT NULL,                           -- when we became aware: starts the clock of art. 33(1)
    nature              TEXT NOT NULL CHECK (nature <> ''),         -- codes of what was breached, a space between two
    severity            TEXT NOT NULL CHECK (severity IN ('negligible', 'limited', 'important', 'maximal')), -- how bad it is
    scope               TEXT NOT NULL CHECK (scope IN ('all', 'recipient', 'consent', 'gateway')), -- by what those concerned are found
    subject             BLOB CHECK (length(subject) = 16),          -- personal, of a consent or gateway: which; NULL: all, or erased
    from_at_us          INTEGER,                                    -- from when on data were touched; NULL: from the beginning
    until_at_us         INTEGER,                                    -- until when; NULL: until now
    happened            TEXT NOT NULL,                              -- what happened, in the officer's words
    data_kinds          TEXT NOT NULL,                              -- what kinds of data
    consequences        TEXT NOT NULL,                              -- what may follow
    measures            TEXT NOT NULL,                              -- what was and will be done
    contact             TEXT NOT NULL,                              -- whom people and the authority turn to
    text_fr             TEXT NOT NULL,                              -- the notice to people, in French
    text_en             TEXT NOT NULL,                              -- in English
    text_nl             TEXT NOT NULL,                              -- in Dutch
    authority_at_us     INTEGER,                                    -- when the authority was told; NULL: not yet
    authority_reference TEXT,                                       -- its reference
    authority_late      TEXT,                                       -- why it was told late, where it was
    people_at_us        INTEGER,                                    -- when telling people was decided; NULL: it was not
    people_by           BLOB REFERENCES officer (id),               -- by which officer
    people              INTEGER CHECK (people >= 0),                -- how many people were concerned then
    untold_reason       TEXT,                                       -- why people are not told (art. 34(3)); stays where they are told after all (art. 34(4))
    CHECK ((people_at_us IS NULL) = (people IS NULL)),
    CHECK ((people_at_us IS NULL) = (people_by IS NULL)),
    CHECK ((authority_at_us IS NULL) = (authority_reference IS NULL)),
    CHECK (authority_late IS NULL OR authority_at_us IS NOT NULL)
) STRICT;
CREATE INDEX breach_by_age ON breach (recorded_at_us);
CREATE TABLE breach_person (
    breach      BLOB NOT NULL REFERENCES breach (id),               -- which breach
    participant BLOB NOT NULL REFERENCES participant (id),          -- personal: whom it concerns
    told_at_us  INTEGER,                                            -- personal: when it was recorded in her list and queued; NULL: still to come
    serial      INTEGER REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: that record
    PRIMARY KEY (breach, participant),
    CHECK ((told_at_us IS NULL) = (serial IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX breach_of_person ON breach_person (participant);
CREATE INDEX breach_untold ON breach_person (breach, participant) WHERE told_at_us IS NULL;

-- Summaries of a year (P-29): which were made, and who wants one every year. What one says is read when it is opened.
CREATE TABLE summary (
    participant BLOB NOT NULL REFERENCES participant (id),          -- personal: whose
    until_at_us INTEGER NOT NULL,                                   -- personal: the first instant after its span
    from_at_us  INTEGER NOT NULL,                                   -- personal: the first instant of it
    PRIMARY KEY (participant, until_at_us),
    CHECK (from_at_us < until_at_us)
) STRICT, WITHOUT ROWID;
CREATE TABLE summary_wish (
    participant BLOB PRIMARY KEY REFERENCES participant (id),       -- personal: who wants one every year
    due_at_us   INTEGER NOT NULL                                    -- personal: when the next is due
) STRICT, WITHOUT ROWID;
CREATE INDEX summary_wish_due ON summary_wish (due_at_us);

-- Objections to one project of research (GDPR art. 21(6); P-18): its releases are made without her.
CREATE TABLE objection (
    participant BLOB NOT NULL REFERENCES participant (id),          -- personal: who objects
    request     BLOB NOT NULL REFERENCES access_request (id),       -- personal: to which project
    at_us       INTEGER NOT NULL,                                   -- personal: when
    serial      INTEGER NOT NULL REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    PRIMARY KEY (participant, request)
) STRICT, WITHOUT ROWID;
CREATE INDEX objection_to_request ON objection (request);

-- What recipients were not told of an erasure stays on the desk until an officer has seen to it.
ALTER TABLE telling ADD COLUMN handled_at_us INTEGER;                  -- when an officer had seen to it
ALTER TABLE telling ADD COLUMN handled_by BLOB REFERENCES officer (id); -- which one

-- Takes back 0019. An older program knows no end of capacity that waits for another officer, and cannot read its records: a file with
-- one is refused: the statements on the temporary table fail then. Messages of kinds that older programs do not know are forgotten.
CREATE TEMP TABLE refused_because_entered_ends_would_be_lost (found INTEGER CHECK (found = 0));
INSERT INTO refused_because_entered_ends_would_be_lost (found) SELECT COUNT(*) FROM entered_act WHERE entry = 'end-capacity';
INSERT INTO refused_because_entered_ends_would_be_lost (found)
    SELECT COUNT(*) FROM record WHERE written_by = 'enter the end of a capacity';
DROP TABLE refused_because_entered_ends_would_be_lost;

DELETE FROM message WHERE kind IN ('capacity-entered', 'capacity-recorded');
DROP INDEX standstill_alone;
DROP INDEX transfer_to_recipient;
CREATE TABLE entered_act_of_before (
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
INSERT INTO entered_act_of_before (id, participant, entry, offer, point, notice, consent, request, asked, seen, method, form, signed_on, arrived_on, scan,
        entered_by, entered_at_us, serial, effect_serial, outcome, decided_by, decided_at_us, decided_seen, decided_serial,
        reason_epoch, reason_sealed, invitation, posted_by, posted_at_us)
    SELECT id, participant, entry, offer, point, notice, consent, request, asked, seen, method, form, signed_on, arrived_on, scan,
        entered_by, entered_at_us, serial, effect_serial, outcome, decided_by, decided_at_us, decided_seen, decided_serial,
        reason_epoch, reason_sealed, invitation, posted_by, posted_at_us FROM entered_act;
DROP TABLE entered_act;
ALTER TABLE entered_act_of_before RENAME TO entered_act;
CREATE INDEX entered_act_of_participant ON entered_act (participant, entered_at_us);
CREATE INDEX entered_act_waiting ON entered_act (entered_at_us) WHERE outcome IS NULL;
CREATE INDEX entered_act_decided ON entered_act (decided_at_us) WHERE outcome IS NOT NULL;
CREATE INDEX entered_act_to_post ON entered_act (entered_at_us) WHERE posted_at_us IS NULL;

-- The end of a capacity is entered by one officer and confirmed by another; a breach by recipient and the desk of freezes find their rows
-- by an index.
--
-- The comments read as in 0001. All of it goes with the person.

-- One officer enters, another looks at it.
CREATE TABLE new_entered_act (
    id             BLOB PRIMARY KEY CHECK (length(id) = 16),        -- identifier, of the form that was filled in
    participant    BLOB NOT NULL REFERENCES participant (id),       -- personal: for whom
    entry          TEXT NOT NULL CHECK (entry IN                    -- personal: what
        ('grant', 'withdraw', 'freeze', 'ask-right', 'new-code', 'end-capacity')),
    offer          BLOB REFERENCES offer (id),                      -- of a grant: agreed to what
    point          BLOB REFERENCES point (id),                      -- personal: of a grant: for which meter
    notice         BLOB CHECK (length(notice) = 32),                -- of a grant: SHA-256 of the notice on the form
    consent        BLOB REFERENCES consent (id),                    -- personal: of a withdrawal or a freeze: which
    request        BLOB REFERENCES rights_request (id),             -- personal: of a right or an end of capacity: the request it opened
    asked          TEXT,                                            -- personal: of a right: which right
    seen           TEXT CHECK (seen IN ('in-person', 'from-afar')), -- personal: of a code: whether the first officer saw her
    cause          TEXT CHECK (cause IN ('died', 'incapable')),     -- personal: of an end of capacity: which of both
    since_us       INTEGER,                                         -- personal: of an end of capacity: from when on
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
    CHECK ((entry IN ('ask-right', 'end-capacity')) = (request IS NOT NULL) AND (entry = 'ask-right') = (asked IS NOT NULL)),
    CHECK ((entry = 'end-capacity') = (cause IS NOT NULL) AND (entry = 'end-capacity') = (since_us IS NOT NULL)),
    CHECK ((entry = 'new-code') = (seen IS NOT NULL)),
    CHECK ((outcome IS NULL) = (decided_at_us IS NULL) AND (outcome IS NULL) = (decided_serial IS NULL)),
    CHECK ((posted_by IS NULL) = (posted_at_us IS NULL)),
    CHECK (decided_by IS NOT entered_by)
) STRICT, WITHOUT ROWID;
INSERT INTO new_entered_act (id, participant, entry, offer, point, notice, consent, request, asked, seen, method, form, signed_on, arrived_on, scan,
        entered_by, entered_at_us, serial, effect_serial, outcome, decided_by, decided_at_us, decided_seen, decided_serial,
        reason_epoch, reason_sealed, invitation, posted_by, posted_at_us)
    SELECT id, participant, entry, offer, point, notice, consent, request, asked, seen, method, form, signed_on, arrived_on, scan,
        entered_by, entered_at_us, serial, effect_serial, outcome, decided_by, decided_at_us, decided_seen, decided_serial,
        reason_epoch, reason_sealed, invitation, posted_by, posted_at_us FROM entered_act;
DROP TABLE entered_act;
ALTER TABLE new_entered_act RENAME TO entered_act;
CREATE INDEX entered_act_of_participant ON entered_act (participant, entered_at_us);
CREATE INDEX entered_act_waiting ON entered_act (entered_at_us) WHERE outcome IS NULL;
CREATE INDEX entered_act_decided ON entered_act (decided_at_us) WHERE outcome IS NOT NULL;
CREATE INDEX entered_act_to_post ON entered_act (entered_at_us) WHERE posted_at_us IS NULL;
CREATE INDEX entered_act_capacity ON entered_act (participant) WHERE entry = 'end-capacity' AND outcome IS NULL;

-- Of whom a recipient received something in a span (0017); answers by itself.
CREATE INDEX transfer_to_recipient ON transfer (recipient, at_us, participant, direction, refusal)
    WHERE direction = 'out' AND refusal IS NULL;

-- What stands still and no case is about.
CREATE INDEX standstill_alone ON standstill (began_at_us) WHERE request IS NULL AND ended_at_us IS NULL;

-- Takes back 0011. A file with an event that the older table has no place for is refused; reminders are lost.

DROP TABLE reminder;

-- What happened to each consent. Rows are only added.
CREATE TABLE new_consent_event (
    consent         BLOB NOT NULL REFERENCES consent (id),          -- personal: which
    seq             INTEGER NOT NULL CHECK (seq >= 0),              -- 0, 1, 2, … without a gap
    kind            TEXT NOT NULL CHECK (kind IN ('given', 'refused', 'withdrawn', 'suspended')), -- personal: what happened
    effective_at_us INTEGER NOT NULL,                               -- personal: when it took effect
    recorded_at_us  INTEGER NOT NULL,                               -- when we knew
    record          BLOB NOT NULL CHECK (length(record) = 32),      -- personal: SHA-256 of the event's signed record
    serial          INTEGER REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    PRIMARY KEY (consent, seq),
    CHECK ((serial IS NULL) = (kind = 'refused'))                   -- a refusal leaves no trace in the log
) STRICT, WITHOUT ROWID;
INSERT INTO new_consent_event (consent, seq, kind, effective_at_us, recorded_at_us, record, serial)
SELECT consent, seq, kind, effective_at_us, recorded_at_us, record, serial FROM consent_event;
DROP TABLE consent_event;
ALTER TABLE new_consent_event RENAME TO consent_event;
CREATE INDEX consent_event_of_record ON consent_event (serial);

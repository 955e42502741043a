-- Contracts that two people hold (P-31), and agreements that wait for several people.
--
-- The comments read as in 0001.

-- Of which meter a mandate makes its bearer a holder. Goes with the mandate.
CREATE TABLE joint_holding (
    mandate  BLOB PRIMARY KEY REFERENCES mandate (id) ON DELETE CASCADE, -- personal: which mandate
    point    BLOB NOT NULL REFERENCES point (id),                   -- personal: of which meter
    rule     TEXT NOT NULL CHECK (rule IN ('one', 'both')),         -- personal: who must agree
    asked    TEXT CHECK (asked IN ('one', 'both')),                 -- personal: another rule that one of the two asked for
    asked_by TEXT CHECK (asked_by IN ('person', 'delegate')),       -- personal: which of the two
    CHECK ((asked IS NULL) = (asked_by IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX joint_holding_of ON joint_holding (point);

-- What happened to each consent. Rows are only added.
CREATE TABLE new_consent_event (
    consent           BLOB NOT NULL REFERENCES consent (id),        -- personal: which
    seq               INTEGER NOT NULL CHECK (seq >= 0),            -- 0, 1, 2, … without a gap
    kind              TEXT NOT NULL CHECK (kind IN ('requested', 'deferred', 'given', 'refused', 'narrowed', 'renewed', 'paused', 'resumed', 'withdrawn', 'revoked', 'expired', 'invalidated', 'superseded', 'suspended', 'agreed', 'declined')), -- personal: what happened
    effective_at_us   INTEGER NOT NULL,                             -- personal: when it took effect
    recorded_at_us    INTEGER NOT NULL,                             -- when we knew
    record            BLOB NOT NULL CHECK (length(record) = 32),    -- personal: SHA-256 of the event's signed record
    serial            INTEGER REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    new_step_s        INTEGER,                                      -- finest step from then on; narrowed, renewed, and agreed where that is a later end
    new_start_at_us   INTEGER,                                      -- first reading from then on
    new_end_at_us     INTEGER,                                      -- end of the consent from then on
    new_terms         BLOB CHECK (length(new_terms) = 32),          -- SHA-256 of the terms from then on
    new_notice        BLOB CHECK (length(new_notice) = 32),         -- SHA-256 of the notice shown for them
    pause_until_at_us INTEGER,                                      -- personal: when a pause ends by itself, or the wait for the others who must agree
    superseded_by     BLOB CHECK (length(superseded_by) = 16),      -- personal: the consent that took its place
    PRIMARY KEY (consent, seq),
    CHECK (effective_at_us <= recorded_at_us),                      -- nothing is dated ahead
    CHECK ((serial IS NULL) = (kind IN ('refused', 'requested', 'deferred'))), -- these leave no trace in the log
    CHECK (kind = 'agreed' OR (new_step_s IS NOT NULL) = (kind IN ('narrowed', 'renewed'))),
    CHECK ((new_step_s IS NULL) = (new_start_at_us IS NULL) AND (new_step_s IS NULL) = (new_end_at_us IS NULL)),
    CHECK ((new_step_s IS NULL) = (new_terms IS NULL) AND (new_step_s IS NULL) = (new_notice IS NULL)),
    CHECK (new_start_at_us < new_end_at_us),
    CHECK ((pause_until_at_us IS NOT NULL) = (kind IN ('paused', 'agreed'))),
    CHECK ((superseded_by IS NOT NULL) = (kind = 'superseded'))
) STRICT, WITHOUT ROWID;
INSERT INTO new_consent_event (consent, seq, kind, effective_at_us, recorded_at_us, record, serial, new_step_s, new_start_at_us, new_end_at_us,
    new_terms, new_notice, pause_until_at_us, superseded_by)
SELECT consent, seq, kind, effective_at_us, recorded_at_us, record, serial, new_step_s, new_start_at_us, new_end_at_us,
    new_terms, new_notice, pause_until_at_us, superseded_by
FROM consent_event;
DROP TABLE consent_event;
ALTER TABLE new_consent_event RENAME TO consent_event;
CREATE INDEX consent_event_of_record ON consent_event (serial);

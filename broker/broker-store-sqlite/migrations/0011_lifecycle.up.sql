-- The whole life of a consent: narrowed, renewed, paused, resumed, and the ends that are nobody's withdrawal. Reminders of
-- offers that somebody will answer later. Points that were left behind.
--
-- The comments read as in 0001. Foreign keys are off while this runs; they are checked before it is committed.

-- What happened to each consent. Rows are only added.
CREATE TABLE new_consent_event (
    consent           BLOB NOT NULL REFERENCES consent (id),        -- personal: which
    seq               INTEGER NOT NULL CHECK (seq >= 0),            -- 0, 1, 2, … without a gap
    kind              TEXT NOT NULL CHECK (kind IN ('requested', 'deferred', 'given', 'refused', 'narrowed', 'renewed', 'paused', 'resumed', 'withdrawn', 'revoked', 'expired', 'invalidated', 'superseded', 'suspended')), -- personal: what happened
    effective_at_us   INTEGER NOT NULL,                             -- personal: when it took effect
    recorded_at_us    INTEGER NOT NULL,                             -- when we knew
    record            BLOB NOT NULL CHECK (length(record) = 32),    -- personal: SHA-256 of the event's signed record
    serial            INTEGER REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: its record
    new_step_s        INTEGER,                                      -- finest step from then on; narrowed and renewed only
    new_start_at_us   INTEGER,                                      -- first reading from then on
    new_end_at_us     INTEGER,                                      -- end of the consent from then on
    new_terms         BLOB CHECK (length(new_terms) = 32),          -- SHA-256 of the terms from then on
    new_notice        BLOB CHECK (length(new_notice) = 32),         -- SHA-256 of the notice shown for them
    pause_until_at_us INTEGER,                                      -- personal: when a pause ends by itself
    superseded_by     BLOB CHECK (length(superseded_by) = 16),      -- personal: the consent that took its place
    PRIMARY KEY (consent, seq),
    CHECK (effective_at_us <= recorded_at_us),                      -- nothing is dated ahead
    CHECK ((serial IS NULL) = (kind IN ('refused', 'requested', 'deferred'))), -- these leave no trace in the log
    CHECK ((new_step_s IS NOT NULL) = (kind IN ('narrowed', 'renewed'))),
    CHECK ((new_step_s IS NULL) = (new_start_at_us IS NULL) AND (new_step_s IS NULL) = (new_end_at_us IS NULL)),
    CHECK ((new_step_s IS NULL) = (new_terms IS NULL) AND (new_step_s IS NULL) = (new_notice IS NULL)),
    CHECK (new_start_at_us < new_end_at_us),
    CHECK ((pause_until_at_us IS NOT NULL) = (kind = 'paused')),
    CHECK ((superseded_by IS NOT NULL) = (kind = 'superseded'))
) STRICT, WITHOUT ROWID;
INSERT INTO new_consent_event (consent, seq, kind, effective_at_us, recorded_at_us, record, serial)
SELECT consent, seq, kind, effective_at_us, recorded_at_us, record, serial FROM consent_event;
DROP TABLE consent_event;
ALTER TABLE new_consent_event RENAME TO consent_event;
CREATE INDEX consent_event_of_record ON consent_event (serial);

-- When to show an offer again that somebody will answer later. All that "decide later" leaves (gdpr-kit.md P-24).
CREATE TABLE reminder (
    participant BLOB NOT NULL REFERENCES participant (id),          -- personal: whom
    offer       BLOB NOT NULL REFERENCES offer (id),                -- personal: of what
    at_us       INTEGER NOT NULL,                                   -- personal: when, as she chose
    PRIMARY KEY (participant, offer)
) STRICT, WITHOUT ROWID;

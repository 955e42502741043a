-- How long a person lives where her meter is: when she left, or when its contract changed and she was asked. Whoever comes
-- next gets a point of her own for the same meter, so that a number is given once among those that live there now.
--
-- The comments read as in 0001. Foreign keys are off while this runs; they are checked before it is committed.

-- Delivery points: one occupancy of one meter each.
CREATE TABLE new_point (
    id               BLOB PRIMARY KEY CHECK (length(id) = 16),      -- identifier
    participant      BLOB NOT NULL REFERENCES participant (id),     -- personal: whose
    created_at_us    INTEGER NOT NULL,                              -- when it was added
    number_index     BLOB NOT NULL CHECK (length(number_index) = 32), -- personal: HMAC-SHA-256 of the meter number
    number_sealed    BLOB NOT NULL,                                 -- personal, sealed under the data key: meter number
    left_at_us       INTEGER,                                       -- personal: from when on she does not live there
    left_known_at_us INTEGER,                                       -- when we knew
    left_method      TEXT CHECK (left_method IN ('web', 'upstream')), -- personal: who said so, she or the contract
    closed_at_us     INTEGER,                                       -- when all that follows from her leaving was done
    held_since_us    INTEGER,                                       -- personal: since when her word is awaited
    CHECK ((left_at_us IS NULL) = (left_known_at_us IS NULL) AND (left_at_us IS NULL) = (left_method IS NULL)),
    CHECK (closed_at_us IS NULL OR left_at_us <= closed_at_us)
) STRICT;
INSERT INTO new_point (id, participant, created_at_us, number_index, number_sealed)
SELECT id, participant, created_at_us, number_index, number_sealed FROM point;
DROP TABLE point;
ALTER TABLE new_point RENAME TO point;
CREATE INDEX point_of_participant ON point (participant, created_at_us);
CREATE UNIQUE INDEX point_lived_at ON point (number_index) WHERE left_at_us IS NULL;
CREATE INDEX point_of_number ON point (number_index);
CREATE INDEX point_left ON point (left_at_us) WHERE left_at_us IS NOT NULL;
CREATE INDEX point_held ON point (held_since_us) WHERE held_since_us IS NOT NULL;

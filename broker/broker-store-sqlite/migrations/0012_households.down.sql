-- Takes back 0012. The older table knows nothing of people who left, so a file with one of them, or with a meter that waits
-- for somebody's word, is refused: the statements on the temporary table fail then. So is one whose log holds an
-- `occupancy/1`, also of a departure that was taken back: older programs cannot read such a record. Its type stands in
-- signed bytes only; the names of the transactions that write it tell it apart.
CREATE TEMP TABLE refused_because_somebody_left_a_home (points INTEGER CHECK (points = 0));
INSERT INTO refused_because_somebody_left_a_home (points)
    SELECT COUNT(*) FROM point WHERE left_at_us IS NOT NULL OR held_since_us IS NOT NULL;
INSERT INTO refused_because_somebody_left_a_home (points)
    SELECT COUNT(*) FROM record WHERE written_by IN ('leave a home', 'say who lives there');
DROP TABLE refused_because_somebody_left_a_home;

-- Messages of kinds that older programs do not know.
DELETE FROM message WHERE kind IN ('home-left', 'contract-changed');

-- Delivery points.
CREATE TABLE new_point (
    id            BLOB PRIMARY KEY CHECK (length(id) = 16),         -- identifier
    participant   BLOB NOT NULL REFERENCES participant (id),        -- personal: whose
    created_at_us INTEGER NOT NULL,                                 -- when it was added
    number_index  BLOB NOT NULL UNIQUE CHECK (length(number_index) = 32), -- personal: HMAC-SHA-256 of the meter number
    number_sealed BLOB NOT NULL                                     -- personal, sealed under the data key: meter number
) STRICT;
INSERT INTO new_point (id, participant, created_at_us, number_index, number_sealed)
SELECT id, participant, created_at_us, number_index, number_sealed FROM point;
DROP TABLE point;
ALTER TABLE new_point RENAME TO point;
CREATE INDEX point_of_participant ON point (participant, created_at_us);

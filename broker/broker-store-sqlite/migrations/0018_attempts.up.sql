-- Wrong codes of each kind count apart: a flood at one door shuts no other.
CREATE TABLE attempt_by_kind (
    account     BLOB NOT NULL CHECK (length(account) IN (0, 16)),   -- personal: on whose; empty: on the whole service
    kind        TEXT NOT NULL CHECK (kind IN ('invitation', 'recovery', 'stop', 'home')), -- at which codes
    since_at_us INTEGER NOT NULL,                                   -- personal: since when they are counted
    failed      INTEGER NOT NULL CHECK (failed >= 0),               -- personal: how many
    PRIMARY KEY (account, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO attempt_by_kind (account, kind, since_at_us, failed) SELECT account, kind, since_at_us, failed FROM attempt;
DROP TABLE attempt;
ALTER TABLE attempt_by_kind RENAME TO attempt;

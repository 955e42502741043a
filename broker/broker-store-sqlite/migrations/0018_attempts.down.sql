-- Takes back 0018. Counts of kinds that older programs do not know are forgotten: they last an hour.
CREATE TABLE attempt_of_before (
    account     BLOB NOT NULL CHECK (length(account) IN (0, 16)),   -- personal: on whose; empty: on the whole service
    kind        TEXT NOT NULL CHECK (kind IN ('invitation', 'recovery')), -- at which codes
    since_at_us INTEGER NOT NULL,                                   -- personal: since when they are counted
    failed      INTEGER NOT NULL CHECK (failed >= 0),               -- personal: how many
    PRIMARY KEY (account, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO attempt_of_before (account, kind, since_at_us, failed)
    SELECT account, kind, since_at_us, failed FROM attempt WHERE kind IN ('invitation', 'recovery');
DROP TABLE attempt;
ALTER TABLE attempt_of_before RENAME TO attempt;

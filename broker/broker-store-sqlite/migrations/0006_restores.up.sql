-- In which batches the restore leaves of this database stand: a person's file shows them for the details they lost.
--
-- The comments read as in 0001.

-- Rows are only added. A copy from before a restore lacks its row, and the next restore covers the same leaves.
CREATE TABLE restore (
    segment INTEGER PRIMARY KEY REFERENCES segment (first)          -- the batch that holds the restore leaf
) STRICT;

-- A restore leaf is 28 bytes long and begins 01 45 05 00 (ledger.md §10); whoever reads a batch looks at its leaves.
INSERT INTO restore (segment) SELECT first FROM segment WHERE instr(leaves, x'001C01450500') > 0;

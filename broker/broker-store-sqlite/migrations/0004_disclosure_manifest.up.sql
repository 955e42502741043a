-- Whose data a release holds: one manifest a release, and for each household what opens its row of it.
--
-- The comments read as in 0001. Releases made before have no row here: they were delivered without a manifest.

-- Manifests. Nothing here says whose a row is once the openings are gone, and nothing is ever deleted: the rows of the
-- others must go on leading to the root that the log names.
CREATE TABLE release_manifest (
    release   BLOB PRIMARY KEY REFERENCES release (id),             -- which release
    root      BLOB NOT NULL UNIQUE CHECK (length(root) = 32),       -- Keccak-256, root of the tree: names leaf 0x46
    row_count INTEGER NOT NULL CHECK (row_count > 0),               -- number of rows
    fields    TEXT NOT NULL CHECK (fields <> ''),                   -- fields delivered, a space between two
    manifest  BLOB NOT NULL                                         -- the file delivered: salted rows and tree, JSON
) STRICT;

-- What opens one household's row. Deleted with the person (ledger.md §11): without it nobody recognises the row.
CREATE TABLE disclosure (
    participant  BLOB NOT NULL REFERENCES participant (id),         -- personal: whose row
    release      BLOB NOT NULL REFERENCES release_manifest (release), -- personal: in which release
    serial       INTEGER NOT NULL UNIQUE REFERENCES record (serial) DEFERRABLE INITIALLY DEFERRED, -- personal: her record
    step_count   INTEGER NOT NULL CHECK (step_count > 0),           -- steps of the period: the row's third column
    subject_salt BLOB NOT NULL CHECK (length(subject_salt) = 64),   -- secret, personal: opens the first column
    scope_salt   BLOB NOT NULL CHECK (length(scope_salt) = 64),     -- secret, personal: opens the second column
    proof        BLOB NOT NULL CHECK (length(proof) % 32 = 0),      -- personal: hashes from the row upwards, sibling first
    PRIMARY KEY (participant, release)
) STRICT, WITHOUT ROWID;

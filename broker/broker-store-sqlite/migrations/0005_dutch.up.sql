-- Dutch: notices, offers, the catalogue and people who prefer it.
--
-- The comments read as in 0001. Offers and datasets from before have no Dutch words: their French ones stand in, French
-- being the reference language, until they are asked for anew.

-- ---- People --------------------------------------------------------------------------------------------------------

-- Participants. The row goes with the person; the counter keeps the ordinal from being given twice.
CREATE TABLE new_participant (
    ordinal        INTEGER PRIMARY KEY CHECK (ordinal > 0),         -- position in membership bitmaps
    id             BLOB NOT NULL UNIQUE CHECK (length(id) = 16),    -- personal: pseudonym
    language       TEXT NOT NULL CHECK (language IN ('fr', 'en', 'nl')), -- personal: preferred language
    created_at_us  INTEGER NOT NULL,                                -- personal: when the person joined
    profile_sealed BLOB NOT NULL                                    -- personal, sealed under the data key
) STRICT;
INSERT INTO new_participant (ordinal, id, language, created_at_us, profile_sealed)
SELECT ordinal, id, language, created_at_us, profile_sealed FROM participant;
DROP TABLE participant;
ALTER TABLE new_participant RENAME TO participant;

-- ---- Consents ------------------------------------------------------------------------------------------------------

-- Texts shown before a choice.
CREATE TABLE new_notice (
    digest   BLOB PRIMARY KEY CHECK (length(digest) = 32),          -- SHA-256 of `text` in UTF-8
    language TEXT NOT NULL CHECK (language IN ('fr', 'en', 'nl')),  -- of the text
    title    TEXT NOT NULL,                                         -- one line
    text     TEXT NOT NULL                                          -- exact, UTF-8 in NFC
) STRICT;
INSERT INTO new_notice (digest, language, title, text) SELECT digest, language, title, text FROM notice;
DROP TABLE notice;
ALTER TABLE new_notice RENAME TO notice;

-- What recipients ask people to agree to.
CREATE TABLE new_offer (
    id        BLOB PRIMARY KEY CHECK (length(id) = 16),             -- identifier
    recipient BLOB NOT NULL REFERENCES organisation (id),           -- who would receive
    purpose   TEXT NOT NULL,                                        -- code of the vocabulary
    step_s    INTEGER NOT NULL,                                     -- finest step asked
    days      INTEGER NOT NULL,                                     -- how long a consent lasts, in days
    notice    BLOB NOT NULL REFERENCES notice (digest),             -- French notice, the reference language
    notice_en BLOB NOT NULL REFERENCES notice (digest),             -- English notice
    notice_nl BLOB NOT NULL REFERENCES notice (digest)              -- Dutch notice; the French one in offers from before
) STRICT;
INSERT INTO new_offer (id, recipient, purpose, step_s, days, notice, notice_en, notice_nl)
SELECT id, recipient, purpose, step_s, days, notice, notice_en, notice FROM offer;
DROP TABLE offer;
ALTER TABLE new_offer RENAME TO offer;

-- ---- Research ------------------------------------------------------------------------------------------------------

-- The catalogue.
CREATE TABLE new_dataset (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),            -- identifier
    recipient  BLOB NOT NULL REFERENCES organisation (id),          -- laboratory named in the consents
    purpose    TEXT NOT NULL,                                       -- people agreed to
    step_s     INTEGER NOT NULL,                                    -- one value every so often
    title_fr   TEXT NOT NULL,                                       -- French
    title_en   TEXT NOT NULL,                                       -- English
    title_nl   TEXT NOT NULL,                                       -- Dutch; French in rows from before
    summary_fr TEXT NOT NULL,                                       -- French
    summary_en TEXT NOT NULL,                                       -- English
    summary_nl TEXT NOT NULL                                        -- Dutch; French in rows from before
) STRICT;
INSERT INTO new_dataset
    (id, recipient, purpose, step_s, title_fr, title_en, title_nl, summary_fr, summary_en, summary_nl)
SELECT id, recipient, purpose, step_s, title_fr, title_en, title_fr, summary_fr, summary_en, summary_fr FROM dataset;
DROP TABLE dataset;
ALTER TABLE new_dataset RENAME TO dataset;

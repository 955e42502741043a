-- Takes back 0005. The digest of a notice stands in consents and in signed records, so a file with a Dutch notice is
-- refused, and so is one with a person who reads Dutch: the older tables take neither.
CREATE TABLE new_participant (
    ordinal        INTEGER PRIMARY KEY CHECK (ordinal > 0),         -- position in membership bitmaps
    id             BLOB NOT NULL UNIQUE CHECK (length(id) = 16),    -- personal: pseudonym
    language       TEXT NOT NULL CHECK (language IN ('fr', 'en')),  -- personal: preferred language
    created_at_us  INTEGER NOT NULL,                                -- personal: when the person joined
    profile_sealed BLOB NOT NULL                                    -- personal, sealed under the data key
) STRICT;
INSERT INTO new_participant (ordinal, id, language, created_at_us, profile_sealed)
SELECT ordinal, id, language, created_at_us, profile_sealed FROM participant;
DROP TABLE participant;
ALTER TABLE new_participant RENAME TO participant;

CREATE TABLE new_notice (
    digest   BLOB PRIMARY KEY CHECK (length(digest) = 32),          -- SHA-256 of `text` in UTF-8
    language TEXT NOT NULL CHECK (language IN ('fr', 'en')),        -- of the text
    title    TEXT NOT NULL,                                         -- one line
    text     TEXT NOT NULL                                          -- exact, UTF-8 in NFC
) STRICT;
INSERT INTO new_notice (digest, language, title, text) SELECT digest, language, title, text FROM notice;
DROP TABLE notice;
ALTER TABLE new_notice RENAME TO notice;

ALTER TABLE offer DROP COLUMN notice_nl;
ALTER TABLE dataset DROP COLUMN title_nl;
ALTER TABLE dataset DROP COLUMN summary_nl;

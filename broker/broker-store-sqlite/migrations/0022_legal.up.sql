-- Companies and public bodies: what they are, their places, and what they permit (docs/decisions/0046).
--
-- The comments read as in 0001. A legal person is a participant without an account: its points, consents, mandates and records are
-- those of any participant, and these rows say what is different.

CREATE TABLE legal_person (
    participant   BLOB PRIMARY KEY REFERENCES participant (id),     -- personal: which
    kind          TEXT NOT NULL CHECK (kind IN ('company', 'public-body')), -- personal: what it is
    number_index  BLOB NOT NULL UNIQUE CHECK (length(number_index) = 32), -- personal: keyed hash of its number in the register of companies
    number_sealed BLOB NOT NULL,                                    -- personal, sealed under the data key: that number
    added_at_us   INTEGER NOT NULL                                  -- personal: when it was enrolled
) STRICT, WITHOUT ROWID;
CREATE INDEX legal_person_by_time ON legal_person (added_at_us, participant);

-- The places of the points of legal persons.
CREATE TABLE site (
    point       BLOB PRIMARY KEY REFERENCES point (id),             -- personal: the point
    name_sealed BLOB NOT NULL,                                      -- personal, sealed under the data key: what the place is called
    shows       TEXT NOT NULL CHECK (shows IN ('body', 'person'))   -- personal: whose life the point shows; of a person: she consents herself
) STRICT, WITHOUT ROWID;

-- What makes a consent the permission of a legal person: the act in which it was given, and for which points.
CREATE TABLE permission (
    consent  BLOB PRIMARY KEY REFERENCES consent (id),              -- personal: which
    grant_id BLOB NOT NULL CHECK (length(grant_id) = 16),           -- personal: the act
    list     BLOB NOT NULL CHECK (length(list) = 32),               -- personal: digest of the list of points
    points   INTEGER NOT NULL CHECK (points > 0)                    -- personal: how many they were
) STRICT, WITHOUT ROWID;

-- For which points terms wait for one signature, beside `consent_intent`.
CREATE TABLE intent_list (
    nonce BLOB PRIMARY KEY REFERENCES consent_intent (nonce) ON DELETE CASCADE, -- which terms
    ids   BLOB NOT NULL CHECK (length(ids) > 0 AND length(ids) % 32 = 0) -- personal: 16 bytes of a consent and 16 of its point, again and again
) STRICT, WITHOUT ROWID;

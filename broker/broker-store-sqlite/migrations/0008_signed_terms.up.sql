-- Terms that people sign: how each event of a consent came about, what was shown, and what waits for a signature.
--
-- The comments read as in 0001. Consents from before have no row here: how they were given stands in their records.

-- How strong the evidence of an agreement must be at least (`consent.md` §4.5).
ALTER TABLE offer ADD COLUMN evidence TEXT NOT NULL DEFAULT 'L1' CHECK (evidence IN ('L1', 'L2', 'L3'));

-- When each consent was asked for.
CREATE TABLE consent_request (
    consent     BLOB PRIMARY KEY REFERENCES consent (id),           -- personal: which
    asked_at_us INTEGER NOT NULL                                    -- personal: when its notice was shown first
) STRICT, WITHOUT ROWID;

-- How each event of a consent came about.
CREATE TABLE consent_act (
    consent BLOB NOT NULL REFERENCES consent (id),                  -- personal: which
    seq     INTEGER NOT NULL CHECK (seq >= 0),                      -- of the event
    method  TEXT NOT NULL,                                          -- personal: code of how the person acted
    level   TEXT CHECK (level IN ('L1', 'L2', 'L3', 'L4', 'L5')),   -- personal: how strong the evidence is; NULL: nobody acted
    PRIMARY KEY (consent, seq)
) STRICT, WITHOUT ROWID;

-- Which notices people were shown, before they answered.
CREATE TABLE notice_served (
    participant     BLOB NOT NULL REFERENCES participant (id),      -- personal: to whom
    offer           BLOB NOT NULL REFERENCES offer (id),            -- personal: with which offer
    notice          BLOB NOT NULL REFERENCES notice (digest),       -- personal: which text
    first_at_us     INTEGER NOT NULL,                               -- personal: when first
    last_at_us      INTEGER NOT NULL,                               -- personal: when last, to the minute
    PRIMARY KEY (participant, offer, notice)
) STRICT, WITHOUT ROWID;

-- What waits for a signature, five minutes at most. A used one stays for an hour, so that a second answer is told apart.
CREATE TABLE consent_intent (
    nonce         BLOB PRIMARY KEY CHECK (length(nonce) = 32),      -- random, under the hash that is signed
    participant   BLOB NOT NULL REFERENCES participant (id),        -- personal: who is to sign
    consent       BLOB NOT NULL CHECK (length(consent) = 16),       -- personal: the consent it would make
    offer         BLOB NOT NULL REFERENCES offer (id),              -- personal: the offer it answers
    point         BLOB NOT NULL REFERENCES point (id),              -- personal: for which point
    notice        BLOB NOT NULL REFERENCES notice (digest),         -- personal: the notice that was shown
    asked_at_us   INTEGER NOT NULL,                                 -- personal: when the notice was shown first
    drafted_at_us INTEGER NOT NULL,                                 -- personal: when the terms were drafted
    intent        BLOB NOT NULL,                                    -- personal: what is signed, canonical JSON
    draft         BLOB NOT NULL,                                    -- personal: the terms, canonical JSON
    expires_at_us INTEGER NOT NULL,                                 -- until when it may be answered
    used_at_us    INTEGER                                           -- personal: when it was answered
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_intent_of_participant ON consent_intent (participant);
CREATE INDEX consent_intent_by_end ON consent_intent (expires_at_us);

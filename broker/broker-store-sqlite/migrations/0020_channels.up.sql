-- The channels of messages (P-27): telephone numbers, what each person chose, and by which channel each message leaves.
--
-- The comments read as in 0001. What is about a participant goes with her.

-- By which channel a message leaves. What was queued before leaves by e-mail, as it was meant to.
ALTER TABLE message ADD COLUMN channel TEXT NOT NULL DEFAULT 'email' CHECK (channel IN ('email', 'sms', 'post')); -- personal: how
DROP INDEX message_due;
CREATE INDEX message_due ON message (channel, due_at_us) WHERE ended IS NULL;

-- Telephone numbers whose code was typed.
CREATE TABLE phone_number (
    participant BLOB PRIMARY KEY REFERENCES participant (id),       -- personal: whose
    epoch       INTEGER NOT NULL CHECK (epoch > 0),                 -- epoch of the data key
    sealed      BLOB NOT NULL,                                      -- personal, sealed: the number
    set_at_us   INTEGER NOT NULL                                    -- personal: when it was confirmed
) STRICT, WITHOUT ROWID;

-- A number that somebody gave, until she types the code that was sent there.
CREATE TABLE phone_pending (
    participant   BLOB PRIMARY KEY REFERENCES participant (id),     -- personal: whose
    epoch         INTEGER NOT NULL CHECK (epoch > 0),               -- epoch of the data key
    sealed        BLOB NOT NULL,                                    -- personal, sealed: the number
    message       BLOB NOT NULL CHECK (length(message) = 16),       -- personal: the message that brings the code
    code_sealed   BLOB NOT NULL,                                    -- personal, sealed: the code; empty once it was sent
    code_hash     BLOB NOT NULL CHECK (length(code_hash) = 32),     -- personal: keyed hash of the code
    expires_at_us INTEGER NOT NULL,                                 -- until when the code is taken
    attempts_left INTEGER NOT NULL CHECK (attempts_left >= 0)       -- how often a code may still be typed
) STRICT, WITHOUT ROWID;

-- The channels that a person chose; without a row, by e-mail.
CREATE TABLE message_channel (
    participant BLOB PRIMARY KEY REFERENCES participant (id),       -- personal: whose
    email       INTEGER NOT NULL CHECK (email IN (0, 1)),           -- personal: by e-mail
    sms         INTEGER NOT NULL CHECK (sms IN (0, 1)),             -- personal: by short messages
    post        INTEGER NOT NULL CHECK (post IN (0, 1)),            -- personal: by letters
    CHECK (email + sms + post > 0)
) STRICT, WITHOUT ROWID;

-- Members of projects of research, besides whoever asked (P-27: people are told of a new one).
CREATE TABLE project_member (
    request      BLOB NOT NULL REFERENCES access_request (id),      -- which project
    researcher   BLOB NOT NULL REFERENCES researcher (id),          -- who
    added_by     BLOB REFERENCES officer (id),                      -- which officer added her; NULL: whoever asked
    added_at_us  INTEGER NOT NULL,                                  -- when
    signed_at_us INTEGER,                                           -- when she took the undertaking on
    ended_at_us  INTEGER,                                           -- when she ceased to be a member
    told_upto    BLOB,                                              -- personal: the last person told, in order of identifier
    told_at_us   INTEGER,                                           -- when everybody was told of her
    PRIMARY KEY (request, researcher),
    CHECK (told_at_us IS NULL OR signed_at_us IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX project_of_member ON project_member (researcher);
CREATE INDEX project_member_untold ON project_member (signed_at_us)
    WHERE signed_at_us IS NOT NULL AND told_at_us IS NULL;

-- Who signs in: accounts, the ways that lead to them, and what passes while people sign in.
--
-- The comments read as in 0001. Everything here that belongs to a participant goes when she is erased; the account too,
-- unless it holds another role. Sessions of earlier versions end: nobody knows which account they belong to.

-- Accounts.
CREATE TABLE account (
    id            BLOB PRIMARY KEY CHECK (length(id) = 16),         -- personal: identifier, user handle of passkeys
    created_at_us INTEGER NOT NULL,                                 -- personal: when it was made
    frozen_at_us  INTEGER                                           -- personal: since when nothing may be changed
) STRICT, WITHOUT ROWID;

-- What an account may act as: exactly one of the three a row. A role belongs to one account.
CREATE TABLE account_role (
    account     BLOB NOT NULL REFERENCES account (id) DEFERRABLE INITIALLY DEFERRED, -- personal: who
    participant BLOB UNIQUE REFERENCES participant (id),            -- personal: as this participant
    researcher  BLOB UNIQUE REFERENCES researcher (id),             -- personal (staff): as this researcher
    officer     BLOB UNIQUE REFERENCES officer (id),                -- personal (staff): as this officer
    CHECK ((participant IS NOT NULL) + (researcher IS NOT NULL) + (officer IS NOT NULL) = 1)
) STRICT;
CREATE INDEX account_role_of_account ON account_role (account);

-- Passkeys. A revoked one stays: what it signed before must stay verifiable.
CREATE TABLE passkey (
    id              BLOB PRIMARY KEY CHECK (length(id) = 16),       -- identifier
    account         BLOB NOT NULL REFERENCES account (id),          -- personal: whose
    credential      BLOB NOT NULL UNIQUE,                           -- personal: credential identifier, 16 to 1023 bytes
    state           BLOB NOT NULL,                                  -- personal: what recognises it, opaque
    public_key      BLOB NOT NULL,                                  -- personal: COSE_Key
    model           BLOB NOT NULL CHECK (length(model) = 16),       -- personal: model of the authenticator; zero: unknown
    may_be_copied   INTEGER NOT NULL CHECK (may_be_copied IN (0, 1)), -- personal: 1 when it may be on several devices
    name            TEXT NOT NULL,                                  -- personal: what its owner calls it
    added_at_us     INTEGER NOT NULL,                               -- personal: when it was registered
    last_used_at_us INTEGER,                                        -- personal: when it last signed somebody in
    frozen_at_us    INTEGER,                                        -- personal: since when it signs nobody in
    revoked_at_us   INTEGER                                         -- personal: when it was revoked, for ever
) STRICT;
CREATE INDEX passkey_of_account ON passkey (account, added_at_us);

-- Identities at OpenID Connect providers.
CREATE TABLE provider_identity (
    id              BLOB PRIMARY KEY CHECK (length(id) = 16),       -- identifier
    account         BLOB NOT NULL REFERENCES account (id),          -- personal: whose
    provider        TEXT NOT NULL,                                  -- personal: short name when it was linked
    issuer          TEXT NOT NULL,                                  -- personal: `iss`
    subject         BLOB NOT NULL CHECK (length(subject) = 32),     -- personal: HMAC-SHA-256 of issuer and `sub`
    added_at_us     INTEGER NOT NULL,                               -- personal: when it was linked
    last_used_at_us INTEGER,                                        -- personal: when it last signed somebody in
    frozen_at_us    INTEGER,                                        -- personal: since when it signs nobody in
    UNIQUE (issuer, subject)
) STRICT;
CREATE INDEX provider_identity_of_account ON provider_identity (account, added_at_us);

-- Recovery codes: ten an account, each once.
CREATE TABLE recovery_code (
    hash       BLOB PRIMARY KEY CHECK (length(hash) = 32),          -- personal: HMAC-SHA-256 of the code
    account    BLOB NOT NULL REFERENCES account (id),               -- personal: whose
    used_at_us INTEGER                                              -- personal: when it was used
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_code_of_account ON recovery_code (account);

-- Invitations: exactly one of the three roles.
CREATE TABLE invitation (
    hash          BLOB PRIMARY KEY CHECK (length(hash) = 32),       -- HMAC-SHA-256 of the code, which is shown once
    participant   BLOB REFERENCES participant (id),                 -- personal: for whom
    researcher    BLOB REFERENCES researcher (id),                  -- personal (staff): for whom
    officer       BLOB REFERENCES officer (id),                     -- personal (staff): for whom
    kind          TEXT NOT NULL CHECK (kind IN ('first', 'again')), -- again: opens a frozen account
    expires_at_us INTEGER NOT NULL,                                 -- until when
    attempts      INTEGER NOT NULL CHECK (attempts >= 0),           -- how often it was opened
    used_at_us    INTEGER,                                          -- personal: when it was used
    CHECK ((participant IS NOT NULL) + (researcher IS NOT NULL) + (officer IS NOT NULL) = 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_of_participant ON invitation (participant);
CREATE INDEX invitation_by_end ON invitation (expires_at_us);

-- Questions that wait for the answer of one browser, ten minutes at most. No foreign keys: an account may not exist yet.
CREATE TABLE ceremony (
    hash          BLOB PRIMARY KEY CHECK (length(hash) = 32),       -- SHA-256 of the value in the browser's cookie
    kind          TEXT NOT NULL CHECK (kind IN                      -- what was asked
        ('passkey-sign-in', 'passkey-registration', 'provider-sign-in', 'provider-registration')),
    account       BLOB CHECK (length(account) = 16),                -- personal: about whom; NULL: whoever comes
    invitation    BLOB CHECK (length(invitation) = 32),             -- personal: hash of the invitation behind it
    session       BLOB CHECK (length(session) = 16),                -- personal: in which session it was begun
    state_hash    BLOB CHECK (length(state_hash) = 32),             -- SHA-256 of `state`, for a provider's
    keep          BLOB NOT NULL,                                    -- secret, personal: what the second half needs
    expires_at_us INTEGER NOT NULL                                  -- until when
) STRICT, WITHOUT ROWID;
CREATE INDEX ceremony_of_account ON ceremony (account);
CREATE INDEX ceremony_by_end ON ceremony (expires_at_us);

-- What happened to each account: the newest hundred lines of a year.
CREATE TABLE sign_in (
    id          BLOB PRIMARY KEY CHECK (length(id) = 16),           -- identifier
    account     BLOB NOT NULL REFERENCES account (id),              -- personal: whose
    participant BLOB REFERENCES participant (id),                   -- personal: in which role; all NULL: in none
    researcher  BLOB REFERENCES researcher (id),                    -- personal (staff): in which role
    officer     BLOB REFERENCES officer (id),                       -- personal (staff): in which role
    at_us       INTEGER NOT NULL,                                   -- personal: when
    kind        TEXT NOT NULL,                                      -- personal: code of what happened
    device      TEXT NOT NULL,                                      -- personal: coarse name; empty: not told
    CHECK ((participant IS NOT NULL) + (researcher IS NOT NULL) + (officer IS NOT NULL) <= 1)
) STRICT;
CREATE INDEX sign_in_of_account ON sign_in (account, at_us);
CREATE INDEX sign_in_as_participant ON sign_in (participant) WHERE participant IS NOT NULL;

-- Failed attempts, on an account or on the whole service.
CREATE TABLE attempt (
    account     BLOB NOT NULL CHECK (length(account) IN (0, 16)),   -- personal: on whose; empty: on the whole service
    kind        TEXT NOT NULL CHECK (kind IN ('invitation', 'recovery')), -- at which codes
    since_at_us INTEGER NOT NULL,                                   -- personal: since when they are counted
    failed      INTEGER NOT NULL CHECK (failed >= 0),               -- personal: how many
    PRIMARY KEY (account, kind)
) STRICT, WITHOUT ROWID;

DROP TABLE session;

-- People signed in to the pages: exactly one of the three roles.
CREATE TABLE session (
    token_hash      BLOB PRIMARY KEY CHECK (length(token_hash) = 32), -- SHA-256 of the cookie's token
    id              BLOB NOT NULL UNIQUE CHECK (length(id) = 16),   -- identifier; stays when the token changes
    account         BLOB NOT NULL REFERENCES account (id),          -- personal: whose
    participant     BLOB REFERENCES participant (id),               -- personal
    researcher      BLOB REFERENCES researcher (id),                -- personal (staff)
    officer         BLOB REFERENCES officer (id),                   -- personal (staff)
    csrf            BLOB NOT NULL CHECK (length(csrf) = 32),        -- secret that each form carries back
    created_at_us   INTEGER NOT NULL,                               -- personal: when it was opened
    proved_at_us    INTEGER NOT NULL,                               -- personal: when the person proved herself last
    proved_by       TEXT NOT NULL CHECK (proved_by IN               -- personal: how
        ('demonstration', 'invitation', 'passkey', 'provider', 'recovery')),
    proved_way      BLOB CHECK (length(proved_way) = 16),           -- personal: with which passkey or identity
    proved_issuer   TEXT,                                           -- personal: at which provider
    proved_acr      TEXT,                                           -- personal: how strongly, as the provider says
    last_seen_at_us INTEGER NOT NULL,                               -- personal: when it was last used, to the minute
    idle_end_at_us  INTEGER NOT NULL,                               -- until when, unless it is used before
    expires_at_us   INTEGER NOT NULL,                               -- until when at most
    device          TEXT NOT NULL,                                  -- personal: coarse name; empty: not told
    CHECK ((participant IS NOT NULL) + (researcher IS NOT NULL) + (officer IS NOT NULL) = 1),
    CHECK ((proved_way IS NOT NULL) = (proved_by IN ('passkey', 'provider'))),
    CHECK ((proved_issuer IS NOT NULL) = (proved_by = 'provider'))
) STRICT, WITHOUT ROWID;
CREATE INDEX session_of_account ON session (account);
CREATE INDEX session_of_participant ON session (participant);
CREATE INDEX session_by_end ON session (expires_at_us);

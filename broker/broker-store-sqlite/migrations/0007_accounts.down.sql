-- Takes back 0006. Passkeys sign for people, and the log may name them, so a file that holds one is refused: the first two
-- statements fail then. Everybody must sign in again.
CREATE TEMP TABLE refused_because_somebody_has_a_passkey (passkeys INTEGER CHECK (passkeys = 0));
INSERT INTO refused_because_somebody_has_a_passkey (passkeys) SELECT COUNT(*) FROM passkey;
DROP TABLE refused_because_somebody_has_a_passkey;

DROP TABLE session;
DROP TABLE attempt;
DROP TABLE sign_in;
DROP TABLE ceremony;
DROP TABLE invitation;
DROP TABLE recovery_code;
DROP TABLE provider_identity;
DROP TABLE passkey;
DROP TABLE account_role;
DROP TABLE account;

CREATE TABLE session (
    token_hash    BLOB PRIMARY KEY CHECK (length(token_hash) = 32), -- SHA-256 of the cookie's token
    participant   BLOB REFERENCES participant (id),                 -- personal
    researcher    BLOB REFERENCES researcher (id),                  -- personal (staff)
    officer       BLOB REFERENCES officer (id),                     -- personal (staff)
    expires_at_us INTEGER NOT NULL,                                 -- until when
    csrf          BLOB NOT NULL CHECK (length(csrf) = 32),          -- secret that each form carries back
    CHECK ((participant IS NOT NULL) + (researcher IS NOT NULL) + (officer IS NOT NULL) = 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_of_participant ON session (participant);
CREATE INDEX session_by_end ON session (expires_at_us);

-- Takes back 0013. An older program could show no sealed words, and would tell no recipient of an erasure: a file with words of
-- requests, with something that waits to be told, or with somebody's wish that data be deleted, is refused: the statements on
-- the temporary table fail then. Addresses without their code are forgotten, and so are messages of kinds that older programs
-- do not know.
CREATE TEMP TABLE refused_because_words_or_tellings_would_be_lost (found INTEGER CHECK (found = 0));
INSERT INTO refused_because_words_or_tellings_would_be_lost (found) SELECT COUNT(*) FROM rights_words;
INSERT INTO refused_because_words_or_tellings_would_be_lost (found) SELECT COUNT(*) FROM telling WHERE ended IS NULL;
INSERT INTO refused_because_words_or_tellings_would_be_lost (found)
    SELECT COUNT(*) FROM dossier WHERE deletion_asked_at_us IS NOT NULL;
DROP TABLE refused_because_words_or_tellings_would_be_lost;

DELETE FROM message WHERE kind IN
    ('address-asked', 'address-code', 'rights-written', 'rights-extended', 'rights-answered', 'first-transfer');
DROP TABLE mail_pending;
DROP TABLE telling;
DROP TABLE rights_words;
ALTER TABLE rights_request DROP COLUMN paused_days;
ALTER TABLE rights_request DROP COLUMN paused_at_us;
ALTER TABLE rights_request DROP COLUMN extended_at_us;
ALTER TABLE dossier DROP COLUMN deletion_asked_at_us;

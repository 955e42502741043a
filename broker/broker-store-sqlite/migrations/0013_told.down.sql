-- Takes back 0013. An older program could show no sealed words, and would tell no recipient of an erasure: a file with words of
-- requests, or with something that waits to be told, is refused: the statements on the temporary table fail then.
-- Addresses without their code are forgotten.
CREATE TEMP TABLE refused_because_words_or_tellings_would_be_lost (found INTEGER CHECK (found = 0));
INSERT INTO refused_because_words_or_tellings_would_be_lost (found) SELECT COUNT(*) FROM rights_words;
INSERT INTO refused_because_words_or_tellings_would_be_lost (found) SELECT COUNT(*) FROM telling WHERE ended IS NULL;
DROP TABLE refused_because_words_or_tellings_would_be_lost;

DROP TABLE mail_pending;
DROP TABLE telling;
DROP TABLE rights_words;
ALTER TABLE rights_request DROP COLUMN paused_days;
ALTER TABLE rights_request DROP COLUMN paused_at_us;
ALTER TABLE rights_request DROP COLUMN extended_at_us;
ALTER TABLE dossier DROP COLUMN deletion_asked_at_us;

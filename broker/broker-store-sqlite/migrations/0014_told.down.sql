-- Takes back 0014. What waited to be told is lost; addresses without their code are forgotten, and
-- with them the words of requests, which the older program could not open.

DROP TABLE mail_pending;
DROP TABLE telling;
DROP TABLE rights_words;
ALTER TABLE rights_request DROP COLUMN paused_days;
ALTER TABLE rights_request DROP COLUMN paused_at_us;
ALTER TABLE rights_request DROP COLUMN extended_at_us;
ALTER TABLE dossier DROP COLUMN deletion_asked_at_us;

-- Takes back 0014. What waited to be told is lost; addresses without their code are forgotten.

DROP TABLE mail_pending;
DROP TABLE telling;
ALTER TABLE dossier DROP COLUMN deletion_asked_at_us;

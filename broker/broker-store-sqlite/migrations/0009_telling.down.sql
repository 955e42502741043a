-- Takes back 0009. Who was told and what they answered is evidence that people were promised, so a file that holds a
-- dossier is refused: the first two statements fail then. Messages that wait are lost.
CREATE TEMP TABLE refused_because_recipients_were_told (dossiers INTEGER CHECK (dossiers = 0));
INSERT INTO refused_because_recipients_were_told (dossiers) SELECT COUNT(*) FROM dossier;
DROP TABLE refused_because_recipients_were_told;

DROP TABLE dossier_notice;
DROP TABLE dossier;
DROP TABLE route;
DROP INDEX consent_by_end;
DROP TABLE message;
DROP TABLE mail_address;

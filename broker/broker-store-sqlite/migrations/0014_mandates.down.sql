-- Takes back 0014. An older program could show nobody who may act for her, and could not read the records of it: a file with a
-- mandate, or whose log holds a record of one, is refused; the statements on the temporary table fail then. Their types stand
-- in signed bytes only; the names of the transactions that write them tell them apart.
CREATE TEMP TABLE refused_because_somebody_acts_for_another (found INTEGER CHECK (found = 0));
INSERT INTO refused_because_somebody_acts_for_another (found) SELECT COUNT(*) FROM mandate;
INSERT INTO refused_because_somebody_acts_for_another (found) SELECT COUNT(*) FROM delegated_event;
INSERT INTO refused_because_somebody_acts_for_another (found)
    SELECT COUNT(*) FROM record
    WHERE written_by IN ('give a mandate', 'accept a mandate', 'end a mandate', 'look under a mandate');
DROP TABLE refused_because_somebody_acts_for_another;

DELETE FROM message WHERE kind IN ('mandate-given', 'mandate-accepted', 'mandate-ended', 'delegate-acted');
DROP TABLE session_acting;
DROP TABLE delegated_event;
DROP TABLE mandate_look;
DROP TABLE mandate;

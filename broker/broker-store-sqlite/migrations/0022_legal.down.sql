-- Takes back 0022. An older program would take a permission for the consent of a person, and could not read the records: a file with
-- a legal person, or whose log holds a record of one, is refused; the statements on the temporary table fail then.
CREATE TEMP TABLE refused_because_of_legal_persons (found INTEGER CHECK (found = 0));
INSERT INTO refused_because_of_legal_persons (found) SELECT COUNT(*) FROM legal_person;
INSERT INTO refused_because_of_legal_persons (found)
    SELECT COUNT(*) FROM record
    WHERE written_by IN ('enrol a legal person', 'add points', 'set a point aside', 'permit for points');
DROP TABLE refused_because_of_legal_persons;

DROP TABLE intent_list;
DROP TABLE permission;
DROP TABLE site;
DROP TABLE legal_person;

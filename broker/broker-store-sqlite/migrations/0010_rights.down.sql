-- Takes back 0010. What somebody asked may still wait for its answer, so a file that holds an open request is refused: the
-- first two statements fail then.
CREATE TEMP TABLE refused_because_a_request_waits_for_its_answer (requests INTEGER CHECK (requests = 0));
INSERT INTO refused_because_a_request_waits_for_its_answer (requests)
    SELECT COUNT(*) FROM rights_request WHERE answered_by IS NULL;
DROP TABLE refused_because_a_request_waits_for_its_answer;

DROP TABLE own_access;
DROP TABLE rights_request;

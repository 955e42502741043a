-- Takes back 0016. An older program would give a single officer what two must agree on, and would show nobody who entered an
-- act: a file with entered acts is refused, and so is one whose log holds a record of them, which older programs cannot read: the
-- statements on the temporary table fail then. Messages of kinds that older programs do not know are forgotten.
CREATE TEMP TABLE refused_because_entered_acts_would_be_lost (found INTEGER CHECK (found = 0));
INSERT INTO refused_because_entered_acts_would_be_lost (found) SELECT COUNT(*) FROM entered_act;
INSERT INTO refused_because_entered_acts_would_be_lost (found)
    SELECT COUNT(*) FROM record WHERE written_by IN
        ('enter act', 'decide entered act', 'make account code', 'stop account code');
DROP TABLE refused_because_entered_acts_would_be_lost;

DELETE FROM message WHERE kind IN ('code-prepared', 'entered', 'entered-wrong');
DROP TABLE enrolment_form;
DROP TABLE stop_code;
DROP TABLE entered_act;

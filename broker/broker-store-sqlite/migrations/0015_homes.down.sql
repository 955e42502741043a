-- Takes back 0015. An older program would show what another adult wrote to the person whose meter it is, and would let a
-- sharing that stands still go on: a file with either is refused, and so is one whose log holds a `household/1`, which older
-- programs cannot read: the statements on the temporary table fail then.
CREATE TEMP TABLE refused_because_of_other_adults (found INTEGER CHECK (found = 0));
INSERT INTO refused_because_of_other_adults (found) SELECT COUNT(*) FROM household_case;
INSERT INTO refused_because_of_other_adults (found) SELECT COUNT(*) FROM standstill WHERE ended_at_us IS NULL;
INSERT INTO refused_because_of_other_adults (found)
    SELECT COUNT(*) FROM record WHERE written_by IN
        ('say who lives in a home', 'ask from a home', 'say that one is of age', 'record the end of a capacity');
DROP TABLE refused_because_of_other_adults;

-- Messages of kinds that older programs do not know.
DELETE FROM message WHERE kind IN ('household-spoke', 'sharing-frozen', 'sharing-lifted');
DROP TABLE capacity_end;
DROP TABLE age_statement;
DROP TABLE standstill;
DROP TABLE household_case;
DROP TABLE home;

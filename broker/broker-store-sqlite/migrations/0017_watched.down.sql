-- Takes back 0017. An older program would release data against an objection, and its register of breaches would be empty: a file
-- with either is refused, and so is one whose log holds a record of either, which older programs cannot read: the statements on
-- the temporary table fail then. Wishes for summaries are forgotten, and so are messages of kinds that older programs do not know.
CREATE TEMP TABLE refused_because_objections_or_breaches_would_be_lost (found INTEGER CHECK (found = 0));
INSERT INTO refused_because_objections_or_breaches_would_be_lost (found) SELECT COUNT(*) FROM objection;
INSERT INTO refused_because_objections_or_breaches_would_be_lost (found) SELECT COUNT(*) FROM breach;
INSERT INTO refused_because_objections_or_breaches_would_be_lost (found)
    SELECT COUNT(*) FROM record WHERE written_by IN ('object to a project', 'tell of a breach');
DROP TABLE refused_because_objections_or_breaches_would_be_lost;

DELETE FROM message WHERE kind IN ('unusual-volume', 'breach', 'summary-ready');
-- Given up and sealed: an older program empties what it gives up.
UPDATE telling SET body = x'' WHERE ended IS NOT NULL;
ALTER TABLE telling DROP COLUMN handled_by;
ALTER TABLE telling DROP COLUMN handled_at_us;
DROP TABLE objection;
DROP TABLE summary_wish;
DROP TABLE summary;
DROP TABLE breach_person;
DROP TABLE breach;
DROP INDEX transfer_out_by_time;
DROP TABLE unusual_use;

-- Takes back 0020. Numbers and choices are forgotten: an older program knows e-mail alone. What waits to leave another way, or is of a
-- kind that it does not know, is forgotten too. A file in which somebody joined a project is refused: an older program would show
-- people a project without her; the statement on the temporary table fails then.
CREATE TEMP TABLE refused_because_members_of_projects_would_be_lost (found INTEGER CHECK (found = 0));
INSERT INTO refused_because_members_of_projects_would_be_lost (found) SELECT COUNT(*) FROM project_member;
DROP TABLE refused_because_members_of_projects_would_be_lost;
DROP TABLE project_member;
DELETE FROM message WHERE channel <> 'email'
    OR kind IN ('phone-asked', 'phone-code', 'phone-changed', 'channels-changed', 'project-joined');
DROP TABLE message_channel;
DROP TABLE phone_pending;
DROP TABLE phone_number;
DROP INDEX message_due;
ALTER TABLE message DROP COLUMN channel;
CREATE INDEX message_due ON message (due_at_us) WHERE ended IS NULL;

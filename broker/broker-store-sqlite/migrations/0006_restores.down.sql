-- Takes back 0006. Nothing is lost: the rows follow from the leaves.
DROP TABLE restore;

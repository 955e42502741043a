-- Takes back 0005. Nothing is lost: the rows follow from the leaves.
DROP TABLE restore;

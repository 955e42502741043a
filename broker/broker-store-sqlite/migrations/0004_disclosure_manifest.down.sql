-- Takes back 0004. The log names the manifests, and they cannot be made again, so a file that holds one is refused: the
-- first two statements fail then.
CREATE TEMP TABLE refused_because_the_log_names_a_manifest (manifests INTEGER CHECK (manifests = 0));
INSERT INTO refused_because_the_log_names_a_manifest (manifests) SELECT COUNT(*) FROM release_manifest;
DROP TABLE refused_because_the_log_names_a_manifest;

DROP TABLE disclosure;
DROP TABLE release_manifest;

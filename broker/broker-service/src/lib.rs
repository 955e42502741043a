//! The use cases of the broker, each in five beats: read, decide, transform, commit, publish.

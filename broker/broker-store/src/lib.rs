//! The ports through which the broker stores and reads, and their contract suite.

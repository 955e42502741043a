//! The keys of the broker: signatures, encryption to members, files with mode 0600.

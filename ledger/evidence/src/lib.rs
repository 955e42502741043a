//! Evidence that a stranger can verify: records, JWS signatures and proof bundles.

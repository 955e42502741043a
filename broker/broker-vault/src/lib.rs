//! Envelope encryption of readings; opens nothing without a warrant.

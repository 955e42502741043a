//! The logic of a gateway behind a hardware abstraction: decode, check, filter, batch, sign.

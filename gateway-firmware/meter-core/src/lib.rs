//! What a meter says, decoded without allocation: TIC, SenML and the signed envelope.

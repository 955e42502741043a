//! The Cedar policies of the broker, strictly validated, and the engine that evaluates them.

//! Pages for participants, researchers and data-protection officers.

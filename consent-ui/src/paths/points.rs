//! The points of a company or commune, for whoever represents it.

/// GET: its points. Query: `offre`, `q` (part of a name, or last digits), `etat` (`tous`, `autorises`, `libres`), `page`.
pub const POINTS: &str = "/moi/points";

/// POST: the terms of an offer for the points chosen. Fields: `portee` (`tous`, `coches`), `point`, `q`, `etat`.
pub fn permit(offer: &str) -> String {
    format!("{POINTS}/{offer}/accord")
}

/// POST: permits. Fields: `meter` (identifiers, joined by commas), `notice`.
pub fn permitted(offer: &str) -> String {
    format!("{POINTS}/{offer}/reponse")
}

/// POST: withdraws for the points chosen. Fields as those of [`permit`].
pub fn withdraw_points(offer: &str) -> String {
    format!("{POINTS}/{offer}/retrait")
}

/// POST, JSON: asks for a signature over the list. Members: `csrf`, `meter`, `notice`.
pub fn list_question(offer: &str) -> String {
    format!("{POINTS}/{offer}/signature/question")
}

/// POST, JSON: what the authenticator answers. Members: `csrf`, `answer`.
pub fn list_signature(offer: &str) -> String {
    format!("{POINTS}/{offer}/signature")
}

//! Invented labels for the people who do not exist.

use crate::random::{Random, Stream};

/// How a household is shown in a demonstration. Invented: no such person, and no such street in particular.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// A first name and an initial, `Maëlle T.`.
    pub display_name: String,
    /// A number and a street, `12 rue des Tilleuls`.
    pub address: String,
}

const FIRST_NAMES: [&str; 40] = [
    "Adèle",
    "Amadou",
    "Anouk",
    "Basile",
    "Bérénice",
    "Bilal",
    "Camille",
    "Céleste",
    "Côme",
    "Diane",
    "Djamila",
    "Elouan",
    "Esther",
    "Fanny",
    "Gaspard",
    "Gwenaëlle",
    "Hana",
    "Ilan",
    "Inès",
    "Joséphine",
    "Kenza",
    "Léonie",
    "Linh",
    "Lubin",
    "Maëlle",
    "Malo",
    "Marceau",
    "Mina",
    "Nadir",
    "Noé",
    "Olympe",
    "Perrine",
    "Rosalie",
    "Samir",
    "Sidonie",
    "Tiago",
    "Ulysse",
    "Violette",
    "Yann",
    "Zélie",
];
const INITIALS: &[u8; 20] = b"ABCDEFGHJLMNOPRSTVWZ";
const STREETS: [&str; 16] = [
    "rue des Tilleuls",
    "rue du Lavoir",
    "impasse des Merles",
    "allée des Saules",
    "rue de la Fontaine Basse",
    "chemin du Four à Pain",
    "rue des Vieux Moulins",
    "place du Puits",
    "rue de l’Alouette",
    "sente des Genêts",
    "rue du Pré Vert",
    "allée des Noyers",
    "rue des Hirondelles",
    "chemin de la Source",
    "rue du Pont de Bois",
    "rue des Cerisiers",
];
const HOMES_PER_STREET: u32 = 64;

impl Profile {
    /// The label of the household at one index; addresses differ for all indices, names may repeat as they do.
    pub(crate) fn draw(seed: u64, index: u32) -> Self {
        let mut random = Random::keyed(seed, Stream::Profile, i64::from(index));
        let [first, others @ ..] = FIRST_NAMES;
        let name = random.pick(first, &others);
        let [letter, letters @ ..] = *INITIALS;
        let initial = char::from(random.pick(letter, &letters));
        let block = index / HOMES_PER_STREET;
        let streets = u32::try_from(STREETS.len()).unwrap_or(1);
        let street = STREETS
            .get(usize::try_from(block % streets).unwrap_or(0))
            .copied()
            .unwrap_or("rue des Tilleuls");
        let number = 1 + index % HOMES_PER_STREET + block / streets * HOMES_PER_STREET;
        Self {
            display_name: format!("{name} {initial}."),
            address: format!("{number} {street}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_households_share_an_address() {
        let addresses: BTreeSet<String> = (0..10_000).map(|index| Profile::draw(5, index).address).collect();
        assert_eq!(addresses.len(), 10_000);
    }
}

//! `codebook.csv`: what each column means, in each language.

struct Column {
    name: &'static str,
    kind: &'static str,
    unit: &'static str,
    allowed: &'static str,
    missing_fr: &'static str,
    missing_en: &'static str,
    missing_nl: &'static str,
    description_fr: &'static str,
    description_en: &'static str,
    description_nl: &'static str,
}

const NEVER_FR: &str = "jamais vide";
const NEVER_EN: &str = "never empty";
const NEVER_NL: &str = "nooit leeg";

const COLUMNS: [Column; 7] = [
    Column {
        name: "group_id",
        kind: "string",
        unit: "",
        allowed: "a-z 0-9 - _",
        missing_fr: NEVER_FR,
        missing_en: NEVER_EN,
        missing_nl: NEVER_NL,
        description_fr: "Nom du groupe de foyers",
        description_en: "Name of the group of homes",
        description_nl: "Naam van de groep woningen",
    },
    Column {
        name: "start",
        kind: "datetime",
        unit: "UTC",
        allowed: "RFC 3339",
        missing_fr: NEVER_FR,
        missing_en: NEVER_EN,
        missing_nl: NEVER_NL,
        description_fr: "Début de l’intervalle, inclus",
        description_en: "Start of the interval, included",
        description_nl: "Begin van het interval, inbegrepen",
    },
    Column {
        name: "step_s",
        kind: "integer",
        unit: "s",
        allowed: "> 0",
        missing_fr: NEVER_FR,
        missing_en: NEVER_EN,
        missing_nl: NEVER_NL,
        description_fr: "Durée de l’intervalle",
        description_en: "Length of the interval",
        description_nl: "Duur van het interval",
    },
    Column {
        name: "energy_wh",
        kind: "integer",
        unit: "Wh",
        allowed: ">= 0",
        missing_fr: "vide si status n’est pas ok ; zéro est une valeur",
        missing_en: "empty unless status is ok; zero is a value",
        missing_nl: "leeg tenzij status ok is; nul is een waarde",
        description_fr: "Énergie moyenne d’un foyer dans l’intervalle, arrondie comme le dit privacy.json",
        description_en: "Mean energy of one home in the interval, rounded as privacy.json says",
        description_nl: "Gemiddelde energie van één woning in het interval, afgerond zoals privacy.json zegt",
    },
    Column {
        name: "n_homes",
        kind: "integer",
        unit: "",
        allowed: ">= 0",
        missing_fr: "vide si status est suppressed",
        missing_en: "empty when status is suppressed",
        missing_nl: "leeg als status suppressed is",
        description_fr: "Nombre de foyers distincts ayant une mesure dans l’intervalle",
        description_en: "Number of distinct homes with a reading in the interval",
        description_nl: "Aantal verschillende woningen met een meting in het interval",
    },
    Column {
        name: "status",
        kind: "string",
        unit: "",
        allowed: "ok | suppressed | no_data",
        missing_fr: NEVER_FR,
        missing_en: NEVER_EN,
        missing_nl: NEVER_NL,
        description_fr: "ok : publié ; suppressed : masqué pour protéger des foyers ; no_data : aucune mesure",
        description_en: "ok: published; suppressed: hidden to protect homes; no_data: no reading",
        description_nl: "ok: gepubliceerd; suppressed: verborgen om woningen te beschermen; no_data: geen meting",
    },
    Column {
        name: "noise_sd",
        kind: "number",
        unit: "Wh",
        allowed: ">= 0",
        missing_fr: NEVER_FR,
        missing_en: NEVER_EN,
        missing_nl: NEVER_NL,
        description_fr: "Écart type du bruit ajouté à energy_wh ; 0 : aucun bruit",
        description_en: "Standard deviation of the noise added to energy_wh; 0: no noise",
        description_nl: "Standaardafwijking van de ruis die aan energy_wh is toegevoegd; 0: geen ruis",
    },
];

pub(super) fn codebook() -> String {
    let mut text = String::from(
        "name,type,unit,allowed_values,missing_fr,missing_en,missing_nl,description_fr,description_en,\
         description_nl\n",
    );
    for column in &COLUMNS {
        let fields = [
            column.name,
            column.kind,
            column.unit,
            column.allowed,
            column.missing_fr,
            column.missing_en,
            column.missing_nl,
            column.description_fr,
            column.description_en,
            column.description_nl,
        ];
        text.push_str(&fields.map(quoted).join(","));
        text.push('\n');
    }
    text
}

/// RFC 4180 §2: a field with a comma, a quote or a line break stands in quotes, and its quotes are doubled.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_with_a_comma_stands_in_quotes() {
        assert_eq!(quoted("a"), "a");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert!(codebook().contains("\"Énergie moyenne"));
    }
}

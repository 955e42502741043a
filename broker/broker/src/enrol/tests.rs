use super::*;

const LABORATORY: &str = r#"
    [organisation]
    name = "Laboratoire"
    country = "FR"
    contact = "dpo@labo.example"
    [[application]]
    name = "Page"
    encryption_jwk = "page.jwk"
    [[offer]]
    purpose = "load-curve-research"
    step_s = 1800
    days = 365
    title = { fr = "Courbe", en = "Curve", nl = "Curve" }
    notice = { fr = "fr.txt", en = "en.txt", nl = "nl.txt" }
    [[dataset]]
    purpose = "load-curve-research"
    step_s = 1800
    title = { fr = "Courbe", en = "Curve", nl = "Curve" }
    summary = { fr = "Une valeur", en = "One value", nl = "Eén waarde" }
    [[researcher]]
    name = "Ada"
    age_recipient = "AGE"
"#;

fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let jwk = JoseMemberCrypto::new().generate_member_key().unwrap().public_jwk;
    std::fs::write(folder.path().join("page.jwk"), jwk).unwrap();
    let notices = [
        ("fr.txt", "Qui ? Nous.\nEt si je refuse ? Rien."),
        ("en.txt", "Who? We.\nAnd if I refuse? Nothing."),
        ("nl.txt", "Wie? Wij.\nEn als ik weiger? Niets."),
    ];
    for (name, text) in notices {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    (folder, LABORATORY.replace("AGE", &recipient))
}

fn prepared(text: &str, folder: &Path) -> Result<Ready> {
    prepare(&toml::from_str(text)?, folder)
}

#[test]
fn a_member_is_enrolled_with_all_that_is_hers() {
    let (folder, text) = folder();
    let ready = prepared(&text, folder.path()).unwrap();
    assert_eq!(ready.members.len(), 5);
    let Some(Member::Application(row)) = ready.members.get(1) else {
        panic!("no application")
    };
    let credential = ready
        .said
        .iter()
        .find_map(|line| line.split_once("once): "))
        .unwrap()
        .1;
    assert_eq!(credential_hash(credential), row.credential_hash);
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let (folder, text) = folder();
    let wrong = [
        ("country = \"FR\"", "country = \"France\""),
        ("contact = \"dpo@labo.example\"", "contact = \"labo\""),
        ("days = 365", "days = 2000"),
        ("step_s = 1800", "step_s = 7"),
        ("purpose = \"load-curve-research\"", "purpose = \"Research\""),
        ("fr = \"fr.txt\"", "fr = \"page.jwk\""),
        ("nl = \"nl.txt\"", "nl = \"absent.txt\""),
        ("encryption_jwk = \"page.jwk\"", "encryption_jwk = \"fr.txt\""),
        ("age_recipient = \"age1", "age_recipient = \"ssh1"),
        ("name = \"Ada\"", "name = \" \""),
        ("title = { fr = \"Courbe\", ", "title = { "),
        ("[[dataset]]", "[[datasets]]"),
    ];
    for (good, bad) in wrong {
        assert!(text.contains(good), "{good}");
        assert!(
            prepared(&text.replacen(good, bad, 1), folder.path()).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn more_is_added_under_the_identifier() {
    let (folder, text) = folder();
    let id = "1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31";
    let more = text.replacen("[organisation]", &format!("[organisation]\nid = \"{id}\""), 1);
    let ready = prepared(&more, folder.path()).unwrap();
    assert!(
        !ready
            .members
            .iter()
            .any(|member| matches!(member, Member::Organisation(_)))
    );
    let only = more.split("[[application]]").next().unwrap();
    assert!(prepared(only, folder.path()).is_err());
}

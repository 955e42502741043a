//! Sign-in through providers of others, with scripts blocked: two of npm's `oidc-provider`, and one that is away.

use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::people::{Site, invite};
use audit_tests::provider::{CLIENT, Package, Provider, SECRET};
use audit_tests::server::Server;
use audit_tests::town::Town;

use crate::looks::Looks;

/// What the configuration says about two providers.
fn configured(town: &Town, providers: &[(&str, &Provider)]) -> String {
    let secret = town.aside("client.secret");
    std::fs::write(&secret, SECRET).unwrap();
    let described = providers.iter().map(|(id, provider)| {
        format!(
            "[[sign_in.provider]]\nid = \"{id}\"\nname = \"Service {id}\"\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\n\
             client_secret_file = \"{}\"\n",
            provider.issuer,
            secret.display()
        )
    });
    described.collect()
}

/// Answers a provider's question with this name, where it asks.
async fn be(browser: &Browser, name: &str) {
    browser.type_into("[name=account]", name).await;
    browser.follow("form:has([name=account]) button").await;
}

/// Comes back by a provider, which may know her still: both of the tests have one host, and so one cookie in the browser.
async fn enter(browser: &Browser, provider: &str, name: &str) {
    browser
        .follow(&format!("a[href=\"/connexion/aupres/{provider}\"]"))
        .await;
    browser.find(".counts, [name=account]").await;
    if browser.count("[name=account]").await > 0 {
        be(browser, name).await;
    }
    browser.find(".counts").await;
}

async fn sign_out(browser: &Browser) {
    browser.follow("form[action=\"/deconnexion\"] button").await;
    browser.find("main a[href=\"/connexion\"]").await;
}

#[test]
fn two_providers_lead_to_one_account_without_a_script() {
    let Some(package) = Package::install() else { return };
    let town = Town::found(1);
    let site = Site::prepare(&town);
    let back = |id: &str| site.page(&format!("/connexion/retour/{id}"));
    let one = Provider::start(&package, &back("mairie"));
    let two = Provider::start(&package, &back("quartier"));
    // The third is away.
    let three = Provider::start(&package, &back("absent"));
    site.add(
        &town,
        &configured(&town, &[("mairie", &one), ("quartier", &two), ("absent", &three)]),
    );
    drop(three);
    let anna = town.residents[0].participant.to_string();
    let (_, code) = invite(&town, &["--participant", &anna]);
    let _server = Server::start(&town);
    with_browser(Scripts::Blocked, async |browser| {
        let looks = Looks::at(browser, "fr");
        in_by_the_first(browser, &site, &code, &looks).await;
        let codes = the_second_is_linked(browser, &site, &looks).await;

        // Back by the second.
        browser.open_page(&site.page("/connexion")).await;
        looks.at_page("sign-in-without-script").await;
        enter(browser, "quartier", "a-tilleul").await;
        sign_out(browser).await;

        an_answer_without_a_question_is_none(browser, &site).await;

        let _ = browser.complaints();
        // One provider is away: she is told, and comes in by another.
        browser.open_page(&site.page("/connexion")).await;
        browser.follow("a[href=\"/connexion/aupres/absent\"]").await;
        browser.find("main p.lead").await;
        let said = browser.text("main").await;
        assert!(said.contains("autre façon d'entrer"), "{said}");
        looks.at_refusal("provider-away", 503).await;
        browser.follow("main a.button").await;
        enter(browser, "mairie", "anna").await;
        sign_out(browser).await;

        // With neither: a recovery code.
        browser.open_page(&site.page("/connexion")).await;
        let code = codes.split_whitespace().next().unwrap();
        browser.type_into("#code", code).await;
        browser.follow("form[action=\"/connexion/secours\"] button").await;
        browser.find("#events").await;
        looks.end();
    });
}

/// By invitation and the first provider to her desk.
async fn in_by_the_first(browser: &Browser, site: &Site, code: &str, looks: &Looks<'_>) {
    browser.open_page(&site.page("/invitation?lang=fr")).await;
    browser.type_into("#code", code).await;
    browser.click("#majeur").await;
    browser.follow("form[action=\"/invitation\"] button").await;
    browser.find(".ways a").await;
    assert_eq!(browser.count("form.passkey:not([hidden])").await, 0);
    assert!(browser.text("noscript").await.contains("JavaScript"));
    looks.at_page("first-way-without-script").await;
    browser.follow("a[href=\"/invitation/aupres/mairie\"]").await;
    be(browser, "anna").await;
    browser.find(".counts").await;
    assert_eq!(browser.path().await, "/moi");
}

/// Gives the recovery codes that she made after it.
async fn the_second_is_linked(browser: &Browser, site: &Site, looks: &Looks<'_>) -> String {
    // The other one, linked in the same account; the provider asks again.
    browser.follow("nav a[href=\"/compte\"]").await;
    browser.follow("a[href=\"/compte/aupres/quartier\"]").await;
    be(browser, "a-tilleul").await;
    browser.find("article + article").await;
    // The providers have no icon, of which the browser complains.
    let _ = browser.complaints();
    looks.at_page("account-two-providers").await;
    browser.follow("form[action=\"/compte/codes\"] button").await;
    browser.find("h1").await;
    let codes = browser.text(".codes").await;
    looks.at_page("codes-without-script").await;
    browser.open_page(&site.page("/compte")).await;
    sign_out(browser).await;
    codes
}

/// An answer that nobody in this browser waits for is none.
async fn an_answer_without_a_question_is_none(browser: &Browser, site: &Site) {
    for path in [
        "/connexion/retour/mairie?code=x&state=y",
        "/connexion/retour/nulle-part?code=x&state=y",
    ] {
        browser.open_page(&site.page(path)).await;
        browser.find("main a.button").await;
        assert!(browser.text("main").await.contains("Rien n'a changé"));
        assert_eq!(browser.count("form[action=\"/deconnexion\"]").await, 0);
        assert!(!browser.complaints().is_empty());
    }
}

#[test]
fn an_answer_brought_to_the_address_of_another_provider_lets_nobody_in() {
    let Some(package) = Package::install() else { return };
    let town = Town::found(1);
    let site = Site::prepare(&town);
    // This provider sends its browsers to the other one's address: it mixes them up (RFC 9700 §4.4).
    let mixed = Provider::start(&package, &site.page("/connexion/retour/mairie"));
    let honest = Provider::start(&package, &site.page("/connexion/retour/mairie"));
    site.add(
        &town,
        &configured(&town, &[("mairie", &honest), ("quartier", &mixed)]),
    );
    let anna = town.residents[0].participant.to_string();
    let (_, code) = invite(&town, &["--participant", &anna]);
    let _server = Server::start(&town);
    with_browser(Scripts::Blocked, async |browser| {
        browser.open_page(&site.page("/invitation?lang=fr")).await;
        browser.type_into("#code", &code).await;
        browser.click("#majeur").await;
        browser.follow("form[action=\"/invitation\"] button").await;
        // The provider knows no such address of return, and says so on a page of its own.
        browser.follow("a[href=\"/invitation/aupres/quartier\"]").await;
        assert!(browser.text("body").await.contains("redirect_uri"));
        // By hand: the question of one, the address of the other.
        browser
            .open_page(&site.page("/connexion/retour/mairie?code=x&state=y"))
            .await;
        assert!(browser.text("main").await.contains("Rien n'a changé"));
        assert_eq!(browser.count("form[action=\"/deconnexion\"]").await, 0);
    });
}

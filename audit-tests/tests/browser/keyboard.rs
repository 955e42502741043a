//! Without a mouse: Tab, Shift-Tab, Enter and Space are enough, and the focus can always be seen.

use audit_tests::authenticator::{Authenticator, Transport};
use audit_tests::browser::{Browser, Scripts, with_browser};
use audit_tests::demo::Demo;
use audit_tests::people::{Site, invite};
use audit_tests::server::Server;
use audit_tests::town::Town;
use fantoccini::key::Key;
use serde_json::{Value, json};

/// More stops than any page has.
const MOST_STOPS: usize = 80;

/// Where the focus is, whether it is what is looked for, and whether a person sees it there: an outline of its own or,
/// for a radio button, of the label around it, on something that stands in the window.
const FOCUS: &str = "
    const element = document.activeElement;
    const outlined = [element, element.closest('label')].some((one) => {
        if (!one) return false;
        const style = getComputedStyle(one);
        return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    });
    const box = element.getBoundingClientRect();
    const stands = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
    return [element.matches(arguments[0]), outlined && stands, element.outerHTML.slice(0, 120)];
";

#[test]
fn granting_and_withdrawing_need_nothing_but_a_keyboard() {
    with_browser(Scripts::Blocked, async |browser| {
        let demo = Demo::start(&[]);
        browser.open_page(&demo.page("/")).await;
        the_skip_link_comes_first(browser).await;
        reach(browser, "form[action='/demo/sign-in'] button").await;
        browser.press(&[], Key::Enter).await;
        browser.find(".counts").await;
        reach(browser, ".counts a[href$='#pending']").await;
        browser.press(&[], Key::Enter).await;
        browser.find("#pending").await;
        reach(browser, "#pending .button").await;
        browser.press(&[], Key::Enter).await;
        browser.find("form.consent").await;
        reach(browser, "[value=accept]").await;
        browser.press(&[], Key::Space).await;
        assert_eq!(browser.count("[value=accept]:checked").await, 1);
        back_and_forth(browser).await;
        reach(browser, "form.consent [type=submit]").await;
        browser.press(&[], Key::Enter).await;
        browser.find(".done").await;
        let sharing = browser
            .find(".rows a.button")
            .await
            .attr("href")
            .await
            .unwrap()
            .unwrap();

        reach(browser, "nav a[href='/moi']").await;
        browser.press(&[], Key::Enter).await;
        browser.find(".counts").await;
        reach(browser, &format!("a[href='{sharing}/retrait']")).await;
        browser.press(&[], Key::Enter).await;
        let button = format!("form[action='{sharing}/retrait'] button");
        browser.find(&button).await;
        reach(browser, &button).await;
        browser.press(&[], Key::Space).await;
        browser.find(".done").await;
        assert_eq!(browser.path().await, format!("{sharing}/retrait"));
        the_skip_link_comes_first(browser).await;
    });
}

/// And nothing but HTML: scripts are blocked.
#[test]
fn my_data_and_my_rights_need_nothing_but_a_keyboard() {
    with_browser(Scripts::Blocked, async |browser| {
        let demo = Demo::start(&[]);
        browser.open_page(&demo.page("/")).await;
        browser.follow("form[action='/demo/sign-in'] button").await;
        let looks = crate::looks::Looks::at(browser, "en");
        browser.open_page(&demo.page("/moi?lang=en")).await;
        reach(browser, "nav a[href='/moi/donnees']").await;
        browser.press(&[], Key::Enter).await;
        browser.find("#period-heading").await;
        looks.at_page("data-day").await;
        for view in ["mois", "annee"] {
            reach(browser, &format!(".filters a[href*='vue={view}']")).await;
            browser.press(&[], Key::Enter).await;
            browser
                .find(&format!(".filters a[aria-current][href*='vue={view}']"))
                .await;
            looks.at_page(&format!("data-{view}")).await;
        }
        reach(browser, "main details summary").await;
        browser.press(&[], Key::Enter).await;
        reach(browser, "tbody a").await;
        browser.press(&[], Key::Enter).await;
        browser.find(".filters a[aria-current][href*='vue=mois']").await;
        reach(browser, "form.copy [name=format]").await;
        reach(browser, "form.copy button").await;
        let copy = browser.download("form.copy button").await;
        let copy = std::fs::read_to_string(copy).unwrap();
        assert!(copy.starts_with("meter,start,local,"), "{copy}");

        reach(browser, "nav a[href='/moi/demandes']").await;
        browser.press(&[], Key::Enter).await;
        browser.find("#new-heading").await;
        looks.at_page("rights").await;
        reach(browser, "a[href='/moi/demandes/nouvelle/rectification']").await;
        browser.press(&[], Key::Enter).await;
        browser.find("#objet").await;
        looks.at_page("right-ask").await;
        reach(browser, "#objet").await;
        browser.type_into("#objet", "Mon adresse").await;
        reach(browser, "main form [type=submit]").await;
        browser.press(&[], Key::Enter).await;
        browser.find("#steps-heading").await;
        looks.at_page("right").await;
        reach(browser, "form[action='/deconnexion'] button").await;
        browser.press(&[], Key::Enter).await;
        browser
            .follow("form[action='/demo/sign-in']:has([value=officer]) button")
            .await;
        reach(browser, "nav a[href='/dpo/droits']").await;
        browser.press(&[], Key::Enter).await;
        browser.find("#open-heading").await;
        looks.at_page("rights-desk").await;
        reach(browser, "main textarea").await;
        browser.type_into("main textarea", "C'est corrigé.").await;
        reach(browser, "[value=repondre]").await;
        browser.press(&[], Key::Enter).await;
        browser.find("#answered-heading + .rows").await;
        looks.end();
    });
}

/// Presses Tab until the focus is there. Every stop on the way is one that a person sees.
pub async fn reach(browser: &Browser, selector: &str) {
    let mut stops = Vec::new();
    while stops.len() < MOST_STOPS {
        browser.press(&[], Key::Tab).await;
        let (found, element) = visible_focus(browser, selector).await;
        if found {
            return;
        }
        stops.push(element);
    }
    panic!("Tab does not reach `{selector}`:\n{}", stops.join("\n"));
}

async fn visible_focus(browser: &Browser, selector: &str) -> (bool, String) {
    let focus = browser.script(FOCUS, vec![json!(selector)]).await;
    let element = focus[2].as_str().unwrap().to_owned();
    // After the last stop the focus is at the window's own, and `body` stands in for it.
    assert!(
        focus[1] == Value::Bool(true) || element.starts_with("<body"),
        "the focus cannot be seen on {element}"
    );
    (focus[0] == Value::Bool(true), element)
}

/// The first stop of a page leads past the menu, and from there on into the content.
async fn the_skip_link_comes_first(browser: &Browser) {
    browser.press(&[], Key::Tab).await;
    let (found, element) = visible_focus(browser, "a.skip").await;
    assert!(found, "the first stop is {element}");
    browser.press(&[], Key::Enter).await;
    browser.press(&[], Key::Tab).await;
    let (found, element) = visible_focus(browser, "main *").await;
    assert!(found, "the skip link leads to {element}");
}

/// Shift-Tab goes back to where Tab came from.
async fn back_and_forth(browser: &Browser) {
    let (_, here) = visible_focus(browser, "*").await;
    browser.press(&[], Key::Tab).await;
    let (_, next) = visible_focus(browser, "*").await;
    browser.press(&[Key::Shift], Key::Tab).await;
    let (_, back) = visible_focus(browser, "*").await;
    assert_eq!(here, back);
    assert_ne!(here, next);
}

/// The invitation, the first passkey, the account and everything on it, and back in.
#[test]
fn an_account_needs_nothing_but_a_keyboard() {
    let town = Town::found(1);
    let site = Site::prepare(&town);
    let anna = town.residents[0].participant.to_string();
    let (_, code) = invite(&town, &["--participant", &anna]);
    let _server = Server::start(&town);
    with_browser(Scripts::Allowed, async |browser| {
        let _device = Authenticator::plug_in(browser, Transport::Internal);
        browser.open_page(&site.page("/connexion")).await;
        the_skip_link_comes_first(browser).await;
        reach(browser, "main a[href='/invitation']").await;
        browser.press(&[], Key::Enter).await;
        browser.find("form[action='/invitation']").await;
        reach(browser, "#code").await;
        browser.type_into("#code", &code).await;
        reach(browser, "#majeur").await;
        browser.press(&[], Key::Space).await;
        reach(browser, "form[action='/invitation'] button").await;
        browser.press(&[], Key::Enter).await;
        browser.find("form.passkey button").await;
        reach(browser, "form.passkey button").await;
        browser.press(&[], Key::Space).await;
        browser.find(".counts").await;

        browser.open_page(&site.page("/compte")).await;
        for stop in [
            "form.named input",
            "form.named button",
            "form[action='/compte/cles/retrait'] button",
            "form.passkey button",
            "form[action='/compte/codes'] button",
            "form[action='/compte/appareils/fin'] button",
            "form[action='/compte/appareils/tous'] button",
            "a[href^='/compte/pas-moi/']",
        ] {
            reach(browser, stop).await;
        }
        browser.press(&[], Key::Enter).await;
        browser.find("#keep-none").await;
        reach(browser, "main .button").await;
        browser.press(&[], Key::Enter).await;
        browser.find("#events").await;
        reach(browser, "form[action='/deconnexion'] button").await;
        browser.press(&[], Key::Enter).await;
        browser.find("main a[href='/connexion']").await;
        reach(browser, "main a[href='/connexion']").await;
        browser.press(&[], Key::Enter).await;
        browser.find("form.passkey button").await;
        reach(browser, "form.passkey button").await;
        browser.press(&[], Key::Enter).await;
        browser.find(".counts").await;
    });
}

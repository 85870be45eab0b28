//! What is kept from whoever is not signed in, and from other sites: asked without a browser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use oms::Scene;
use reqwest::{StatusCode, header};
use support::{Site, cookie, form_token};

const PAGES: [&str; 11] = [
    "/",
    "/connections",
    "/runs",
    "/held",
    "/orders",
    "/rules",
    "/orders/1",
    "/search?number=1",
    "/shipments",
    "/changes",
    "/nowhere",
];
const FORMS: [&str; 16] = [
    "/connections/check",
    "/connections/run",
    "/connections/pause",
    "/held/map",
    "/orders/1/ship",
    "/orders/1/release",
    "/orders/1/correct",
    "/rules/shipping",
    "/rules/carriers",
    "/search",
    "/search/import",
    "/shipments/carrier",
    "/shipments/unblock",
    "/shipments/dealt-with",
    "/changes/seen",
    "/sign-out",
];

#[tokio::test]
async fn secrets_nothing_is_shown_to_who_is_not_signed_in() {
    let site = Site::start(Scene::Filled).await;
    for path in PAGES.into_iter().filter(|path| *path != "/nowhere") {
        let answer = site.get(path, "__Host-oms=0123").await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        assert!(answer.headers()[header::LOCATION].to_str().unwrap().starts_with("/sign-in?next="), "{path}");
    }
    for path in FORMS {
        let answer = site
            .post(path, "__Host-oms=0123", &[])
            .header("sec-fetch-site", "same-origin")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()[header::LOCATION], "/sign-in?lost=yes", "{path}");
    }
    let page = site.get("/sign-in?lost=yes", "").await.text().await.unwrap();
    assert!(page.contains("what you sent was not taken"), "{page}");
}

#[tokio::test]
async fn secrets_every_answer_forbids_scripts_frames_and_caches() {
    let site = Site::start(Scene::Empty).await;
    let cookie = site.sign_in().await;
    for path in PAGES.into_iter().chain(["/sign-in", "/style.css"]) {
        let answer = site.get(path, &cookie).await;
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(
            header("content-security-policy")
                .starts_with("default-src 'none'; style-src 'self'; form-action 'self'")
        );
        assert_eq!(
            (header("cache-control"), header("x-content-type-options")),
            ("no-store".into(), "nosniff".into())
        );
    }
}

#[tokio::test]
async fn secrets_a_form_of_another_site_changes_nothing() {
    let site = Site::start(Scene::Filled).await;
    let cookie = site.sign_in().await;
    let form = form_token(&site.get("/changes", &cookie).await.text().await.unwrap());
    for path in FORMS {
        let token = [("form", form.as_str())];
        let own_host = format!("http://{}", site.running.address);
        let foreign = [
            site.post(path, &cookie, &token).header("sec-fetch-site", "cross-site"),
            site.post(path, &cookie, &token).header("sec-fetch-site", "same-site"),
            site.post(path, &cookie, &token).header("origin", "https://evil.example"),
            site.post(path, &cookie, &token).header("origin", "null"),
            site.post(path, &cookie, &token),
            site.post(path, &cookie, &[]).header("sec-fetch-site", "same-origin"),
            site.post(path, &cookie, &[("form", &format!("{form}0"))]).header("origin", &own_host),
        ];
        for (place, post) in foreign.into_iter().enumerate() {
            assert_eq!(post.send().await.unwrap().status(), StatusCode::FORBIDDEN, "{path}, way {place}");
        }
    }
    let unseen = site.get("/changes", &cookie).await.text().await.unwrap();
    assert!(unseen.contains("2405"), "the operator is signed in still, and nothing is seen");
}

#[tokio::test]
async fn secrets_the_token_of_before_the_sign_in_opens_nothing_and_passwords_cannot_be_guessed() {
    let site = Site::start(Scene::Empty).await;
    let (_, password) = site.running.operator.clone().unwrap();
    for (next, leads) in [
        ("/held", "/held"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/%09/evil.example", "/%09/evil.example"),
        ("/\\evil.example", "/"),
    ] {
        let (answer, before) = site.try_password(&password, next).await;
        assert_eq!(answer.headers()[header::LOCATION], leads);
        assert_eq!(site.get("/", &before).await.status(), StatusCode::SEE_OTHER);
        assert_eq!(site.get("/", &cookie(&answer)).await.status(), StatusCode::OK);
    }
    // Nobody is let in by many tries at once.
    let at_once = (0..40).map(|guess| {
        let site = &site;
        async move { site.try_password(&format!("at once {guess}"), "/").await.0.status().as_u16() }
    });
    let at_once = futures_util::future::join_all(at_once).await;
    let verified = at_once.iter().filter(|status| **status == 403).count();
    assert!(
        (1..=10).contains(&verified) && at_once.iter().all(|status| [403, 429].contains(status)),
        "{at_once:?}"
    );
    let mut answers = vec![403; verified];
    for guess in verified..11 {
        answers.push(site.try_password(&format!("guess {guess}"), "/").await.0.status().as_u16());
    }
    assert_eq!(answers, [[403; 10].as_slice(), &[429]].concat());
    assert_eq!(site.try_password(&password, "/").await.0.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn faults_what_is_asked_for_wrongly_is_refused_and_shown_as_text() {
    let site = Site::start(Scene::Empty).await;
    let cookie = site.sign_in().await;
    for (path, status) in [
        ("/nowhere", 404),
        ("/orders/1", 404),
        ("/orders/x", 404),
        ("/held/map", 405),
        ("/orders?state=%3Cscript%3E", 404),
        ("/orders?from=x", 200),
        ("/held?page=-1", 200),
        ("/held?page=18446744073709551615", 200),
        ("/search?number=", 400),
        ("/search?number=%3Cscript%3Ealert(1)%3C/script%3E'%22%3B--", 200),
    ] {
        let answer = site.get(path, &cookie).await;
        assert_eq!(answer.status(), status, "{path}");
        let text = answer.text().await.unwrap();
        assert!(!text.contains("<script"), "{path}: {text}");
    }
}

#[tokio::test]
async fn secrets_a_delivery_without_the_secret_is_not_followed() {
    let site = Site::start(Scene::Filled).await;
    let deliver = |path: &str| site.post(path, "", &[("resource_url", "x")]);
    assert_eq!(deliver("/hooks/nobody").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    // Whether it is followed is not told to who sends it.
    assert_eq!(deliver("/hooks/loom-shop?key=guessed").send().await.unwrap().status(), StatusCode::OK);
    site.running.stop().await;
}

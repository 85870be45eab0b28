//! Settings from a configuration file: what is wrong with them is said when they are read or when the client is built.

use std::time::Duration;

use shipstation_connector::client::{
    ClientSettings, Credentials, Error, ErrorKind, Outcome, RetryPolicy, ShipStation,
};

use crate::support::{
    fixture,
    tcp::{Behavior, TcpServer},
};

fn build(settings: &ClientSettings) -> Result<ShipStation, Error> {
    ShipStation::builder(Credentials::new("k", "s")).settings(settings).build()
}

#[test]
fn wire_settings_are_read_as_they_are_written() {
    let mut settings = ClientSettings::default();
    let default = serde_json::to_value(&settings).unwrap();
    assert_eq!(default["timeout"], "PT1M40S");
    assert_eq!(default["retry"]["max_elapsed"], "PT5M");
    assert_eq!(serde_json::from_str::<ClientSettings>("{}").unwrap(), settings);
    settings.base_url = "http://127.0.0.1:9/v1".to_owned();
    settings.proxy = Some("http://user:planted@proxy.example:3128".to_owned());
    settings.root_certificates = Some("pem".to_owned());
    (settings.timeout, settings.connect_timeout) = (Duration::from_secs(90), Duration::from_millis(500));
    (settings.body_limit, settings.requests_per_minute, settings.reserve) = (1_000, 200, 20);
    settings.retry = RetryPolicy { max_attempts: 2, ..RetryPolicy::default() };
    let text = serde_json::to_string(&settings).unwrap();
    assert_eq!(serde_json::from_str::<ClientSettings>(&text).unwrap(), settings);
}

#[test]
fn wire_settings_that_nobody_knows_are_refused() {
    for (text, word) in [
        (r#"{"timout": "90s"}"#, "timout is not a setting: did you mean timeout?"),
        (r#"{"timeout": 90}"#, "timeout: "),
        (r#"{"timeout": 90}"#, "a duration such as 90s"),
        (
            r#"{"retry": {"max_attempt": 3}}"#,
            "retry.max_attempt is not a setting: did you mean max_attempts?",
        ),
        (r#"{"retry": {"max_elapsed": "soon"}}"#, "retry.max_elapsed: "),
        (r#"{"requests_per_minute": -1}"#, "-1"),
    ] {
        let error = serde_json::from_str::<ClientSettings>(text).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn faults_of_settings_name_the_setting() {
    let with = |change: fn(&mut ClientSettings)| {
        let mut settings = ClientSettings::default();
        change(&mut settings);
        build(&settings).unwrap_err()
    };
    for (error, word) in [
        (with(|settings| settings.base_url = "http://ssapi.shipstation.com".to_owned()), "base_url"),
        (with(|settings| settings.proxy = Some("http://".to_owned())), "proxy"),
        (with(|settings| settings.timeout = Duration::ZERO), "timeout: must be more than zero"),
        (with(|settings| settings.connect_timeout = Duration::ZERO), "connect_timeout"),
        (with(|settings| settings.body_limit = 0), "body_limit"),
        (with(|settings| settings.requests_per_minute = 0), "requests_per_minute"),
        (with(|settings| settings.retry.max_attempts = 0), "retry.max_attempts"),
        (with(|settings| settings.root_certificates = Some("planted".to_owned())), "root_certificates"),
    ] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent));
        assert!(error.to_string().contains(word) && !error.to_string().contains("planted"), "{error}");
    }
}

#[tokio::test]
async fn secrets_a_proxy_is_used_and_its_password_not_shown() {
    let proxy = TcpServer::start(vec![Behavior::ResetAfter]).await;
    let mut settings = ClientSettings::default();
    settings.proxy = Some(proxy.url().replace("http://", "http://user:planted@"));
    settings.root_certificates = Some(String::from_utf8(fixture("authority.pem")).unwrap());
    settings.retry = RetryPolicy::never();
    let error = build(&settings).unwrap().users().list().send().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome(), proxy.seen()), (ErrorKind::Transport, Outcome::NotSent, 1));
    let source = std::error::Error::source(&error);
    assert!(!format!("{error} {error:?} {source:?} {settings:?}").contains("planted"));
}

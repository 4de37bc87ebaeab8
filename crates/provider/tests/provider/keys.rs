//! Where keys come from, and that none of them comes out anywhere but in the request.
//!
//! A test that needs other environment variables runs itself again as a process that has them.

use std::error::Error;
use std::process::Command;

use provider::key::{self, KeyError};
use provider::{KeySource, OpenAi, ServerConfig};

use crate::server::{STREAM, Server, ask, json, question, status, stream};

const KEY: &str = "sk-very-secret-4711";
const VARIABLE: &str = "CALLOUT_TEST_KEY";

/// Runs the named test as a child with these variables, or says that this is the child.
fn is_child(name: &str, variables: &[(&str, &str)]) -> bool {
    const CHILD: &str = "CALLOUT_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]);
    let output = command
        .env(CHILD, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    assert!(!text.contains(KEY), "{text}");
    false
}

fn from_variable() -> KeySource {
    KeySource::Env(VARIABLE.to_owned())
}

fn with_key(server: &Server) -> OpenAi {
    let config = ServerConfig {
        key: from_variable(),
        ..server.config()
    };
    OpenAi::new(config).unwrap()
}

#[test]
fn the_key_goes_to_the_server_and_nowhere_else() {
    let padded = format!(" {KEY}\n");
    let variables = [
        (VARIABLE, padded.as_str()),
        ("OPENAI_API_KEY", "sk-not-named"),
    ];
    if !is_child(
        "keys::the_key_goes_to_the_server_and_nowhere_else",
        &variables,
    ) {
        return;
    }
    let server = Server::always(stream(&["x"]));
    let client = with_key(&server);
    ask(&client, &question()).0.unwrap();
    assert_eq!(
        server.seen()[0].header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
    assert!(!format!("{client:?}").contains(KEY));
    assert!(
        !serde_json::to_string(client.config())
            .unwrap()
            .contains(KEY)
    );

    let unnamed = Server::always(stream(&["x"]));
    ask(&unnamed.client(), &question()).0.unwrap();
    assert_eq!(unnamed.seen()[0].header("authorization"), None);
}

#[test]
fn no_failure_holds_the_key() {
    if !is_child("keys::no_failure_holds_the_key", &[(VARIABLE, KEY)]) {
        return;
    }
    let elsewhere = Server::always(stream(&["stolen"]));
    let location = format!("location: {}/{KEY}?key={KEY}\r\n", elsewhere.base_url);
    let echo = format!(r#"{{"error":{{"message":"wrong key {KEY}!","code":500}}}}"#);
    let answers = [
        status("401 Unauthorized", "", &echo),
        status("404 Not Found", "", &echo),
        status("400 Bad Request", "", &echo),
        status("500 Internal Server Error", "", &echo),
        status("503 Service Unavailable", "", KEY),
        status("302 Found", &location, ""),
        json(&echo),
        json(&format!("{{\"choices\":\"{KEY}\"}}")),
        format!("{STREAM}data: {echo}\n\n").into_bytes(),
        format!("{STREAM}data: \"{KEY}\"\n\n").into_bytes(),
        KEY.into(),
        Vec::new(),
    ];
    for answer in answers {
        let server = Server::always(answer);
        let error = ask(&with_key(&server), &question()).0.unwrap_err();
        let mut all = format!("{error} {error:?} {:?}", error.help());
        let mut cause = error.source();
        while let Some(error) = cause {
            all += &format!("{error} {error:?}");
            cause = error.source();
        }
        assert!(!all.contains(KEY), "{all}");
    }
    assert!(elsewhere.seen().is_empty());
    let refused = Server::always(status("401 Unauthorized", "", ""));
    let error = ask(&with_key(&refused), &question())
        .0
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("refuses the key (HTTP 401)"), "{error}");
}

#[test]
fn a_variable_that_holds_no_key_is_named() {
    let variables = [("EMPTY_KEY", " "), ("SPACED_KEY", "two words")];
    if !is_child("keys::a_variable_that_holds_no_key_is_named", &variables) {
        return;
    }
    let told = |name: &str| {
        key::resolve(&KeySource::Env(name.to_owned()))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        told("NO_SUCH_KEY"),
        "environment variable `NO_SUCH_KEY`, which should hold the server's key, is not set"
    );
    assert_eq!(
        told("A=B"),
        "environment variable `A=B`, which should hold the server's key, is not set"
    );
    let unusable =
        "is not one: it is empty, too long, or holds other than visible ASCII characters";
    for name in ["EMPTY_KEY", "SPACED_KEY"] {
        assert_eq!(told(name), format!("the key in `{name}` {unusable}"));
    }
    assert!(key::resolve(&KeySource::None).unwrap().is_none());
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_keyring_there_is_a_clear_sentence() {
    let nowhere = [("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")];
    if !is_child(
        "keys::without_a_keyring_there_is_a_clear_sentence",
        &nowhere,
    ) {
        return;
    }
    let source = KeySource::Keyring("lab".to_owned());
    let errors = [
        key::resolve(&source).map(drop).unwrap_err(),
        key::store("lab", KEY).unwrap_err(),
        key::forget("lab").unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, KeyError::NoKeyring(_)), "{error:?}");
        assert!(
            error.to_string().starts_with("no keyring can be reached: "),
            "{error}"
        );
        assert!(error.help().contains("CALLOUT_API_KEY"));
    }
    let unusable = key::store("lab", "two words").unwrap_err();
    assert!(matches!(unusable, KeyError::Unusable(_)), "{unusable:?}");
}

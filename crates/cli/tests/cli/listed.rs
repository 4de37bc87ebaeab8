//! The models that a workspace may draft with, and the keys of servers.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;

use serde_json::json;

use crate::draft::untrained;
use crate::{Desk, callout, program};

const SERVER: [&str; 4] = [
    "--server",
    "http://localhost:1/v1",
    "--server-model",
    "glm-4",
];

#[test]
fn a_server_is_listed_replaced_and_forgotten() {
    let desk = Desk::empty();
    let more = [
        "--key-env",
        "GLM_KEY",
        "--concurrency",
        "8",
        "--max-side",
        "1024",
    ];
    let args = ["glm"].iter().chain(&SERVER).chain(&more);
    let added = desk.ask("model add", args);
    assert_eq!(added["source"]["kind"], "server");
    let options = &added["source"]["options"];
    assert_eq!(
        options["key"],
        json!({ "from": "environment", "variable": "GLM_KEY" })
    );
    assert_eq!(
        (&options["concurrency"], &options["max_side_px"]),
        (&json!(8), &json!(1024))
    );

    let args = ["glm"]
        .iter()
        .chain(&SERVER)
        .chain(&["--key-entry", "glm key"]);
    let replaced = desk.ask("model replace", args);
    assert_eq!(replaced["name"], "glm");
    assert_eq!(replaced["source"]["options"]["key"]["entry"], "glm key");
    let models = desk.ask("model known", [""; 0])["models"].clone();
    assert_eq!(models.as_array().unwrap().len(), 1);
    let plain = desk.run("model known", [""; 0]).exits(0).out;
    assert!(plain.contains("http://localhost:1/v1"), "{plain}");
    desk.ask("model forget", ["glm"]);
    assert!(
        desk.run("model known", [""; 0])
            .exits(0)
            .out
            .starts_with("no models yet")
    );
}

#[test]
fn a_directory_is_listed_by_its_whole_path() {
    let desk = Desk::empty();
    let model = untrained();
    let adapter = model.join("../lora/final");
    let args = [
        "tiny".as_ref(),
        "--directory".as_ref(),
        model.as_os_str(),
        "--adapter".as_ref(),
        adapter.as_os_str(),
        "--quantize".as_ref(),
        "q8_0".as_ref(),
        "--device".as_ref(),
        "cpu".as_ref(),
    ];
    let added = desk.ask("model add", args);
    assert_eq!(added["source"]["kind"], "qwen25_vl");
    let options = &added["source"]["options"];
    assert_eq!(
        (&options["quantize"], &options["device"]),
        (&json!("q8_0"), &json!("cpu"))
    );
    let short = [
        "tiny".as_ref(),
        "--directory".as_ref(),
        model.as_os_str(),
        "--name".as_ref(),
        "small".as_ref(),
    ];
    let replaced = desk.ask("model replace", short);
    assert_eq!(
        (&replaced["name"], &replaced["source"]["options"]["adapter"]),
        (&json!("small"), &json!(null))
    );

    // A path from here is kept as a path from anywhere.
    let output = program()
        .args([
            "model",
            "replace",
            desk.workspace().to_str().unwrap(),
            "small",
            "--directory",
            ".",
            "--json",
        ])
        .current_dir(&model)
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let kept = told["source"]["path"].as_str().unwrap();
    assert!(std::path::Path::new(kept).is_absolute(), "{kept}");
}

#[test]
fn models_that_cannot_be_are_refused() {
    let desk = Desk::empty();
    desk.ask("model add", ["glm"].iter().chain(&SERVER));
    let check = |command: &str, args: &[&str], says: &str| {
        let told = desk.refused(command, args)["message"].clone();
        assert!(told.as_str().unwrap().contains(says), "{told}");
    };
    let same = [
        "glm",
        "--server",
        "http://localhost:2/v1",
        "--server-model",
        "x",
    ];
    check("model add", &same, "a model `glm` already");
    let secret = [
        "s",
        "--server",
        "http://me:secret@localhost/v1",
        "--server-model",
        "x",
    ];
    check("model add", &secret, "must not carry a user");
    let here = desk.workspace();
    check(
        "model add",
        &["w", "--directory", here.to_str().unwrap()],
        "not a model",
    );
    check(
        "model replace",
        &[
            "none",
            "--server",
            "http://localhost/v1",
            "--server-model",
            "x",
        ],
        "no model `none`",
    );
    check("model forget", &["none"], "no model `none`");
    desk.run("model add", ["x"]).exits(2);
    desk.run("model add", ["x", "--server", "http://localhost/v1"])
        .exits(2);
    desk.run("model add", ["x", "--directory", "d", "--gguf", "g"])
        .exits(2);
    let both = ["--key-env", "A", "--key-entry", "b"];
    desk.run("model add", ["x"].iter().chain(&SERVER).chain(&both))
        .exits(2);
}

/// Runs `keep-key` where no keyring can be reached.
fn keep(entry: &str, secret: &str) -> std::process::Output {
    let mut child = program()
        .args(["model", "keep-key", entry, "--json"])
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(secret.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_key_comes_from_standard_input_and_is_never_told() {
    for (secret, says) in [
        ("two words\n", "is not one"),
        ("", "is not one"),
        ("sk-5ecret\n", "keyring"),
    ] {
        let output = keep("glm", secret);
        assert_eq!(output.status.code(), Some(1));
        let told =
            String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
        assert!(told.contains(says), "{told}");
        assert!(
            told.contains("help: ") && !told.contains("5ecret"),
            "{told}"
        );
    }
    callout(["model", "keep-key"]).exits(2);
    // No second argument could be the key.
    callout(["model", "keep-key", "glm", "sk-5ecret"]).exits(2);
}

#[test]
fn a_server_says_which_models_it_has() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let body = r#"{"object":"list","data":[{"id":"qwen2.5-vl-7b"}]}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(head).unwrap()
    });
    let told = callout(["model", "ask-server", &url, "--json"])
        .exits(0)
        .json();
    assert_eq!(told, json!({ "models": ["qwen2.5-vl-7b"] }));
    assert!(server.join().unwrap().starts_with("GET /v1/models "));
    let run = callout(["model", "ask-server", "http://127.0.0.1:1/v1"]).exits(1);
    assert!(
        run.err.contains("cannot be reached") && run.err.contains("help: "),
        "{run:?}"
    );
}

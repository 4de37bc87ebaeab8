//! `callout job`: what was asked of models is listed, stopped, gone on with and ended.

use app::Session;
use app::domain::{
    DraftRequest, DraftScope, Level, PromptLanguage, QueueFilter, Redraft, Sampling,
};
use serde_json::{Value, json};

use crate::Desk;
use crate::draft::server;

/// With drafts of two diagrams queued, and no engine.
fn queued() -> Desk {
    queued_at("http://localhost:1/v1")
}

fn queued_at(url: &str) -> Desk {
    let desk = Desk::sample();
    let server = ["glm", "--server", url, "--server-model", "glm-4"];
    desk.ask("model add", server);
    let session = Session::open(&desk.workspace(), "alice").unwrap();
    let request = DraftRequest {
        model_id: session.model("glm").unwrap().id,
        levels: vec![Level::Global],
        language: PromptLanguage::En,
        scope: DraftScope::Filter {
            filter: QueueFilter::default(),
            limit: Some(2),
        },
        redraft: Redraft::Always,
        sampling: Sampling::default(),
        allow_untrained: false,
    };
    session.queue_drafts(&request).unwrap();
    desk
}

#[test]
fn a_job_is_listed_stopped_gone_on_with_and_ended() {
    let desk = queued();
    let jobs = desk.ask("job list", [""; 0])["jobs"].clone();
    assert_eq!(
        (&jobs[0]["number"], &jobs[0]["state"], &jobs[0]["total"]),
        (&json!(1), &json!("queued"), &json!(2))
    );
    let id = jobs[0]["id"].as_str().unwrap();
    assert_eq!(desk.ask("job pause", ["1"])["state"], "paused");
    let resumed = desk.run("job resume", [id]).exits(0);
    assert_eq!(resumed.out, "job 1 is queued\n");
    assert!(resumed.err.contains("callout engine"), "{resumed:?}");
    assert_eq!(desk.ask("job cancel", ["#1"])["state"], "cancelled");
    let shown = desk.ask("job show", ["1", "--items", "cancelled"]);
    assert_eq!(shown["job"]["state"], "cancelled");
    assert_eq!(shown["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        desk.ask("job show", ["1", "--limit", "1"])["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let plain = desk.run("job list", [""; 0]).exits(0).out;
    assert!(
        plain.contains("draft") && plain.contains("cancelled"),
        "{plain}"
    );
}

#[test]
fn a_job_that_ended_takes_no_more_requests() {
    let desk = queued();
    desk.ask("job cancel", ["1"]);
    for request in ["job resume", "job retry", "job pause"] {
        let told = desk.refused(request, ["1"]);
        assert_eq!(told["code"], "wrong_state");
        assert_eq!(told["help"], "It has ended: queue a new one.");
    }
    assert_eq!(desk.refused("job show", ["7"])["code"], "not_found");
    assert_eq!(desk.run("job list", ["--as", "bob"]).exits(0).code, Some(0));
    assert_eq!(
        Desk::empty().run("job list", [""; 0]).exits(0).out,
        "no jobs\n"
    );
}

#[test]
fn a_failed_job_says_why_and_is_tried_again() {
    let desk = queued_at(&server(
        "HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
    ));
    desk.run("engine", ["--exit-when-idle", "1"]).exits(0);
    let shown = desk.ask("job show", ["1"]);
    assert_eq!(shown["job"]["state"], "failed", "{shown}");
    let told = desk.run("job show", ["1"]).exits(0).out;
    assert!(
        told.contains("error: ") && told.contains("help: "),
        "{told}"
    );
    let again: Value = desk.ask("job retry", ["1"]);
    assert_eq!(again["state"], "queued");
}

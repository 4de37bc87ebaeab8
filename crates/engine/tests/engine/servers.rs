//! Jobs whose model is on a server that is busy, cut off, or refuses.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use domain::{DraftRequest, ItemState, JobRequest, JobState, Level};

use crate::bench::Bench;
use crate::server::{STREAM, Server, Step, piece, status, stream};

#[test]
fn a_busy_server_is_asked_again_and_a_cut_answer_fails_alone() {
    let bench = Bench::new(3);
    let server = Server::start(|n, _| {
        let busy = || status("429 Too Many Requests", "retry-after: 0\r\n", "{}");
        vec![Step::Send(match n {
            0 | 2 => busy(),
            1 => stream(&["A ring ", "of three."]),
            3 => format!("{STREAM}{}", piece("A ri")).into_bytes(),
            _ => stream(&["一台服务器。"]),
        })]
    });
    let job = bench.queue(&bench.server(&server.base_url, 1), 9);
    bench.run();
    let ended = bench.job(&job);
    assert_eq!(
        (ended.state, ended.done, ended.failed),
        (JobState::Done, 2, 1)
    );
    let draft = &bench.drafts(&bench.ids[0])[0];
    assert_eq!(draft.text, "A ring of three.");
    let origin = draft.origin.as_ref().unwrap();
    assert_eq!(origin.revision.as_deref(), Some("served-v3"));
    assert_eq!(origin.location, server.base_url);
    assert!(bench.drafts(&bench.ids[1]).is_empty());
    let failed = &bench.items(&job, ItemState::Failed)[0];
    assert!(
        failed.error.as_ref().unwrap().contains("cut off"),
        "{failed:?}"
    );
    assert_eq!(bench.drafts(&bench.ids[2])[0].text, "一台服务器。");
}

#[test]
fn a_server_takes_several_items_at_once() {
    /// Answers when three are asked at once.
    static WAITING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());
    let bench = Bench::new(3);
    let server = Server::start(|_, _| {
        let mut n = WAITING.0.lock().unwrap();
        *n += 1;
        WAITING.1.notify_all();
        let patience = Duration::from_secs(30);
        let (n, _) = WAITING
            .1
            .wait_timeout_while(n, patience, |n| *n < 3)
            .unwrap();
        let text = if *n < 3 { "alone" } else { "together" };
        vec![Step::Send(stream(&[text]))]
    });
    let job = bench.queue(&bench.server(&server.base_url, 3), 9);
    bench.run();
    assert_eq!(bench.job(&job).done, 3);
    for id in &bench.ids {
        assert_eq!(bench.drafts(id)[0].text, "together");
    }
}

#[test]
fn a_refused_key_ends_the_job_which_can_be_resumed() {
    let bench = Bench::new(4);
    let server = Server::start(|n, _| {
        vec![Step::Send(match n {
            1 => status("401 Unauthorized", "", "{}"),
            _ => stream(&["A star."]),
        })]
    });
    let job = bench.queue(&bench.server(&server.base_url, 1), 9);
    bench.run();
    let failed = bench.job(&job);
    assert_eq!((failed.state, failed.done), (JobState::Failed, 1));
    assert!(failed.error.unwrap().contains("401"));
    assert!(failed.help.is_some());
    assert_eq!(server.asked(), 2, "the others would have fared no better");
    bench.session.request(&job.id, JobRequest::Resume).unwrap();
    bench.run();
    let done = bench.job(&job);
    assert_eq!((done.state, done.done, done.failed), (JobState::Done, 4, 0));
    for id in &bench.ids {
        assert_eq!(bench.drafts(id).len(), 1);
    }
}

#[test]
fn an_empty_answer_is_no_draft_and_a_fence_is_no_source() {
    let bench = Bench::new(2);
    let server = Server::start(|n, _| {
        let text = ["", "```mermaid\nflowchart LR\n  a --> b\n```"][n.min(1)];
        vec![Step::Send(stream(&[text]))]
    });
    let model = bench.server(&server.base_url, 1);
    let request = DraftRequest {
        levels: vec![Level::Structure],
        ..bench.request(&model, 9)
    };
    let job = bench.session.queue_drafts(&request).unwrap();
    bench.run();
    let failed = &bench.items(&job, ItemState::Failed)[0];
    assert_eq!(failed.error.as_deref(), Some("the model wrote nothing"));
    let draft = &bench.drafts(&bench.ids[1])[0];
    assert_eq!(draft.text, "flowchart LR\n  a --> b");
}

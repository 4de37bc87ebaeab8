//! Cancel, pause, resume, stop and focus, while a text is being written.

use std::time::{Duration, Instant};

use domain::{DraftRequest, DraftScope, ItemState, JobRequest, JobState};
use engine::{EngineOptions, RunError};

use crate::bench::Bench;
use crate::server::{STREAM, Server, Step, piece, stream};

/// More than the fixture writes in the time of a test.
const LONG: u32 = 3_000;

#[test]
fn a_text_is_cancelled_in_the_middle_and_the_next_job_goes_on() {
    let bench = Bench::new(2);
    let model = bench.untrained();
    let job = bench.queue(&model, LONG);
    bench.beside_engine(|| {
        bench.until_text(&job);
        let asked = Instant::now();
        bench.session.request(&job.id, JobRequest::Cancel).unwrap();
        bench.until(&job, JobState::Cancelled);
        assert!(asked.elapsed() < Duration::from_secs(1));
        let next = bench.queue(&model, 2);
        bench.until(&next, JobState::Done);
    });
    assert_eq!(bench.items(&job, ItemState::Cancelled).len(), 2);
    for id in &bench.ids {
        assert_eq!(bench.drafts(id).len(), 1);
    }
}

#[test]
fn a_job_is_paused_in_the_middle_and_taken_up_again() {
    let bench = Bench::new(1);
    let server = Server::start(|n, _| match n {
        0 => {
            let begun = format!("{STREAM}{}", piece("A "));
            vec![Step::Send(begun.into_bytes()), Step::Hang]
        }
        _ => vec![Step::Send(stream(&["A ring."]))],
    });
    let job = bench.queue(&bench.server(&server.base_url, 1), 9);
    bench.beside_engine(|| {
        bench.until_text(&job);
        bench.session.request(&job.id, JobRequest::Pause).unwrap();
        bench.until(&job, JobState::Paused);
        assert_eq!(bench.items(&job, ItemState::Queued).len(), 1);
        assert!(bench.drafts(&bench.ids[0]).is_empty());
        bench.session.request(&job.id, JobRequest::Resume).unwrap();
        bench.until(&job, JobState::Done);
    });
    let drafts = bench.drafts(&bench.ids[0]);
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].text, "A ring.");
}

#[test]
fn an_engine_that_is_asked_to_end_queues_its_text_again() {
    let bench = Bench::new(1);
    let job = bench.queue(&bench.untrained(), LONG);
    let ended = bench.beside_engine(|| {
        bench.until_text(&job);
        Instant::now()
    });
    assert!(ended.elapsed() < Duration::from_secs(1));
    assert_eq!(bench.job(&job).state, JobState::Queued);
    assert_eq!(bench.items(&job, ItemState::Queued).len(), 1);
    assert!(!bench.session.engine_running().unwrap());
}

#[test]
fn a_second_engine_is_refused_and_told_of_the_first() {
    let bench = Bench::new(1);
    bench.beside_engine(|| {
        bench.wait_for(|| bench.session.engine_running().unwrap().then_some(()));
        let refused = engine::run(&bench.root(), &EngineOptions::default()).unwrap_err();
        let own = std::process::id();
        assert!(
            matches!(refused, RunError::Running { pid } if pid == Some(own)),
            "{refused}"
        );
        assert!(refused.to_string().contains(&own.to_string()));
        assert!(refused.help().is_some());
    });
}

#[test]
fn the_engine_ends_with_the_job_that_it_was_started_for() {
    let bench = Bench::new(2);
    let model = bench.untrained();
    let first = bench.queue(&model, 2);
    let other = DraftRequest {
        redraft: domain::Redraft::Always,
        ..bench.request(&model, 2)
    };
    let other = bench.session.queue_drafts(&other).unwrap();
    let options = EngineOptions {
        until: Some(first.id.clone()),
        ..EngineOptions::default()
    };
    engine::run(&bench.root(), &options).unwrap();
    assert_eq!(bench.job(&first).state, JobState::Done);
    assert_eq!(bench.job(&other).state, JobState::Queued);
}

#[test]
fn the_diagram_that_somebody_looks_at_comes_next() {
    let bench = Bench::new(4);
    let (tell, told) = std::sync::mpsc::channel();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let server = Server::start(move |n, _| {
        if n == 0 {
            // The answer to the first waits until somebody has turned to another.
            tell.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
        }
        vec![Step::Send(stream(&["A ring."]))]
    });
    let job = bench.queue(&bench.server(&server.base_url, 1), 9);
    bench.session.focus(&bench.ids[2]).unwrap();
    bench.beside_engine(|| {
        told.recv().unwrap();
        bench.session.focus(&bench.ids[3]).unwrap();
        go_on.send(()).unwrap();
        bench.until(&job, JobState::Done);
    });
    let order: Vec<_> = [2, 3, 0, 1].map(|n| bench.ids[n].clone()).into();
    assert_eq!(bench.begun(&job), order);
}

#[test]
fn what_somebody_waits_for_goes_before_a_long_job_and_that_goes_on() {
    let bench = Bench::new(3);
    let (tell, told) = std::sync::mpsc::channel();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let server = Server::start(move |n, _| {
        if n == 0 {
            tell.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
        }
        vec![Step::Send(stream(&["A ring."]))]
    });
    let long = bench.queue(&bench.server(&server.base_url, 1), 9);
    let urgent = bench.beside_engine(|| {
        told.recv().unwrap();
        let urgent = DraftRequest {
            scope: DraftScope::One {
                id: bench.ids[2].clone(),
            },
            ..bench.request(&bench.untrained(), 2)
        };
        let urgent = bench.session.queue_drafts(&urgent).unwrap();
        go_on.send(()).unwrap();
        bench.until(&long, JobState::Done);
        bench.job(&urgent)
    });
    assert_eq!(urgent.state, JobState::Done);
    let finished = urgent.finished_at.unwrap();
    let of_long = |id| {
        let drafts = bench.drafts(id).into_iter();
        let mut ours = drafts.filter(|draft| draft.origin.as_ref().unwrap().job_id == long.id);
        ours.next().unwrap().created_at
    };
    assert!(of_long(&bench.ids[0]) <= finished);
    assert!(of_long(&bench.ids[1]) >= finished);
}

#[test]
fn a_server_that_is_silent_does_not_delay_a_cancellation() {
    let bench = Bench::new(1);
    let server = Server::start(|_, _| {
        let head = format!("{}{}", STREAM, piece("A "));
        vec![Step::Send(head.into_bytes()), Step::Hang]
    });
    let job = bench.queue(&bench.server(&server.base_url, 1), 9);
    bench.beside_engine(|| {
        bench.until_text(&job);
        bench.session.request(&job.id, JobRequest::Cancel).unwrap();
        let asked = Instant::now();
        bench.until(&job, JobState::Cancelled);
        assert!(asked.elapsed() < Duration::from_secs(1));
    });
    assert!(bench.drafts(&bench.ids[0]).is_empty());
}

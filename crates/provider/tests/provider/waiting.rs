//! Cancelling, and how many requests are in flight.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use provider::{Delta, Finish, OpenAi, Provider, ServerConfig};

use crate::server::{STREAM, Server, Step, ask, piece, question, stream};

/// A server that goes no further than `before`, and tells when the client has gone away.
fn patient(before: String) -> (Server, mpsc::Receiver<()>) {
    let (tell, gone) = mpsc::channel();
    let server = Server::start(move |_, _| {
        let send = Step::Send(before.clone().into_bytes());
        vec![send, Step::Hang, Step::Tell(tell.clone())]
    });
    (server, gone)
}

#[test]
fn a_cancelled_answer_has_what_there_is_and_ends_the_request() {
    let (server, gone) = patient(format!("{STREAM}{}{}", piece("one "), piece("two")));
    let client = server.client();
    let mut told = String::new();
    let answer = client.answer(&question(), &mut |delta| match delta {
        Delta::Text(text) => {
            told.push_str(&text);
            if told.ends_with("two") {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
        Delta::Waiting => ControlFlow::Continue(()),
    });
    let answer = answer.unwrap();
    assert_eq!(answer.finish, Finish::Cancelled);
    assert_eq!(answer.text, "one two");
    assert!(answer.first_token.is_some());
    gone.recv_timeout(Duration::from_secs(5)).unwrap();
}

#[test]
fn cancelling_needs_no_text() {
    let (server, gone) = patient(String::new());
    let answer = server.client().answer(&question(), &mut |_| {
        // Only once the server has the request, so that it can see it end.
        if server.seen().is_empty() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    let answer = answer.unwrap();
    assert_eq!(
        (answer.finish, answer.text.as_str()),
        (Finish::Cancelled, "")
    );
    assert_eq!(answer.first_token, None);
    gone.recv_timeout(Duration::from_secs(5)).unwrap();
}

#[test]
fn no_more_requests_are_in_flight_than_allowed() {
    let (active, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&most);
    // Passes two at a time: it would hang if fewer than two came together.
    let pair = Barrier::new(2);
    let server = Server::start(move |_, _| {
        let now = active.fetch_add(1, Ordering::SeqCst) + 1;
        counted.fetch_max(now, Ordering::SeqCst);
        pair.wait();
        thread::sleep(Duration::from_millis(50));
        active.fetch_sub(1, Ordering::SeqCst);
        vec![Step::Send(stream(&["x"]))]
    });
    let config = ServerConfig {
        concurrency: 2,
        ..server.config()
    };
    let client = OpenAi::new(config).unwrap();
    assert_eq!(client.concurrency(), 2);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| ask(&client, &question()).0.unwrap());
        }
    });
    assert_eq!(most.load(Ordering::SeqCst), 2);
    assert_eq!(server.seen().len(), 8);
}

#[test]
fn a_caller_that_waits_for_its_turn_can_cancel() {
    let (server, _gone) = patient(STREAM.to_owned());
    let config = ServerConfig {
        concurrency: 1,
        ..server.config()
    };
    let client = OpenAi::new(config).unwrap();
    thread::scope(|scope| {
        let (tell, stop) = mpsc::channel::<()>();
        let client = &client;
        let first = scope.spawn(move || {
            client.answer(&question(), &mut |_| match stop.try_recv() {
                Err(mpsc::TryRecvError::Disconnected) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
        });
        while server.seen().is_empty() {
            thread::yield_now();
        }
        let second = client
            .answer(&question(), &mut |_| ControlFlow::Break(()))
            .unwrap();
        assert_eq!(second.finish, Finish::Cancelled);
        assert_eq!(server.seen().len(), 1);
        drop(tell);
        first.join().unwrap().unwrap();
    });
}

use crate::{ItemState, JobState, Level, ModelSource, State, Timestamp};

fn check_step(from: State, to: State, exists: bool) {
    assert_eq!(from.step(to).is_ok(), exists, "{from:?} -> {to:?}");
}

#[test]
fn only_submitted_work_is_approved() {
    for from in State::ALL {
        check_step(from, State::Approved, from == State::Submitted);
    }
}

#[test]
fn submitted_and_approved_text_stands_until_reopened() {
    for from in [State::Submitted, State::Approved] {
        assert!(!from.takes_text());
        check_step(from, State::Submitted, false);
        check_step(from, State::InProgress, true);
        check_step(from, State::Returned, true);
    }
    check_step(State::Todo, State::Returned, false);
}

#[test]
fn names_are_read_back() {
    for state in State::ALL {
        assert_eq!(state.as_str().parse::<State>().unwrap(), state);
    }
    assert_eq!("in-progress".parse::<State>().unwrap(), State::InProgress);
    for level in Level::ALL {
        assert_eq!(level.as_str().parse::<Level>().unwrap(), level);
    }
    let error = "overall".parse::<Level>().unwrap_err().to_string();
    assert!(error.contains("`overall`") && error.contains("`detailed`"));
}

#[test]
fn moments_are_rfc_3339_in_utc() {
    let moment = Timestamp::from_millis(1_700_000_000_123);
    let text = serde_json::to_string(&moment).unwrap();
    assert_eq!(text, "\"2023-11-14T22:13:20.123Z\"");
    assert_eq!(serde_json::from_str::<Timestamp>(&text).unwrap(), moment);
    let zoned: Timestamp = serde_json::from_str("\"2023-11-15T06:13:20.123+08:00\"").unwrap();
    assert_eq!(zoned, moment);
}

#[test]
fn a_job_that_ended_stays_ended_but_a_failed_one_can_be_tried_again() {
    for next in JobState::ALL {
        assert!(JobState::Done.step(next).is_err());
        assert!(JobState::Cancelled.step(next).is_err());
        let again = next == JobState::Queued;
        assert_eq!(JobState::Failed.step(next).is_ok(), again);
    }
    for open in JobState::ALL.into_iter().filter(|state| state.is_open()) {
        assert!(open.step(JobState::Cancelled).is_ok());
        let begun = open.step(JobState::Running).is_ok();
        assert_eq!(begun, open == JobState::Queued, "{open:?}");
    }
    for state in JobState::ALL {
        assert_eq!(state.as_str().parse::<JobState>().unwrap(), state);
    }
    for state in ItemState::ALL {
        assert_eq!(state.as_str().parse::<ItemState>().unwrap(), state);
    }
}

#[test]
fn options_that_are_not_given_have_their_usual_values() {
    let text = r#"{"kind": "server", "url": "http://h/v1", "options": {"model": "m"}}"#;
    let source: ModelSource = serde_json::from_str(text).unwrap();
    let ModelSource::Server { options, .. } = &source else {
        panic!("{source:?}");
    };
    assert_eq!((options.concurrency, &options.key), (4, &None));
    let again = serde_json::to_string(&source).unwrap();
    assert_eq!(serde_json::from_str::<ModelSource>(&again).unwrap(), source);
}

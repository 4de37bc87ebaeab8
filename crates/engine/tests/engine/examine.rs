//! Models that propose questions and that answer them: what is asked, what is kept, and what never happens.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use domain::{
    AnswerRequest, Choice, DraftScope, JobState, Level, LocalOptions, Model, ModelSource,
    PromptLanguage, ProposeRequest, Question, QuestionContent, QuestionFilter, QuestionKind,
    QuestionScope, QuestionSource, QuestionState, Sampling, Slot, TelemetryEvent,
};
use serde_json::Value;

use crate::bench::Bench;
use crate::gguf;
use crate::server::{Server, Step, stream};

fn proposals(model: &Model) -> ProposeRequest {
    ProposeRequest {
        model_id: model.id.clone(),
        kinds: vec![QuestionKind::SingleChoice, QuestionKind::TrueFalse],
        per_diagram: 3,
        language: PromptLanguage::En,
        scope: DraftScope::Filter {
            filter: domain::QueueFilter::default(),
            limit: None,
        },
        sampling: Sampling {
            max_new_tokens: 64,
            ..Sampling::default()
        },
        allow_untrained: true,
    }
}

fn answers(model: &Model, questions: &[&Question], blind: bool) -> AnswerRequest {
    AnswerRequest {
        model_id: model.id.clone(),
        scope: QuestionScope::Ids {
            ids: questions.iter().map(|one| one.id.clone()).collect(),
        },
        blind,
        again: false,
        allow_untrained: true,
    }
}

fn single(options: &[&str], key: usize) -> QuestionContent {
    let mut content = QuestionContent::empty(QuestionKind::SingleChoice, Level::Detailed);
    "Which one sends it?".clone_into(&mut content.stem);
    content.choices = options
        .iter()
        .enumerate()
        .map(|(index, text)| Choice {
            text: (*text).to_owned(),
            right: index == key,
        })
        .collect();
    content
}

fn all(bench: &Bench) -> Vec<Question> {
    let page = bench.session.questions(&QuestionFilter::default(), 0, 100);
    page.unwrap().questions
}

/// A server that answers by what it is asked, and remembers it.
fn listening(
    reply: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (Server, Arc<Mutex<Vec<Value>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let server = Server::start(move |_, body| {
        hears.lock().unwrap().push(body.clone());
        vec![Step::Send(stream(&[&reply(&body.to_string())]))]
    });
    (server, heard)
}

/// Three suggestions: one twice, one of a kind that is not asked for.
const SUGGESTED: &str = r#"[{"kind":"single_choice","question":"What is shared?","options":["uplink","rack","fan"],"answer":["A"]},
            {"kind":"true_false","question":"What is shared? ","answer":true},
            {"kind":"fill_in","question":"not asked for ____","answer":["x"]}]"#;

#[test]
fn suggestions_wait_for_an_expert_and_are_not_made_twice() {
    let bench = Bench::new(2);
    let slot = Slot {
        diagram_id: bench.ids[0].clone(),
        level: Level::Global,
        region_id: None,
    };
    bench
        .session
        .revise(&slot, "Two routers share one uplink.", &[], false)
        .unwrap();
    let (server, heard) = listening(|_| SUGGESTED.to_owned());
    let model = bench.server(&server.base_url, 1);
    let job = bench.session.queue_proposals(&proposals(&model)).unwrap();
    bench.run();
    let ended = bench.job(&job);
    assert_eq!(
        (ended.state, ended.done, ended.failed),
        (JobState::Done, 2, 0)
    );
    let questions = all(&bench);
    assert_eq!(questions.len(), 2, "{questions:?}");
    for question in &questions {
        assert_eq!(
            (question.state, &question.author),
            (QuestionState::Proposed, &None)
        );
        let QuestionSource::Model {
            model: name,
            job_id,
            ..
        } = &question.source
        else {
            panic!("{question:?}");
        };
        assert_eq!((name.as_str(), job_id), ("server", &job.id));
    }
    assert_eq!(bench.session.question_coverage().unwrap().ready, 0);
    let told = bench.told(&job).into_iter();
    let counts = told.filter_map(|event| match event {
        TelemetryEvent::Proposed { questions, .. } => Some(questions),
        _ => None,
    });
    assert_eq!(counts.collect::<Vec<_>>(), [1, 1]);
    {
        let heard = heard.lock().unwrap();
        let first = heard[0].to_string();
        assert!(first.contains("image_url") && first.contains("Two routers share one uplink."));
        assert!(first.contains("Write 3 questions") && first.contains("single_choice, true_false"));
    }
    // Once more: the same suggestion is not made again, and the model is told what there is.
    let again = bench.session.queue_proposals(&proposals(&model)).unwrap();
    bench.run();
    assert_eq!(bench.job(&again).state, JobState::Done);
    assert_eq!(all(&bench).len(), 2);
    assert!(
        heard.lock().unwrap()[2]
            .to_string()
            .contains("- What is shared?")
    );
}

#[test]
fn what_is_no_question_fails_alone() {
    let bench = Bench::new(1);
    let (server, _) = listening(|_| "I would rather not.".to_owned());
    let model = bench.server(&server.base_url, 1);
    let job = bench.session.queue_proposals(&proposals(&model)).unwrap();
    bench.run();
    let ended = bench.job(&job);
    assert_eq!((ended.state, ended.failed), (JobState::Failed, 1));
    assert_eq!(ended.error.as_deref(), Some("the model wrote no question"));
    assert_eq!(all(&bench), []);
}

#[test]
fn a_model_sits_the_examination_with_the_picture() {
    let bench = Bench::new(1);
    let question = bench
        .session
        .add_question(&bench.ids[0], &single(&["UPF", "AMF", "SMF"], 1))
        .unwrap();
    let (server, heard) = listening(|_| "The answer is B.".to_owned());
    let model = bench.server(&server.base_url, 1);
    let job = bench
        .session
        .queue_answers(&answers(&model, &[&question], false))
        .unwrap();
    assert!(bench.job(&job).priority > 0);
    bench.run();
    let trials = bench.session.question_trials(&question.id).unwrap();
    assert_eq!(trials.len(), 1);
    let trial = &trials[0];
    assert!(
        trial.is_model && !trial.blind && trial.correct == Some(true),
        "{trial:?}"
    );
    assert_eq!(
        (trial.examinee.as_str(), trial.picked.as_slice()),
        ("server", &[1][..])
    );
    assert!(!trial.rule.is_empty());
    let asked = heard.lock().unwrap()[0].to_string();
    assert!(
        asked.contains("image_url") && asked.contains("A. UPF\\nB. AMF\\nC. SMF"),
        "{asked}"
    );
    // The key is not given away, and the same question is not asked twice.
    assert!(!asked.contains("right\":true"));
    assert!(
        bench
            .session
            .queue_answers(&answers(&model, &[&question], false))
            .is_err()
    );
    let mut changed = single(&["UPF", "AMF", "SMF"], 1);
    "Which one receives it?".clone_into(&mut changed.stem);
    let version = bench.session.question(&question.id).unwrap().version;
    let entry = domain::QuestionEntry {
        id: question.id.clone(),
        content: changed,
        version,
    };
    bench.session.save_question(&entry).unwrap();
    bench
        .session
        .queue_answers(&answers(&model, &[&question], false))
        .unwrap();
}

#[test]
fn only_a_key_found_in_every_order_is_found_blind() {
    let bench = Bench::new(1);
    let add = |content| bench.session.add_question(&bench.ids[0], &content).unwrap();
    let known = add(single(&["UPF", "AMF", "SMF"], 1));
    let mut other = single(&["red", "green", "blue"], 0);
    "Which colour?".clone_into(&mut other.stem);
    let guessed = add(other);
    // Knows the AMF by name; else always says A.
    let (server, heard) = listening(|body| {
        let letter = ["A", "B", "C"]
            .into_iter()
            .find(|letter| body.contains(&format!("{letter}. AMF")));
        letter.unwrap_or("A").to_owned()
    });
    let model = bench.server(&server.base_url, 1);
    bench
        .session
        .queue_answers(&answers(&model, &[&known, &guessed], true))
        .unwrap();
    bench.run();
    let newest = |question: &Question| {
        bench
            .session
            .question_trials(&question.id)
            .unwrap()
            .remove(0)
    };
    let (found, lucky) = (newest(&known), newest(&guessed));
    assert_eq!(
        (found.blind, found.correct, found.answer.lines().count()),
        (true, Some(true), 3)
    );
    assert_eq!(
        (lucky.blind, lucky.correct, lucky.answer.lines().count()),
        (true, Some(false), 2)
    );
    assert!(
        heard
            .lock()
            .unwrap()
            .iter()
            .all(|body| !body.to_string().contains("image_url"))
    );
    let findings = |question: &Question| {
        let checks = bench
            .session
            .check_question(&question.id, &question.content)
            .unwrap();
        checks
            .into_iter()
            .any(|finding| finding.check == "blind_answer")
    };
    assert!(findings(&known) && !findings(&guessed));
    // Another question is another matter.
    let mut changed = known.content.clone();
    changed.choices[0].text = "UDM".to_owned();
    let checks = bench.session.check_question(&known.id, &changed).unwrap();
    assert!(!checks.iter().any(|finding| finding.check == "blind_answer"));
}

#[test]
fn the_rules_of_a_workspace_have_finished_questions_checked_blind_once() {
    let bench = Bench::new(1);
    let whole = bench
        .session
        .add_question(&bench.ids[0], &single(&["UPF", "AMF"], 1))
        .unwrap();
    assert_eq!(bench.session.queue_blind_check(&whole.id).unwrap(), None);
    let (server, _) = listening(|_| "B".to_owned());
    let model = bench.server(&server.base_url, 1);
    let mut policy = bench.session.policy().unwrap();
    policy.blind_examinee = Some(model.id.clone());
    bench.session.set_policy(&policy).unwrap();
    let half = bench
        .session
        .add_question(&bench.ids[0], &single(&["UPF", ""], 7))
        .unwrap();
    assert_eq!(bench.session.queue_blind_check(&half.id).unwrap(), None);
    assert!(
        bench
            .session
            .queue_blind_check(&whole.id)
            .unwrap()
            .is_some()
    );
    assert_eq!(bench.session.queue_blind_check(&whole.id).unwrap(), None);
    bench.run();
    assert_eq!(bench.session.question_trials(&whole.id).unwrap().len(), 1);
    assert_eq!(bench.session.queue_blind_check(&whole.id).unwrap(), None);
    bench.session.remove_model(&model.id).unwrap();
    assert_eq!(bench.session.queue_blind_check(&whole.id).unwrap(), None);
}

#[test]
fn a_text_model_asks_about_captions_and_answers_blind_only() {
    let bench = Bench::new(2);
    let (_folder, file): (_, PathBuf) = gguf::made("qwen2");
    let source = ModelSource::Gguf {
        path: file.display().to_string(),
        options: LocalOptions::default(),
    };
    let model = bench.add("text", source);
    let question = bench
        .session
        .add_question(&bench.ids[0], &single(&["UPF", "AMF"], 1))
        .unwrap();
    let seeing = bench
        .session
        .queue_answers(&answers(&model, &[&question], false))
        .unwrap();
    let blind = bench
        .session
        .queue_answers(&answers(&model, &[&question], true))
        .unwrap();
    let slot = Slot {
        diagram_id: bench.ids[0].clone(),
        level: Level::Global,
        region_id: None,
    };
    bench
        .session
        .revise(&slot, "Two routers.", &[], false)
        .unwrap();
    let asked = bench.session.queue_proposals(&proposals(&model)).unwrap();
    bench.run();
    let failed = bench.job(&seeing);
    assert!(
        failed.error.as_ref().unwrap().contains("reads text only"),
        "{failed:?}"
    );
    assert_eq!(bench.job(&blind).done, 1);
    let why: Vec<_> = bench
        .items(&asked, domain::ItemState::Failed)
        .into_iter()
        .map(|item| item.error.unwrap())
        .collect();
    // Random weights write no question about the first; the second has no caption to ask about.
    assert_eq!(why.len(), 2);
    assert!(why[1].contains("no caption yet"), "{why:?}");
}

//! Questions on their way into the set.

use domain::{
    Choice, DiagramId, Level, Overruled, QuestionContent, QuestionEntry, QuestionKind,
    QuestionSource, QuestionState, Severity,
};

use crate::{Bench, bmp};

fn diagram(bench: &Bench) -> DiagramId {
    bench.write("a.bmp", &bmp(5, 5, 1));
    bench.import(&bench.input());
    bench.session.find("1").unwrap()
}

fn single(stem: &str) -> QuestionContent {
    let mut content = QuestionContent::empty(QuestionKind::SingleChoice, Level::Detailed);
    stem.clone_into(&mut content.stem);
    content.choices = [("AMF", true), ("UPF", false), ("UDM", false)]
        .map(|(text, right)| Choice {
            text: text.to_owned(),
            right,
        })
        .to_vec();
    content
}

#[test]
fn a_question_enters_the_set_when_its_author_answered_for_every_warning() {
    let bench = Bench::new();
    let id = diagram(&bench);
    let question = bench
        .session
        .add_question(&id, &single("Who selects the SMF?"))
        .unwrap();
    let refused = bench.session.make_question_ready(&question.id).unwrap_err();
    let open = &refused.downcast_ref::<app::NotReady>().unwrap().0;
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].check.as_str(), open[0].severity),
        ("no_evidence", Severity::Warning)
    );

    let mut content = question.content.clone();
    content.overruled = vec![Overruled {
        check: "no_evidence".to_owned(),
        about: None,
        note: "It is about the whole picture.".to_owned(),
    }];
    let entry = QuestionEntry {
        id: question.id.clone(),
        content,
        version: question.version,
    };
    bench.session.save_question(&entry).unwrap();
    let ready = bench.session.make_question_ready(&question.id).unwrap();
    assert_eq!(ready.state, QuestionState::Ready);
    assert_eq!(
        bench.session.question_coverage().unwrap().key_positions,
        [1]
    );
}

#[test]
fn an_error_cannot_be_overruled() {
    let bench = Bench::new();
    let id = diagram(&bench);
    let mut content = single("Who?");
    for choice in &mut content.choices {
        choice.right = false;
    }
    content.overruled = vec![Overruled {
        check: "no_key".to_owned(),
        about: None,
        note: "because".to_owned(),
    }];
    let question = bench.session.add_question(&id, &content).unwrap();
    let refused = bench.session.make_question_ready(&question.id).unwrap_err();
    let open = &refused.downcast_ref::<app::NotReady>().unwrap().0;
    assert!(
        open.iter().any(|finding| finding.check == "no_key"),
        "{open:?}"
    );
}

#[test]
fn synthetic_questions_never_count_as_experts() {
    let bench = Bench::new();
    let id = diagram(&bench);
    let source = QuestionSource::Synthetic {
        label: "grammar".to_owned(),
    };
    let mut content = single("Who selects the SMF?");
    content.overruled = vec![Overruled {
        check: "no_evidence".to_owned(),
        about: None,
        note: "all of it".to_owned(),
    }];
    let suggested = bench
        .session
        .propose_question(&id, &content, &source)
        .unwrap();
    bench.session.take_up_question(&suggested.id).unwrap();
    bench.session.make_question_ready(&suggested.id).unwrap();
    let coverage = bench.session.question_coverage().unwrap();
    assert_eq!((coverage.ready, coverage.diagrams), (0, 0));
}

#[test]
fn a_persons_own_answer_is_judged_and_kept() {
    let bench = Bench::new();
    let id = diagram(&bench);
    let question = bench
        .session
        .add_question(&id, &single("Who selects the SMF?"))
        .unwrap();
    for (answer, correct) in [("a", Some(true)), ("B", Some(false)), ("dunno", None)] {
        let trial = bench.session.answer_question(&question.id, answer).unwrap();
        assert_eq!(
            (trial.correct, trial.is_model),
            (correct, false),
            "{answer}"
        );
    }
    let kept = bench.session.question_trials(&question.id).unwrap();
    assert_eq!(kept.len(), 3);
    assert_eq!(
        (kept[2].answer.as_str(), kept[2].picked.as_slice()),
        ("a", &[0][..])
    );
}

//! What comes of a job: drafts with their origin, and nothing else.

use domain::{
    DraftRequest, DraftScope, ItemState, JobState, Level, PromptLanguage, Slot, TelemetryEvent,
};
use provider::prompt::{Language, Prompts, Purpose};

use crate::bench::Bench;

#[test]
fn drafts_say_where_they_came_from_and_experts_words_stay() {
    let bench = Bench::new(2);
    let slot = Slot {
        diagram_id: bench.ids[0].clone(),
        level: Level::Global,
        region_id: None,
    };
    let words = "Two routers share one uplink.";
    bench.session.revise(&slot, words, &[], false).unwrap();
    let model = bench.untrained();
    let request = DraftRequest {
        levels: vec![Level::Global, Level::Structure],
        language: PromptLanguage::Zh,
        ..bench.request(&model, 6)
    };
    let job = bench.session.queue_drafts(&request).unwrap();
    bench.run();
    let ended = bench.job(&job);
    assert_eq!(
        (ended.state, ended.done, ended.failed),
        (JobState::Done, 4, 0)
    );
    let prompts = Prompts::load(&bench.session.workspace().prompts_dir()).unwrap();
    for id in &bench.ids {
        let drafts = bench.drafts(id);
        assert_eq!(drafts.len(), 2);
        for draft in drafts {
            let origin = draft.origin.unwrap();
            let prompt = prompts.get(Language::Zh, Purpose::Caption(draft.level));
            assert_eq!(origin.prompt_version, prompt.version());
            assert_eq!((&origin.job_id, &origin.model_id), (&job.id, &model.id));
            assert_eq!(origin.language, PromptLanguage::Zh);
            assert_eq!(origin.location, model.source.location());
            assert!(origin.revision.unwrap().starts_with("sampled-"));
            assert!((1..=6).contains(&origin.new_tokens.unwrap()));
            assert!(origin.mean_logprob.unwrap() < 0.0);
            assert!(origin.seconds.unwrap() > 0.0);
            assert_eq!(draft.label, "tiny");
        }
    }
    let caption = &bench.session.diagram(&bench.ids[0]).unwrap().captions[0];
    assert_eq!(caption.text, words);
    assert!(caption.draft.is_some());
}

#[test]
fn what_is_told_while_it_writes_is_what_is_kept() {
    let bench = Bench::new(1);
    let job = bench.queue(&bench.untrained(), 12);
    bench.run();
    let told = bench.session.follow(&job.id, "0.0").unwrap();
    let text: String = told
        .partial
        .iter()
        .map(|piece| piece.text.as_str())
        .collect();
    // What is kept has Unix line ends.
    let text = text.replace('\r', "\n");
    assert_eq!(text.trim(), bench.drafts(&bench.ids[0])[0].text);
    let n: Vec<u32> = told.partial.iter().map(|piece| piece.n).collect();
    assert_eq!(n, (0..u32::try_from(n.len()).unwrap()).collect::<Vec<_>>());
    let kinds: Vec<_> = told
        .telemetry
        .iter()
        .map(|line| match &line.event {
            TelemetryEvent::Started { .. } => "started",
            TelemetryEvent::Loading { .. } => "loading",
            TelemetryEvent::Loaded { .. } => "loaded",
            TelemetryEvent::Begun { .. } => "begun",
            TelemetryEvent::Drafted { .. } => "drafted",
            TelemetryEvent::Proposed { .. } => "proposed",
            TelemetryEvent::Answered { .. } => "answered",
            TelemetryEvent::Failed { .. } => "failed",
            TelemetryEvent::Note { .. } => "note",
            TelemetryEvent::Ended { .. } => "ended",
        })
        .collect();
    let expected = ["started", "loading", "loaded", "begun", "drafted"];
    assert_eq!(kinds[..5], expected, "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"ended"));
}

#[test]
fn a_partial_caption_is_drafted_for_each_region() {
    let bench = Bench::new(2);
    let region = bench.session.region(&bench.ids[1], "core").unwrap();
    let request = DraftRequest {
        levels: vec![Level::Partial],
        ..bench.request(&bench.untrained(), 4)
    };
    let job = bench.session.queue_drafts(&request).unwrap();
    bench.run();
    assert_eq!(bench.job(&job).done, 1);
    assert!(bench.drafts(&bench.ids[0]).is_empty());
    let drafts = bench.drafts(&bench.ids[1]);
    assert_eq!(drafts[0].region_id.as_ref(), Some(&region.id));
}

#[test]
fn a_model_of_random_weights_drafts_nothing_unless_a_test_allows_it() {
    let bench = Bench::new(1);
    let model = bench.untrained();
    let request = DraftRequest {
        allow_untrained: false,
        ..bench.request(&model, 4)
    };
    let job = bench.session.queue_drafts(&request).unwrap();
    bench.run();
    let failed = bench.job(&job);
    assert_eq!(failed.state, JobState::Failed);
    assert_eq!(
        failed.error.unwrap(),
        "`tiny` predicts text no better than chance: its weights are random or broken"
    );
    assert!(failed.help.is_some());
    assert!(bench.drafts(&bench.ids[0]).is_empty());
    // The same model, still open from a job that allowed it, is asked all the same.
    bench.queue(&model, 4);
    let again = bench.session.queue_drafts(&DraftRequest {
        redraft: domain::Redraft::Always,
        ..request
    });
    bench.run();
    assert_eq!(bench.job(&again.unwrap()).state, JobState::Failed);
    assert_eq!(bench.drafts(&bench.ids[0]).len(), 1);
}

#[test]
fn a_broken_picture_fails_alone() {
    let bench = Bench::new(3);
    let image = bench.session.diagram(&bench.ids[1]).unwrap().diagram.image;
    let original = bench
        .session
        .workspace()
        .image_path(&image.hash, &image.format);
    std::fs::write(original, b"\x89PNG\r\n\x1a\nnothing").unwrap();
    let job = bench.queue(&bench.untrained(), 4);
    bench.run();
    let ended = bench.job(&job);
    assert_eq!(
        (ended.state, ended.done, ended.failed),
        (JobState::Done, 2, 1)
    );
    let failed = &bench.items(&job, ItemState::Failed)[0];
    assert_eq!(failed.diagram_id, bench.ids[1]);
    let why = failed.error.as_deref().unwrap();
    assert!(why.starts_with("the picture p01.png is "), "{why}");
}

#[test]
fn a_job_of_which_everything_fails_has_failed_with_the_reason() {
    let bench = Bench::new(1);
    let folder = bench.folder.path().join("thin");
    std::fs::create_dir(&folder).unwrap();
    let thin = image::RgbImage::from_pixel(3, 900, image::Rgb([9, 9, 9]));
    thin.save(folder.join("thin.png")).unwrap();
    let options = app::ImportOptions::default();
    bench.session.import(&[folder], &options, |_| {}).unwrap();
    let request = DraftRequest {
        scope: DraftScope::Ids {
            ids: vec![bench.session.find("2").unwrap()],
        },
        ..bench.request(&bench.untrained(), 4)
    };
    let job = bench.session.queue_drafts(&request).unwrap();
    bench.run();
    let failed = bench.job(&job);
    assert_eq!((failed.state, failed.failed), (JobState::Failed, 1));
    assert!(failed.error.unwrap().contains("200"));
    assert!(failed.help.is_some());
}

#[test]
fn a_model_that_is_gone_fails_its_job_and_the_next_job_goes_on() {
    let bench = Bench::new(1);
    let path = bench.folder.path().join("gone").display().to_string();
    let options = domain::LocalOptions::default();
    let gone = bench.add("gone", domain::ModelSource::Qwen25Vl { path, options });
    let (failed, done) = (bench.queue(&gone, 4), bench.queue(&bench.untrained(), 4));
    bench.run();
    let failed = bench.job(&failed);
    assert_eq!(failed.state, JobState::Failed);
    assert!(failed.error.unwrap().starts_with("not a model"));
    assert!(failed.help.is_some());
    assert_eq!(bench.job(&done).state, JobState::Done);
}

#[test]
fn a_text_model_is_refused_before_it_is_read() {
    let bench = Bench::new(1);
    let path = bench.folder.path().join("m.gguf").display().to_string();
    let options = domain::LocalOptions::default();
    let model = bench.add("words", domain::ModelSource::Gguf { path, options });
    let job = bench.queue(&model, 4);
    bench.run();
    let failed = bench.job(&job);
    assert_eq!(failed.state, JobState::Failed);
    assert!(failed.error.unwrap().starts_with("`words` reads text only"));
}

use std::path::Path;

use app::domain::{
    DraftRequest, DraftScope, JobRequest, JobState, KeySource, Level, LocalOptions, ModelSource,
    NewModel, PromptLanguage, Redraft, Sampling, ServerOptions,
};
use app::{Problem, Session};

use crate::{Bench, bmp};

fn server(url: &str, key: Option<KeySource>) -> NewModel {
    NewModel {
        name: "server".to_owned(),
        source: ModelSource::Server {
            url: url.to_owned(),
            options: ServerOptions {
                model: "qwen".to_owned(),
                key,
                ..ServerOptions::default()
            },
        },
    }
}

fn request(session: &Session) -> DraftRequest {
    DraftRequest {
        model_id: session.model("server").unwrap().id,
        levels: vec![Level::Global],
        language: PromptLanguage::Zh,
        scope: DraftScope::One {
            id: session.find("1").unwrap(),
        },
        redraft: Redraft::Missing,
        sampling: Sampling::default(),
        allow_untrained: false,
    }
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("a.bmp", &bmp(5, 5, 1));
    bench.import(&bench.input());
    bench
        .session
        .add_model(&server("http://localhost:8000/v1", None))
        .unwrap();
    bench
}

#[test]
fn a_job_is_queued_seen_and_cancelled() {
    let Bench { session, folder } = bench();
    assert!(!session.engine().unwrap().needed);
    let job = session.queue_drafts(&request(&session)).unwrap();
    assert_eq!(session.jobs().unwrap(), [session.job(&job.id).unwrap()]);
    assert_eq!(session.find_job("#1").unwrap().id, job.id);
    assert_eq!(session.job_items(&job.id, None, 0, 9).unwrap().len(), 1);
    let engine = session.engine().unwrap();
    assert!(engine.needed && !engine.running && engine.pid.is_none());
    session.focus(&session.find("1").unwrap()).unwrap();
    let prompts = folder.path().join("w.callout/prompts/zh/global.md");
    assert!(prompts.is_file(), "there to be edited");
    let ended = session.request(&job.id, JobRequest::Cancel).unwrap();
    assert_eq!(ended.state, JobState::Cancelled);
    assert!(!session.engine().unwrap().needed);
    assert!(!session.ensure_engine().unwrap());
    let problem = Problem::from(session.request(&job.id, JobRequest::Resume).unwrap_err());
    assert_eq!(problem.code, app::Code::WrongState);
    assert!(problem.help.is_some());
    let told = session.follow(&job.id, "").unwrap();
    assert!(told.telemetry.is_empty() && !told.more);
}

#[test]
fn a_key_never_gets_into_the_workspace() {
    let Bench { session, .. } = bench();
    let secret = "sk-Zq83hfLw0";
    let variable = KeySource::Environment {
        variable: secret.to_owned(),
    };
    let entry = KeySource::Keyring {
        entry: secret.to_owned(),
    };
    let refused = [
        server("http://localhost/v1", Some(variable)),
        server("http://localhost/v1", Some(entry)),
        server(&format!("https://me:{secret}@localhost/v1"), None),
        server(&format!("https://localhost/v1?key={secret}"), None),
    ];
    for mut model in refused {
        model.name = "other".to_owned();
        let problem = Problem::from(session.add_model(&model).unwrap_err());
        assert!(!problem.message.contains(secret), "{}", problem.message);
        assert!(problem.help.unwrap().contains("keyring"));
    }
    for url in [
        "localhost:8000",
        "ftp://localhost",
        "http://",
        "file:///etc/passwd",
    ] {
        let problem = Problem::from(session.add_model(&server(url, None)).unwrap_err());
        assert!(
            problem.message.contains("no address"),
            "{}",
            problem.message
        );
    }
    assert_eq!(session.models().unwrap().len(), 1);
}

#[test]
fn a_local_model_is_found_from_any_folder() {
    let Bench { session, .. } = bench();
    let new = |device: &str| NewModel {
        name: "local".to_owned(),
        source: ModelSource::Qwen25Vl {
            path: "models/qwen".to_owned(),
            options: LocalOptions {
                device: device.to_owned(),
                ..LocalOptions::default()
            },
        },
    };
    let problem = Problem::from(session.add_model(&new("gpu")).unwrap_err());
    assert_eq!(problem.message, "`gpu` is no device");
    let model = session.add_model(&new("cuda:0")).unwrap();
    assert!(Path::new(model.source.location()).is_absolute());
    session.remove_model(&model.id).unwrap();
    let gone = Problem::from(session.remove_model(&model.id).unwrap_err());
    assert_eq!(gone.code, app::Code::NotFound);
}

#[test]
fn a_prompt_that_cannot_be_read_is_named() {
    let Bench { session, folder } = bench();
    let prompts = folder.path().join("w.callout/prompts/zh");
    std::fs::create_dir_all(&prompts).unwrap();
    std::fs::write(prompts.join("global.md"), "no front matter").unwrap();
    let problem = Problem::from(session.queue_drafts(&request(&session)).unwrap_err());
    assert!(problem.message.contains("global.md"), "{}", problem.message);
    assert!(problem.help.is_some());
    assert!(session.jobs().unwrap().is_empty());
}

#[test]
fn an_engine_that_is_not_there_is_missed_by_name() {
    let Bench { session, folder } = bench();
    let nowhere = folder.path().join("callout");
    let problem = Problem::from(session.start_engine(&nowhere).unwrap_err());
    assert!(problem.message.contains("no engine to start"));
    assert!(problem.help.unwrap().contains("CALLOUT_ENGINE"));
}

#[cfg(target_os = "linux")]
#[test]
fn an_engine_is_started_in_a_group_of_its_own_and_writes_a_log() {
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};
    let Bench { session, folder } = bench();
    let program = folder.path().join("engine.sh");
    let script = "#!/bin/sh\nset -- \"$1\" \"$2\" $(cut -d' ' -f5 /proc/$$/stat)\necho \"$1 $2 $(($3 - $$)) end\"\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    session.start_engine(&program).unwrap();
    let log = folder.path().join("w.callout/runs/engine.log");
    let begun = Instant::now();
    let text = loop {
        let text = std::fs::read_to_string(&log).unwrap();
        if text.ends_with("end\n") {
            break text;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{text}");
        std::thread::yield_now();
    };
    let root = session.workspace().root().display();
    assert_eq!(text, format!("engine {root} 0 end\n"));
}

//! What the model picker is told.

use std::path::{Path, PathBuf};

use app::domain::{KeySource, LocalOptions, ModelKind, ModelSource, NewModel, Quantize};
use app::{Problem, describe_model, server_models};

use crate::Bench;

fn fixture() -> PathBuf {
    let fixtures = "../../tests/fixtures/qwen2_5_vl/tied_f32";
    Path::new(env!("CARGO_MANIFEST_DIR")).join(fixtures)
}

fn local(name: &str, path: &Path, options: LocalOptions) -> NewModel {
    let path = path.display().to_string();
    NewModel {
        name: name.to_owned(),
        source: ModelSource::Qwen25Vl { path, options },
    }
}

#[test]
fn a_model_on_disk_is_described_with_what_it_needs_on_each_device() {
    let about = describe_model(&fixture().join("model")).unwrap();
    assert_eq!(about.kind, ModelKind::Qwen25Vl);
    assert_eq!(about.formats, ["F32"]);
    assert!(about.parameters > 1e5 && about.context_tokens == Some(4_096));
    let needed = |quantize| {
        let mut needs = about.needs.iter().filter(|need| need.device == "cpu");
        needs
            .find(|need| need.quantize == quantize)
            .unwrap()
            .needed_mib
    };
    assert!(needed(None) >= needed(Some(Quantize::Q8_0)));
    assert!(needed(Some(Quantize::Q8_0)) >= needed(Some(Quantize::Q4K)));
    assert!(about.needs.iter().all(|need| need.free_mib > 0));
}

#[test]
fn what_is_no_model_is_refused_with_a_remedy() {
    let bench = Bench::new();
    for path in [
        bench.input(),
        bench.input().join("absent"),
        fixture().join("lora"),
    ] {
        let problem = Problem::from(describe_model(&path).unwrap_err());
        assert!(problem.message.contains("not a model"), "{problem:?}");
        assert!(problem.help.is_some(), "{problem:?}");
    }
}

#[test]
fn listed_models_are_told_with_what_is_wrong_and_can_be_run_another_way() {
    let bench = Bench::new();
    let session = &bench.session;
    let whole = session
        .add_model(&local(
            "whole",
            &fixture().join("model"),
            LocalOptions::default(),
        ))
        .unwrap();
    session
        .add_model(&local("gone", &bench.input(), LocalOptions::default()))
        .unwrap();
    let options = LocalOptions {
        quantize: Some(Quantize::Q8_0),
        ..LocalOptions::default()
    };
    let changed = local("whole", &fixture().join("model"), options.clone());
    let changed = session.replace_model(&whole.id, &changed).unwrap();
    assert_ne!(changed.id, whole.id);
    let inventory = session.inventory().unwrap();
    let told: Vec<_> = inventory
        .listed
        .iter()
        .map(|each| {
            (
                each.model.name.as_str(),
                each.about.is_some(),
                each.problem.is_some(),
            )
        })
        .collect();
    assert_eq!(told, [("gone", false, true), ("whole", true, false)]);
    assert!(inventory.devices.iter().any(|device| device.id == "cpu"));
    // A name that is taken changes nothing.
    let taken = local("gone", &fixture().join("model"), options);
    session.replace_model(&changed.id, &taken).unwrap_err();
    assert_eq!(session.models().unwrap().len(), 2);
}

#[test]
fn a_server_that_is_not_there_and_a_key_that_is_not_there_are_told_apart() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", nobody.local_addr().unwrap());
    drop(nobody);
    let problem = Problem::from(server_models(&url, None).unwrap_err());
    assert!(
        problem.help.unwrap().contains("server runs"),
        "{}",
        problem.message
    );
    let variable = "CALLOUT_TEST_NO_SUCH_KEY".to_owned();
    let key = KeySource::Environment { variable };
    let problem = Problem::from(server_models(&url, Some(&key)).unwrap_err());
    assert!(
        problem.message.contains("CALLOUT_TEST_NO_SUCH_KEY"),
        "{}",
        problem.message
    );
}

//! Which models are listed.

use hub::{Cache, Kind, find, locate};

use crate::{gguf, model, write};

const COMMITS: [&str; 2] = [
    "1111111111111111111111111111111111111111",
    "2222222222222222222222222222222222222222",
];

#[test]
fn the_cache_and_folders_are_searched() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::new(dir.path().join("hub"));
    let repo = cache.dir().join("models--org--one");
    for commit in COMMITS {
        model(&repo.join("snapshots").join(commit));
    }
    write(&repo, "refs/main", format!("{}\n", COMMITS[0]));
    let bert = cache
        .dir()
        .join("models--org--bert/snapshots")
        .join(COMMITS[0]);
    write(&bert, "config.json", r#"{"model_type": "bert"}"#);
    write(cache.dir(), "models--org--begun/blobs/x.incomplete", "");
    write(cache.dir(), "datasets--org--data/blobs/x.incomplete", "");
    let folder = dir.path().join("folder");
    model(&folder.join("a/model"));
    write(&folder, "b/small.gguf", gguf("qwen2"));
    let broken = model(&folder.join("c"));
    std::fs::remove_file(broken.join("model.safetensors")).unwrap();

    let models = find(&cache, &[folder]);
    let names: Vec<_> = models
        .iter()
        .map(|model| (model.name.as_str(), model.cached, model.problem.is_none()))
        .collect();
    assert_eq!(
        names,
        [
            ("org/begun", true, false),
            ("org/one", true, true),
            ("model", false, true),
            ("small.gguf", false, true),
            ("c", false, false),
        ]
    );
    let one = models[1].description.as_ref().unwrap();
    assert_eq!(one.revision.as_deref(), Some(COMMITS[0]), "`main` is meant");
    assert_eq!(models[3].kind, Some(Kind::Gguf));
    let problem = models[4].problem.as_ref().unwrap();
    assert!(
        problem.contains("`model.safetensors` is missing"),
        "{problem}"
    );
}

#[test]
fn a_model_is_named_by_path_or_repository() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::new(dir.path().join("hub"));
    let snapshot = cache
        .dir()
        .join("models--org--one/snapshots")
        .join(COMMITS[0]);
    model(&snapshot);
    assert_eq!(locate(&cache, "org/one").unwrap(), snapshot);
    assert_eq!(
        locate(&cache, snapshot.to_str().unwrap()).unwrap(),
        snapshot
    );
    assert_eq!(cache.repo_of(&snapshot), Some("org/one".parse().unwrap()));
    assert_eq!(cache.repo_of(dir.path()), None);
    let error = locate(&cache, "org/two").unwrap_err();
    assert!(error.help().unwrap().contains("model fetch org/two"));
    assert!(locate(&cache, "org/one/../../x").is_err());
}

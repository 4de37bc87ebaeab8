//! Fetching: whole, broken off, refused; and what lies in the cache afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hub::fetch::{FetchError, Fetched, Remote, Wanted, fetch};
use hub::{Cache, RemoveError, describe, find, locate, remove};
use serde_json::json;
use tempfile::TempDir;

use crate::server::{COMMIT, Manners, REPO, Server, listing, sha256};
use crate::{gguf, model_files, write};

/// A server, and a cache that is empty.
struct Scene {
    server: Server,
    dir: TempDir,
    attempts: u32,
}

impl Scene {
    fn new(manners: Manners) -> Self {
        Self::of(model_files(), manners)
    }

    fn of(files: Vec<(String, Vec<u8>)>, manners: Manners) -> Self {
        Self {
            server: Server::start(files, manners),
            dir: tempfile::tempdir().unwrap(),
            attempts: 1,
        }
    }

    fn cache(&self) -> Cache {
        Cache::new(self.dir.path().join("hub"))
    }

    fn remote(&self) -> Remote {
        Remote {
            attempts: self.attempts,
            pause: Duration::ZERO,
            ..Remote::new(&self.server.endpoint)
        }
    }

    fn fetch(&self) -> Result<Fetched, FetchError> {
        self.fetch_as(&wanted())
    }

    fn fetch_as(&self, wanted: &Wanted) -> Result<Fetched, FetchError> {
        let go_on = AtomicBool::new(false);
        fetch(&self.remote(), &self.cache(), wanted, &mut |_| {}, &go_on)
    }

    fn repo_dir(&self) -> PathBuf {
        self.dir.path().join("hub/models--org--tiny-vl")
    }

    fn blobs(&self) -> Vec<String> {
        names(&self.repo_dir().join("blobs"))
    }
}

fn wanted() -> Wanted {
    Wanted {
        repo: REPO.parse().unwrap(),
        revision: "main".to_owned(),
        gguf: None,
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Files and links below a folder.
fn below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let paths = entries.flat_map(|entry| {
        if entry.file_type().unwrap().is_dir() {
            below(&entry.path())
        } else {
            vec![entry.path()]
        }
    });
    paths.collect()
}

fn weights() -> Vec<u8> {
    model_files().remove(2).1
}

#[test]
fn a_fetched_model_lies_where_python_looks() {
    let mut files = model_files();
    files.push(("pytorch_model.bin".to_owned(), b"a pickle".to_vec()));
    files.push(("onnx/model.safetensors".to_owned(), b"not needed".to_vec()));
    let scene = Scene::of(files, Manners::default());
    let fetched = scene.fetch().unwrap();
    let snapshot = scene.repo_dir().join("snapshots").join(COMMIT);
    assert_eq!((&fetched.path, fetched.files), (&snapshot, 4));
    assert_eq!(fetched.received_bytes, fetched.total_bytes);
    assert_eq!(
        names(&snapshot),
        [
            "README.md",
            "config.json",
            "model.safetensors",
            "tokenizer.json"
        ]
    );
    assert_eq!(
        fs::read(snapshot.join("model.safetensors")).unwrap(),
        weights()
    );
    let blob = Path::new("../../blobs").join(sha256(&weights()));
    #[cfg(unix)]
    assert_eq!(
        fs::read_link(snapshot.join("model.safetensors")).unwrap(),
        blob
    );
    assert_eq!(
        fs::read_to_string(scene.repo_dir().join("refs/main")).unwrap(),
        COMMIT
    );
    assert_eq!(
        scene.blobs().len(),
        4,
        "no part is left: {:?}",
        scene.blobs()
    );

    let path = locate(&scene.cache(), REPO).unwrap();
    let described = describe(&path).unwrap();
    assert_eq!(
        (described.name.as_str(), described.revision.as_deref()),
        (REPO, Some(COMMIT))
    );

    scene.server.asked();
    let again = scene.fetch().unwrap();
    assert_eq!((again.received_bytes, again.path), (0, snapshot));
    assert_eq!(
        scene.server.asked().len(),
        1,
        "only the list is asked for again"
    );
}

#[test]
fn what_broke_off_goes_on_where_it_stopped() {
    let scene = Scene::new(Manners {
        cut: (10_000, 1),
        ..Manners::default()
    });
    let error = scene.fetch().unwrap_err();
    assert!(
        matches!(&error, FetchError::Interrupted { file, done_bytes: 10_000, .. } if file == "model.safetensors"),
        "{error:?}"
    );
    assert!(error.help().unwrap().contains("once more"));
    assert!(
        !scene.repo_dir().join("refs").exists(),
        "no revision points at half a model"
    );
    let listed = find(&scene.cache(), &[]);
    assert!(
        listed[0].problem.as_ref().unwrap().contains("unfinished"),
        "{listed:?}"
    );

    scene.server.asked();
    scene.fetch().unwrap();
    let asked = scene.server.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(asked[1].range.as_deref(), Some("bytes=10000-"));
    assert_eq!(asked[1].sent, weights().len() - 10_000);
    let model = locate(&scene.cache(), REPO).unwrap();
    assert_eq!(
        fs::read(model.join("model.safetensors")).unwrap(),
        weights()
    );
}

#[test]
fn a_connection_that_breaks_now_and_then_is_taken_up_again() {
    let mut scene = Scene::new(Manners {
        cut: (9_000, 3),
        ..Manners::default()
    });
    scene.attempts = 2;
    let fetched = scene.fetch().unwrap();
    assert_eq!(fetched.received_bytes, fetched.total_bytes);
    let ranges = scene
        .server
        .asked()
        .into_iter()
        .filter_map(|asked| asked.range);
    assert_eq!(
        ranges.collect::<Vec<_>>(),
        ["bytes=9000-", "bytes=18000-", "bytes=27000-"]
    );
}

#[test]
fn a_server_without_ranges_sends_all_of_it_again() {
    let scene = Scene::new(Manners {
        cut: (10_000, 1),
        ignores_range: true,
        ..Manners::default()
    });
    scene.fetch().unwrap_err();
    scene.fetch().unwrap();
    let model = locate(&scene.cache(), REPO).unwrap();
    assert_eq!(
        fs::read(model.join("model.safetensors")).unwrap(),
        weights()
    );
}

#[test]
fn a_stop_leaves_what_came() {
    let scene = Scene::new(Manners::default());
    let cancel = AtomicBool::new(false);
    let mut stop = |step: &hub::fetch::Progress<'_>| {
        if step.file == "model.safetensors" {
            cancel.store(true, Ordering::Relaxed);
        }
    };
    let error = fetch(
        &scene.remote(),
        &scene.cache(),
        &wanted(),
        &mut stop,
        &cancel,
    );
    assert!(matches!(error, Err(FetchError::Cancelled)), "{error:?}");
    let part = format!("{}.incomplete", sha256(&weights()));
    let blobs = scene.blobs();
    assert!(
        blobs.contains(&part) || blobs.contains(&sha256(&weights())),
        "{blobs:?}"
    );
    scene.fetch().unwrap();
}

#[test]
fn other_bytes_than_stated_are_thrown_away() {
    let scene = Scene::new(Manners {
        lies: true,
        ..Manners::default()
    });
    let error = scene.fetch().unwrap_err();
    assert!(matches!(&error, FetchError::Damaged(file) if file == "model.safetensors"));
    assert_eq!(scene.blobs().len(), 3, "{:?}", scene.blobs());

    let scene = Scene::new(Manners {
        babbles: true,
        ..Manners::default()
    });
    let error = scene.fetch().unwrap_err().to_string();
    assert!(error.contains("longer than it says"), "{error}");
}

#[test]
fn refusals_say_what_to_do() {
    let check = |status, says: &str, helps: &str| {
        let scene = Scene::new(Manners {
            status: Some(status),
            ..Manners::default()
        });
        let error = scene.fetch().unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.help().unwrap().contains(helps), "{:?}", error.help());
        assert_eq!(names(scene.dir.path()), [""; 0], "nothing is written");
    };
    check(401, "gated", "HF_TOKEN");
    check(403, "gated", "HF_TOKEN");
    check(404, "has no `org/tiny-vl` with revision `main`", "spelling");
    check(429, "HTTP 429", "wait");
    check(503, "HTTP 503", "later");
}

#[test]
fn without_a_network_a_folder_is_recommended() {
    let scene = Scene::new(Manners::default());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let go_on = AtomicBool::new(false);
    let ask = |remote: &Remote| fetch(remote, &scene.cache(), &wanted(), &mut |_| {}, &go_on);
    let error = ask(&Remote::new(format!("http://{address}/"))).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot reach `{address}`"));
    assert!(error.help().unwrap().contains("just a directory"));

    let offline = Remote {
        offline: true,
        ..scene.remote()
    };
    assert!(matches!(ask(&offline), Err(FetchError::Offline)));
    assert_eq!(scene.server.asked(), []);
}

#[test]
fn the_token_is_sent_and_never_printed() {
    let scene = Scene::new(Manners::default());
    let remote = Remote {
        token: Some("hf_secret".to_owned()),
        ..scene.remote()
    };
    let go_on = AtomicBool::new(false);
    fetch(&remote, &scene.cache(), &wanted(), &mut |_| {}, &go_on).unwrap();
    let mut asked = scene.server.asked().into_iter();
    assert!(asked.all(|asked| asked.token.as_deref() == Some("Bearer hf_secret")));
    assert!(!format!("{remote:?}").contains("secret"));
}

#[test]
fn a_repository_of_another_kind_is_refused_before_its_weights() {
    let files = vec![
        (
            "config.json".to_owned(),
            br#"{"model_type": "bert"}"#.to_vec(),
        ),
        ("model.safetensors".to_owned(), weights()),
        ("small.Q8_0.gguf".to_owned(), gguf("qwen2")),
    ];
    let scene = Scene::of(files, Manners::default());
    let error = scene.fetch().unwrap_err();
    assert!(matches!(error, FetchError::NotAModel { .. }), "{error:?}");
    assert!(error.help().unwrap().contains("small.Q8_0.gguf"));
    let asked = scene.server.asked();
    assert!(
        asked
            .iter()
            .all(|asked| !asked.path.ends_with("safetensors")),
        "{asked:?}"
    );

    let gguf = |file: &str| {
        let gguf = Some(file.to_owned());
        scene.fetch_as(&Wanted { gguf, ..wanted() })
    };
    assert!(matches!(gguf("other.gguf"), Err(FetchError::NoFile { .. })));
    let fetched = gguf("small.Q8_0.gguf").unwrap();
    assert_eq!(fetched.files, 1);
    assert_eq!(describe(&fetched.path).unwrap().architecture, "qwen2");
    assert_eq!(locate(&scene.cache(), REPO).unwrap(), fetched.path);
    let named = format!("{REPO}/small.Q8_0.gguf");
    assert_eq!(locate(&scene.cache(), &named).unwrap(), fetched.path);
}

#[test]
fn names_of_a_hostile_server_lead_nowhere() {
    let files = model_files().into_iter().collect();
    let honest = listing(&files);
    let size = files["config.json"].len();
    let check = |change: &dyn Fn(&mut serde_json::Value), gguf: Option<&str>| {
        let mut list = honest.clone();
        change(&mut list);
        let scene = Scene::new(Manners {
            listing: Some(list),
            ..Manners::default()
        });
        let gguf = gguf.map(str::to_owned);
        scene.fetch_as(&Wanted { gguf, ..wanted() }).unwrap_err();
        let locks = scene.dir.path().join("hub/.locks/models--org--tiny-vl");
        for path in below(scene.dir.path()) {
            let inside = path.starts_with(scene.repo_dir()) || path.starts_with(&locks);
            assert!(inside, "{path:?}");
        }
        let mut asked = scene.server.asked().into_iter();
        assert!(asked.all(|asked| !asked.path.contains("..")));
    };
    let one = |name: &str, hash: &str| {
        let file = json!([{"rfilename": name, "size": size, "blobId": hash}]);
        move |list: &mut serde_json::Value| list["siblings"] = file.clone()
    };
    let hash = "a".repeat(40);
    check(&|list| list["sha"] = json!("../../../outside"), None);
    check(&|list| list["siblings"] = json!("none"), None);
    check(&one("../config.json", &hash), None);
    check(&one("/config.json", &hash), None);
    check(&one("config.json", "../../../outside"), None);
    for gguf in ["../../../../outside.gguf", "/tmp/outside.gguf", "a//b.gguf"] {
        check(&one(gguf, &hash), Some(gguf));
    }

    for repo in [
        "../x", "a/../b", "/etc", "a/b/c", "", "a--b/c", "a/b\n", ".a/b",
    ] {
        assert!(repo.parse::<hub::RepoId>().is_err(), "{repo}");
    }
    let scene = Scene::new(Manners::default());
    for revision in ["../x", "a//b", "", "/x", "a\n"] {
        let revision = revision.to_owned();
        let error = scene.fetch_as(&Wanted {
            revision,
            ..wanted()
        });
        assert!(
            matches!(error, Err(FetchError::BadRevision(_))),
            "{error:?}"
        );
    }
}

#[test]
fn more_than_the_disk_holds_is_not_begun() {
    let mut list = listing(&model_files().into_iter().collect());
    list["siblings"][2]["lfs"]["size"] = json!(1_u64 << 43);
    let scene = Scene::new(Manners {
        listing: Some(list),
        ..Manners::default()
    });
    let error = scene.fetch().unwrap_err();
    assert!(matches!(error, FetchError::NoSpace { .. }), "{error:?}");
    assert!(error.help().unwrap().contains("HF_HUB_CACHE"));
    assert_eq!(scene.server.asked().len(), 1);
}

#[test]
fn removing_takes_the_repository_and_nothing_else() {
    let scene = Scene::new(Manners::default());
    let fetched = scene.fetch().unwrap();
    let cache = scene.cache();
    let outside = write(scene.dir.path(), "outside/keep", "kept");
    let other = write(cache.dir(), "models--org--other/blobs/x", "kept");
    #[cfg(unix)]
    std::os::unix::fs::symlink(scene.dir.path().join("outside"), fetched.path.join("link"))
        .unwrap();
    let removed = remove(&cache, &fetched.repo).unwrap();
    assert_eq!(
        removed.freed_bytes,
        fetched.total_bytes + COMMIT.len() as u64
    );
    assert!(outside.exists() && other.exists() && !scene.repo_dir().exists());
    assert!(matches!(
        remove(&cache, &fetched.repo),
        Err(RemoveError::NotCached(..))
    ));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(scene.dir.path().join("outside"), scene.repo_dir()).unwrap();
        let error = remove(&cache, &fetched.repo);
        assert!(matches!(error, Err(RemoveError::Link(_))), "{error:?}");
        assert!(outside.exists());
    }
}

#[test]
fn what_another_program_is_fetching_is_left_alone() {
    let scene = Scene::new(Manners::default());
    let name = format!(
        "hub/.locks/models--org--tiny-vl/{}.lock",
        sha256(&weights())
    );
    let lock = fs::File::open(write(scene.dir.path(), &name, "")).unwrap();
    lock.lock().unwrap();
    let error = scene.fetch().unwrap_err();
    assert!(
        matches!(&error, FetchError::Busy(file) if file == "model.safetensors"),
        "{error:?}"
    );
    let error = remove(&scene.cache(), &REPO.parse().unwrap());
    assert!(matches!(error, Err(RemoveError::Busy(_))), "{error:?}");
    drop(lock);
    scene.fetch().unwrap();
}

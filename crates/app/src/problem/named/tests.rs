//! Every failure that a person can meet has its sentence in the window's other language, which says what this one says.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use domain::{DiagramId, JobState, Level, QuestionState, Role, Slot, WrongJobState};
use serde_json::Value;

use super::*;
use crate::Problem;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn errors_json() -> Value {
    let path = root().join("ui/src/i18n/zh-CN/errors.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn path() -> PathBuf {
    PathBuf::from("/tmp/网络")
}

fn io(kind: ErrorKind) -> std::io::Error {
    kind.into()
}

fn json() -> serde_json::Error {
    serde_json::from_str::<Value>("{").unwrap_err()
}

fn text() -> String {
    "x".to_owned()
}

#[expect(clippy::too_many_lines, reason = "one of each")]
fn stores() -> Vec<store::Error> {
    use store::Error as E;
    let slot = Slot {
        diagram_id: DiagramId::from_text("1"),
        level: Level::Partial,
        region_id: None,
    };
    let store_io = |kind| E::Io {
        doing: "write",
        path: path(),
        source: io(kind),
    };
    let mut all = vec![
        E::NotAWorkspace(path()),
        E::AlreadyAWorkspace(path()),
        E::NewerDatabase {
            found: 9,
            known: 1,
            path: path(),
        },
        E::NoDiagram(text()),
        E::AmbiguousDiagram(text()),
        E::NoRegion {
            diagram: DiagramId::from_text("1"),
            region: text(),
        },
        E::SlotRegion(slot),
        E::ReadOnly(State::Approved),
        E::NothingToSubmit,
        E::OpenConflict(Level::Global),
        E::NoConflict,
        E::NoModel(text()),
        E::ModelNameTaken(text()),
        E::NoJob(text()),
        E::NothingToDraft,
        E::NothingToAsk,
        E::DraftSize(1),
        E::Json {
            column: "x",
            source: json(),
        },
        E::Dangling(text()),
        E::NotAllowed {
            person: text(),
            roles: vec![Role::Annotator, Role::Lead],
        },
        E::Claimed {
            person: text(),
            until: crate::now(),
        },
        E::WaitsForSecond,
        E::NoDraft,
        E::CaptionWritten,
        E::NotAsRead,
        E::EmptyFix(Level::Global),
        E::NoDecision,
        E::NoPerson(text()),
        E::PersonNameTaken(text()),
        E::LastLead,
        E::BadPolicy(BadPolicy::Share(101)),
        E::BadPolicy(BadPolicy::Lease(0)),
        E::BadRegion("a place within the picture"),
        E::RegionNameTaken(text()),
        E::NoRevision(text()),
        E::EmptyReason,
        E::NoBulk,
        E::EmptyFilterName,
        E::NoTerm(text()),
        E::EmptyTerm,
        E::TermTaken(text()),
        E::NoQuestion(text()),
        E::QuestionState(QuestionState::Rejected),
        E::NotAProposal,
        E::NoThread(text()),
        E::EmptyComment,
        E::BadAnchor("a region"),
        E::EmptyName(domain::EmptyName),
        E::Busy { timeout_secs: 5 },
        store_io(ErrorKind::PermissionDenied),
        store_io(ErrorKind::StorageFull),
        store_io(ErrorKind::Other),
    ];
    let steps = State::ALL
        .into_iter()
        .flat_map(|from| State::ALL.map(|to| (from, to)));
    all.extend(steps.map(|(from, to)| E::WrongState(WrongState { from, to })));
    let jobs = [
        JobState::Queued,
        JobState::Running,
        JobState::Paused,
        JobState::Done,
        JobState::Failed,
        JobState::Cancelled,
    ];
    let to = JobState::Queued;
    all.extend(jobs.map(|from| E::WrongJobState(WrongJobState { from, to })));
    let bad_models = [
        BadModel::Name,
        BadModel::Location,
        BadModel::Url(text()),
        BadModel::SecretInUrl,
        BadModel::ServerModel,
        BadModel::KeySource,
        BadModel::Range {
            name: "concurrency",
            value: 0,
            least: 1,
            most: 64,
        },
        BadModel::Device(text()),
    ];
    all.extend(bad_models.map(E::BadModel));
    let bad_requests = [
        BadRequest::NoLevels,
        BadRequest::Ids,
        BadRequest::Questions,
        BadRequest::NoKinds,
        BadRequest::PerDiagram(0),
        BadRequest::Sampling("temperature"),
    ];
    all.extend(bad_requests.map(E::BadRequest));
    all
}

fn pictures() -> Vec<picture::Refusal> {
    use picture::Refusal as R;
    let format = picture::Format::Png;
    vec![
        R::Unreadable { reason: text() },
        R::NotAFile,
        R::Empty,
        R::TooManyBytes {
            bytes: 2,
            limit_bytes: 1,
        },
        R::NotAPicture { found: text() },
        R::Unsupported { what: text() },
        R::TooManyPixels {
            width: 2,
            height: 2,
            limit_pixels: 1,
        },
        R::TooMuchMemory { limit_bytes: 1 },
        R::TooSlow { limit_ms: 1_500 },
        R::Truncated { format },
        R::Damaged {
            format,
            reason: text(),
        },
        R::Entities { entity: text() },
        R::TooManyElements,
        R::NoFonts,
        R::Crashed { how: text() },
        R::NoWorker { reason: text() },
        R::NotWritten { reason: text() },
    ]
}

#[expect(clippy::too_many_lines, reason = "one of each")]
fn servers() -> Vec<ProviderError> {
    use ProviderError as E;
    let server = text;
    let reason = text;
    vec![
        E::Config {
            setting: "x",
            reason: reason(),
        },
        E::Request(reason()),
        E::Key(KeyError::NotSet(text())),
        E::Key(KeyError::NoEntry(text())),
        E::Key(KeyError::Unusable(text())),
        E::Key(KeyError::NoKeyring(text())),
        E::Key(KeyError::Refused(text())),
        E::Dns { host: text() },
        E::Unreachable {
            server: server(),
            reason: reason(),
        },
        E::TimedOut {
            server: server(),
            secs: 1.5,
            phase: "to answer",
        },
        E::Unauthorized {
            server: server(),
            what: "the key",
            status: 401,
        },
        E::NotFound {
            server: server(),
            model: text(),
            reason: reason(),
        },
        E::RateLimited {
            server: server(),
            attempts: 3,
        },
        E::ServerFailed {
            server: server(),
            status: 500,
            attempts: 3,
            reason: reason(),
        },
        E::ContextTooLong(reason()),
        E::RequestTooLarge { server: server() },
        E::Refused {
            server: server(),
            status: 400,
            reason: reason(),
        },
        E::Redirected {
            server: server(),
            to: text(),
        },
        E::Malformed {
            server: server(),
            reason: reason(),
        },
        E::Cut { server: server() },
        E::AnswerTooLarge {
            server: server(),
            limit_mib: 1,
        },
    ]
}

fn interchanges() -> Vec<anyhow::Error> {
    use interchange::Error as I;
    let diagram = |damaged: bool| {
        let (number, name, path) = (1, text(), path());
        match damaged {
            true => I::Damaged { number, name, path },
            false => I::Missing { number, name, path },
        }
    };
    vec![
        I::NotEmpty(path()).into(),
        I::NotAFile(path()).into(),
        I::InsideWorkspace(path()).into(),
        diagram(true).into(),
        diagram(false).into(),
        I::Extra {
            number: 1,
            source: json(),
        }
        .into(),
        I::Terms {
            path: path(),
            problem: text(),
        }
        .into(),
    ]
}

fn others() -> Vec<anyhow::Error> {
    use hub::Error as H;
    vec![
        PromptError::Io {
            what: "read",
            path: path(),
            source: io(ErrorKind::Other),
        }
        .into(),
        PromptError::Wrong {
            path: path(),
            line: 1,
            reason: text(),
        }
        .into(),
        H::NoModel(text()).into(),
        H::NotAModel {
            found: text(),
            path: path(),
        }
        .into(),
        H::Missing {
            file: text(),
            dir: path(),
        }
        .into(),
        H::Unfinished(path()).into(),
        H::Malformed {
            why: text(),
            path: path(),
        }
        .into(),
        H::Io {
            path: path(),
            source: io(ErrorKind::Other),
        }
        .into(),
        crate::NotReady(vec![]).into(),
        crate::NoEngine::at(path()).into(),
    ]
}

/// A problem of each kind, as a window gets it.
fn problems() -> Vec<Problem> {
    let stores = stores().into_iter().map(anyhow::Error::from);
    let pictures = pictures().into_iter().map(anyhow::Error::from);
    let servers = servers().into_iter().map(anyhow::Error::from);
    let named = stores.chain(pictures).chain(servers);
    let all = named.chain(interchanges()).chain(others());
    let told = all.map(|error| Problem::from(error.context("doing something")));
    told.chain([Problem::no_workspace()]).collect()
}

/// What `{{a}}` and `{{a|state}}` of a text stand for: which detail, and in which list its word is.
fn places(text: &str) -> Vec<(usize, Option<&str>)> {
    let opened = text.split("{{").skip(1);
    let inner = opened.map(|piece| piece.split_once("}}").unwrap().0);
    inner
        .map(|inner| {
            let (letter, words) = match inner.split_once('|') {
                Some((letter, words)) => (letter, Some(words)),
                None => (inner, None),
            };
            ("abcdefgh".find(letter).unwrap(), words)
        })
        .collect()
}

/// Names of failures in the sources of this crate.
fn keys_in_sources() -> BTreeSet<String> {
    fn visit(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else if !path.ends_with("tests.rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                found.extend(
                    source
                        .split('"')
                        .filter(|piece| is_key(piece))
                        .map(str::to_owned),
                );
            }
        }
    }
    fn is_key(piece: &str) -> bool {
        const FAMILIES: [&str; 19] = [
            "desk",
            "store",
            "io",
            "state",
            "job",
            "policy",
            "model",
            "request",
            "export",
            "terms",
            "picture",
            "import",
            "server",
            "key",
            "prompt",
            "hub",
            "question",
            "engine",
            "structure",
        ];
        piece.split_once('.').is_some_and(|(family, name)| {
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            FAMILIES.contains(&family)
                && name != "log"
                && !name.is_empty()
                && name.chars().all(plain)
        })
    }
    let mut found = BTreeSet::new();
    visit(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    found
}

/// Not made here, each with its number of details: what only SQLite makes, refused files, and structures that cannot
/// be read.
const ELSEWHERE: [(&str, usize); 18] = [
    ("store.sqlite", 1),
    ("store.sqlite_damaged", 1),
    ("store.sqlite_full", 1),
    ("store.sqlite_read_only", 1),
    ("import.not_a_file", 0),
    ("import.too_many_bytes", 2),
    ("import.neither", 0),
    ("import.metadata", 1),
    ("import.no_such_picture", 0),
    ("import.link_back", 1),
    ("import.unreadable", 1),
    ("structure.empty", 1),
    ("structure.too_long", 1),
    ("structure.no_diagram", 1),
    ("structure.syntax", 1),
    ("structure.unreadable", 1),
    ("structure.too_large", 1),
    ("structure.too_slow", 1),
];

#[test]
fn every_failure_has_its_sentence_and_every_sentence_its_failure() {
    let told: BTreeSet<String> = problems()
        .into_iter()
        .map(|problem| problem.named.unwrap().key)
        .chain(ELSEWHERE.map(|(key, _)| key.to_owned()))
        .collect();
    assert_eq!(told, keys_in_sources(), "this test has one of each");
    let errors = errors_json();
    let entries: BTreeSet<String> = errors["messages"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(told, entries, "errors.json has one of each");
}

#[test]
fn a_sentence_speaks_of_what_there_is() {
    let errors = errors_json();
    let check = |key: &str, details: &[String]| {
        let entry = &errors["messages"][key];
        for part in ["message", "help"] {
            let Some(text) = entry[part].as_str() else {
                continue;
            };
            for (index, words) in places(text) {
                let detail = details.get(index);
                let detail =
                    detail.unwrap_or_else(|| panic!("{key}: no detail {index} for {text}"));
                // A time is written as the window writes times.
                let known = words.filter(|words| *words != "time");
                // Several roles are one detail.
                let each = detail.split(if known == Some("role") { " " } else { "\0" });
                for detail in each {
                    let Some(list) = known else { continue };
                    let word = &errors["words"][list][detail];
                    assert!(
                        word.is_string(),
                        "{key}: no word for `{detail}` among {list}"
                    );
                }
            }
        }
    };
    for problem in problems() {
        let Named { key, details } = problem.named.unwrap();
        check(&key, &details);
        let has_help = errors["messages"][&key]["help"].is_string();
        assert_eq!(
            problem.help.is_some(),
            has_help || key == "question.not_ready",
            "{key}: {:?}",
            problem.help
        );
    }
    for (key, details) in ELSEWHERE {
        check(key, &vec![text(); details]);
    }
}

/// What stands in the sources as `name("words"`.
fn said_in(folder: &str, call: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            let call = format!("{call}(\"");
            let opened = source.split(&call).skip(1);
            found.extend(opened.map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
    found
}

#[test]
fn words_in_a_sentence_are_all_known() {
    let errors = errors_json();
    let known = |list: &str| -> BTreeSet<String> {
        errors["words"][list]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    let mut wanted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for folder in [
        "crates/store/src",
        "crates/interchange/src",
        "crates/provider/src/prompt",
    ] {
        wanted
            .entry("doing")
            .or_default()
            .extend(said_in(folder, "io"));
    }
    wanted.insert("needs", said_in("crates/store/src", "BadRegion"));
    wanted.insert("anchor", said_in("crates/store/src", "BadAnchor"));
    let mut settings = said_in("crates/domain/src", "in_range");
    settings.extend(said_in("crates/domain/src", "wrong"));
    // Given as an argument, not as the first one.
    settings.insert("max_side_px".to_owned());
    wanted.insert("setting", settings);
    for (list, words) in wanted {
        assert!(words.len() > 1, "{list}: {words:?}");
        let missing: Vec<_> = words.difference(&known(list)).cloned().collect();
        assert_eq!(missing, Vec::<String>::new(), "{list}");
    }
    let all: BTreeSet<String> = State::ALL.map(|state| state.as_str().to_owned()).into();
    assert_eq!(known("state"), all);
    assert_eq!(
        known("role"),
        Role::ALL.map(|role| role.as_str().to_owned()).into()
    );
    assert_eq!(
        known("level"),
        Level::ALL.map(|level| level.as_str().to_owned()).into()
    );
}

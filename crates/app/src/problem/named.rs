//! Failures by name: for each a key that never changes, and what it is about. A window that speaks another language
//! has its own sentence for each key; `ui/src/i18n/zh-CN/errors.json` is checked against what is named here.

use std::error::Error;
use std::fmt::Display;

use domain::{BadModel, BadPolicy, BadRequest, State, WrongState};
use provider::ProviderError;
use provider::key::KeyError;
use provider::prompt::PromptError;
use serde::{Deserialize, Serialize};
use specta::Type;
use store::Obstacle;

/// A failure's name, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Named {
    /// Its name, such as `store.claimed`.
    pub key: String,
    /// What it is about, in the order in which the message has it.
    pub details: Vec<String>,
}

impl Named {
    pub(crate) fn new(key: &str, details: &[&dyn Display]) -> Self {
        Self {
            key: key.to_owned(),
            details: details.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The name of a failure, where it is one that a person can meet.
pub(crate) fn of(cause: &(dyn Error + 'static)) -> Option<Named> {
    let store = cause.downcast_ref().map(of_store);
    store
        .or_else(|| cause.downcast_ref().map(of_interchange))
        .or_else(|| cause.downcast_ref().map(of_picture))
        .or_else(|| cause.downcast_ref().and_then(of_provider))
        .or_else(|| cause.downcast_ref().map(of_key))
        .or_else(|| cause.downcast_ref().map(of_prompt))
        .or_else(|| cause.downcast_ref().map(of_hub))
        .or_else(|| cause.downcast_ref().map(of_not_ready))
        .or_else(|| cause.downcast_ref().map(of_no_engine))
}

#[expect(clippy::too_many_lines, reason = "one list of names")]
fn of_store(error: &store::Error) -> Named {
    use store::Error as E;
    let named = Named::new;
    match error {
        E::NotAWorkspace(path) => named("store.not_a_workspace", &[&path.display()]),
        E::AlreadyAWorkspace(path) => named("store.already_a_workspace", &[&path.display()]),
        E::NewerDatabase { found, known, path } => {
            named("store.newer_database", &[found, known, &path.display()])
        }
        E::NoDiagram(id) => named("store.no_diagram", &[id]),
        E::AmbiguousDiagram(id) => named("store.ambiguous_diagram", &[id]),
        E::NoRegion { diagram, region } => named("store.no_region", &[diagram, region]),
        E::SlotRegion(slot) => named("store.slot_region", &[&slot.level.as_str()]),
        E::WrongState(wrong) => of_wrong_state(*wrong),
        E::ReadOnly(state) => named("store.read_only", &[&state.as_str()]),
        E::NothingToSubmit => named("store.nothing_to_submit", &[]),
        E::OpenConflict(level) => named("store.open_conflict", &[&level.as_str()]),
        E::NoConflict => named("store.no_conflict", &[]),
        E::NoModel(name) => named("store.no_model", &[name]),
        E::ModelNameTaken(name) => named("store.model_name_taken", &[name]),
        E::BadModel(bad) => of_bad_model(bad),
        E::NoJob(id) => named("store.no_job", &[id]),
        E::WrongJobState(wrong) => of_wrong_job_state(*wrong),
        E::BadRequest(bad) => of_bad_request(bad),
        E::NothingToDraft => named("store.nothing_to_draft", &[]),
        E::NothingToAsk => named("store.nothing_to_ask", &[]),
        E::DraftSize(bytes) => named("store.draft_size", &[bytes]),
        E::Json { column, source } => named("store.json", &[column, source]),
        E::Dangling(table) => named("store.dangling", &[table]),
        E::NotAllowed { person, roles } => {
            let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            named("store.not_allowed", &[person, &words.join(" ")])
        }
        E::NoDraft => named("store.no_draft", &[]),
        E::CaptionWritten => named("store.caption_written", &[]),
        E::NotAsRead => named("store.not_as_read", &[]),
        E::EmptyFix(level) => named("store.empty_fix", &[&level.as_str()]),
        E::NoDecision => named("store.no_decision", &[]),
        E::Claimed { person, until } => named("store.claimed", &[person, &until.to_rfc3339()]),
        E::WaitsForSecond => named("store.waits_for_second", &[]),
        E::NoPerson(name) => named("store.no_person", &[name]),
        E::PersonNameTaken(name) => named("store.person_name_taken", &[name]),
        E::LastLead => named("store.last_lead", &[]),
        E::BadPolicy(BadPolicy::Share(share)) => named("policy.share", &[share]),
        E::BadPolicy(BadPolicy::Lease(minutes)) => named("policy.lease", &[minutes]),
        E::BadRegion(needs) => named("store.bad_region", &[needs]),
        E::RegionNameTaken(name) => named("store.region_name_taken", &[name]),
        E::NoRevision(id) => named("store.no_revision", &[id]),
        E::EmptyReason => named("store.empty_reason", &[]),
        E::NoBulk => named("store.no_bulk", &[]),
        E::EmptyFilterName => named("store.empty_filter_name", &[]),
        E::NoTerm(id) => named("store.no_term", &[id]),
        E::EmptyTerm => named("store.empty_term", &[]),
        E::TermTaken(term) => named("store.term_taken", &[term]),
        E::NoQuestion(id) => named("store.no_question", &[id]),
        E::QuestionState(state) => named("store.question_state", &[&state.as_str()]),
        E::NotAProposal => named("store.not_a_proposal", &[]),
        E::NoThread(id) => named("store.no_thread", &[id]),
        E::EmptyComment => named("store.empty_comment", &[]),
        E::BadAnchor(about) => named("store.bad_anchor", &[about]),
        E::EmptyName(_) => named("store.empty_name", &[]),
        E::Busy { timeout_secs } => named("store.busy", &[timeout_secs]),
        E::Sqlite(source) => {
            let key = match error.obstacle() {
                Some(Obstacle::Full) => "store.sqlite_full",
                Some(Obstacle::ReadOnly | Obstacle::Denied) => "store.sqlite_read_only",
                Some(Obstacle::Damaged) => "store.sqlite_damaged",
                None => "store.sqlite",
            };
            named(key, &[source])
        }
        E::Io {
            doing,
            path,
            source,
        } => of_io(doing, path, source),
    }
}

/// A file that could not be read or written.
fn of_io(doing: &str, path: &std::path::Path, source: &std::io::Error) -> Named {
    let key = match Obstacle::of_io(source) {
        Some(Obstacle::Denied) => "io.denied",
        Some(Obstacle::Full) => "io.full",
        _ => "io.failed",
    };
    Named::new(key, &[&doing, &path.display(), source])
}

/// Named after what is to be done instead.
fn of_wrong_state(wrong: WrongState) -> Named {
    let key = match (wrong.from, wrong.to) {
        (State::Approved, State::InProgress | State::Submitted) => "state.reopen_first",
        (State::Submitted, State::InProgress | State::Submitted) => "state.waits_for_review",
        (State::Todo | State::InProgress | State::Returned, State::Approved) => {
            "state.submit_first"
        }
        (State::Skipped, _) => "state.left_out",
        (_, State::Skipped) => "state.takes_no_text",
        (_, State::Returned) => "state.not_handed_in",
        _ => "state.other",
    };
    Named::new(key, &[&wrong.from.as_str(), &wrong.to.as_str()])
}

fn of_wrong_job_state(wrong: domain::WrongJobState) -> Named {
    use domain::JobState;
    let key = match wrong.from {
        JobState::Done | JobState::Cancelled => "job.has_ended",
        JobState::Failed => "job.has_failed",
        JobState::Queued | JobState::Running | JobState::Paused => "job.other",
    };
    Named::new(key, &[&wrong.from.as_str(), &wrong.to.as_str()])
}

fn of_bad_model(bad: &BadModel) -> Named {
    let named = Named::new;
    match bad {
        BadModel::Name => named("model.name", &[]),
        BadModel::Location => named("model.location", &[]),
        BadModel::Url(url) => named("model.url", &[url]),
        BadModel::SecretInUrl => named("model.secret_in_url", &[]),
        BadModel::ServerModel => named("model.server_model", &[]),
        BadModel::KeySource => named("model.key_source", &[]),
        BadModel::Range {
            name,
            value,
            least,
            most,
        } => named("model.range", &[name, value, least, most]),
        BadModel::Device(device) => named("model.device", &[device]),
    }
}

fn of_bad_request(bad: &BadRequest) -> Named {
    let named = Named::new;
    match bad {
        BadRequest::NoLevels => named("request.no_levels", &[]),
        BadRequest::Ids => named("request.ids", &[]),
        BadRequest::Questions => named("request.questions", &[]),
        BadRequest::NoKinds => named("request.no_kinds", &[]),
        BadRequest::PerDiagram(count) => named("request.per_diagram", &[count]),
        BadRequest::Sampling(name) => named("request.sampling", &[name]),
    }
}

fn of_interchange(error: &interchange::Error) -> Named {
    use interchange::Error as E;
    let named = Named::new;
    match error {
        E::Store(error) => of_store(error),
        E::NotEmpty(path) => named("export.not_empty", &[&path.display()]),
        E::NotAFile(path) => named("export.not_a_file", &[&path.display()]),
        E::InsideWorkspace(path) => named("export.inside_workspace", &[&path.display()]),
        E::Damaged { number, name, path } => {
            named("export.damaged", &[number, name, &path.display()])
        }
        E::Missing { number, name, path } => {
            named("export.missing", &[number, name, &path.display()])
        }
        E::Extra { number, source } => named("export.extra", &[number, source]),
        E::Terms { path, problem } => named("terms.unreadable", &[&path.display(), problem]),
        E::Io {
            doing,
            path,
            source,
        } => of_io(doing, path, source),
    }
}

pub(crate) fn of_picture(refusal: &picture::Refusal) -> Named {
    use picture::Refusal as R;
    let named = Named::new;
    match refusal {
        R::Unreadable { reason } => named("picture.unreadable", &[reason]),
        R::NotAFile => named("picture.not_a_file", &[]),
        R::Empty => named("picture.empty", &[]),
        R::TooManyBytes { bytes, limit_bytes } => named(
            "picture.too_many_bytes",
            &[&mega(*bytes), &mega(*limit_bytes)],
        ),
        R::NotAPicture { found } => named("picture.not_a_picture", &[found]),
        R::Unsupported { what } => named("picture.unsupported", &[what]),
        R::TooManyPixels {
            width,
            height,
            limit_pixels,
        } => named(
            "picture.too_many_pixels",
            &[width, height, &mega(*limit_pixels)],
        ),
        R::TooMuchMemory { limit_bytes } => {
            named("picture.too_much_memory", &[&(limit_bytes >> 20)])
        }
        R::TooSlow { limit_ms } => named(
            "picture.too_slow",
            &[&format!("{}.{}", limit_ms / 1_000, limit_ms % 1_000 / 100)],
        ),
        R::Truncated { format } => named("picture.truncated", &[&format.name()]),
        R::Damaged { format, reason } => named("picture.damaged", &[&format.name(), reason]),
        R::Entities { entity } => named("picture.entities", &[entity]),
        R::TooManyElements => named("picture.too_many_elements", &[]),
        R::NoFonts => named("picture.no_fonts", &[]),
        R::Crashed { how } => named("picture.crashed", &[how]),
        R::NoWorker { reason } => named("picture.no_worker", &[reason]),
        R::NotWritten { reason } => named("picture.not_written", &[reason]),
    }
}

/// Millions, rounded up as the refusal itself does.
fn mega(count: u64) -> u64 {
    count.div_ceil(1_000_000)
}

/// `None` where the message is a model's own.
fn of_provider(error: &ProviderError) -> Option<Named> {
    use ProviderError as E;
    let named = Named::new;
    Some(match error {
        E::Config { setting, reason } => named("server.config", &[setting, reason]),
        E::Request(reason) => named("server.request", &[reason]),
        E::Key(error) => of_key(error),
        E::Dns { host } => named("server.dns", &[host]),
        E::Unreachable { server, reason } => named("server.unreachable", &[server, reason]),
        E::TimedOut { server, secs, .. } => named("server.timed_out", &[server, secs]),
        E::Unauthorized { server, status, .. } => named("server.unauthorized", &[server, status]),
        E::NotFound {
            server,
            model,
            reason,
        } => named("server.not_found", &[server, model, reason]),
        E::RateLimited { server, attempts } => named("server.rate_limited", &[server, attempts]),
        E::ServerFailed {
            server,
            status,
            attempts,
            reason,
        } => named("server.failed", &[server, status, attempts, reason]),
        E::ContextTooLong(reason) => named("server.context_too_long", &[reason]),
        E::RequestTooLarge { server } => named("server.request_too_large", &[server]),
        E::Refused {
            server,
            status,
            reason,
        } => named("server.refused", &[server, status, reason]),
        E::Redirected { server, to } => named("server.redirected", &[server, to]),
        E::Malformed { server, reason } => named("server.malformed", &[server, reason]),
        E::Cut { server } => named("server.cut", &[server]),
        E::AnswerTooLarge { server, limit_mib } => {
            named("server.answer_too_large", &[server, limit_mib])
        }
        E::Local { .. } => return None,
    })
}

fn of_key(error: &KeyError) -> Named {
    let named = Named::new;
    match error {
        KeyError::NotSet(name) => named("key.not_set", &[name]),
        KeyError::NoEntry(name) => named("key.no_entry", &[name]),
        KeyError::Unusable(name) => named("key.unusable", &[name]),
        KeyError::NoKeyring(reason) => named("key.no_keyring", &[reason]),
        KeyError::Refused(reason) => named("key.refused", &[reason]),
    }
}

fn of_prompt(error: &PromptError) -> Named {
    match error {
        PromptError::Io { what, path, source } => {
            Named::new("prompt.io", &[what, &path.display(), source])
        }
        PromptError::Wrong { path, line, reason } => {
            Named::new("prompt.wrong", &[&path.display(), line, reason])
        }
    }
}

pub(crate) fn of_hub(error: &hub::Error) -> Named {
    use hub::Error as E;
    let named = Named::new;
    match error {
        E::NoModel(name) => named("hub.no_model", &[name]),
        E::NotAModel { found, path } => named("hub.not_a_model", &[found, &path.display()]),
        E::Missing { file, dir } => named("hub.missing", &[file, &dir.display()]),
        E::Unfinished(path) => named("hub.unfinished", &[&path.display()]),
        E::Malformed { why, path } => named("hub.malformed", &[why, &path.display()]),
        E::Io { path, source } => named("hub.io", &[&path.display(), source]),
    }
}

fn of_not_ready(not_ready: &crate::NotReady) -> Named {
    Named::new("question.not_ready", &[&not_ready.0.len()])
}

fn of_no_engine(no_engine: &crate::NoEngine) -> Named {
    Named::new("engine.not_there", &[&no_engine.path().display()])
}

#[cfg(test)]
mod tests;

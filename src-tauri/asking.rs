//! The page's commands around questions. Wiring, as in `commands`.

use app::domain::{
    AnswerRequest, DiagramId, Finding, Job, ProposeRequest, Question, QuestionContent,
    QuestionCoverage, QuestionEntry, QuestionFilter, QuestionId, QuestionPage, QuestionRevision,
    QuestionSaved, QuestionTrial, RevisionId,
};

use crate::commands::{Answer, Shared};

#[tauri::command(async)]
#[specta::specta]
pub fn questions(
    desk: Shared<'_>,
    filter: QuestionFilter,
    offset: u32,
    limit: u32,
) -> Answer<QuestionPage> {
    Ok(desk.session()?.questions(&filter, offset, limit)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn question(desk: Shared<'_>, id: QuestionId) -> Answer<Question> {
    Ok(desk.session()?.question(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn add_question(desk: Shared<'_>, id: DiagramId, content: QuestionContent) -> Answer<Question> {
    Ok(desk.session()?.add_question(&id, &content)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn save_question(desk: Shared<'_>, entry: QuestionEntry) -> Answer<QuestionSaved> {
    Ok(desk.session()?.save_question(&entry)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn commit_question(desk: Shared<'_>, id: QuestionId) -> Answer<Question> {
    Ok(desk.session()?.commit_question(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn take_up_question(desk: Shared<'_>, id: QuestionId) -> Answer<Question> {
    Ok(desk.session()?.take_up_question(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn make_question_ready(desk: Shared<'_>, id: QuestionId) -> Answer<Question> {
    Ok(desk.session()?.make_question_ready(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn reject_question(desk: Shared<'_>, id: QuestionId, reason: String) -> Answer<Question> {
    Ok(desk.session()?.reject_question(&id, &reason)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn restore_question(
    desk: Shared<'_>,
    id: QuestionId,
    revision: RevisionId,
) -> Answer<Question> {
    Ok(desk.session()?.restore_question(&id, &revision)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn question_revisions(desk: Shared<'_>, id: QuestionId) -> Answer<Vec<QuestionRevision>> {
    Ok(desk.session()?.question_revisions(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn question_trials(desk: Shared<'_>, id: QuestionId) -> Answer<Vec<QuestionTrial>> {
    Ok(desk.session()?.question_trials(&id)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn check_question(
    desk: Shared<'_>,
    id: QuestionId,
    content: QuestionContent,
) -> Answer<Vec<Finding>> {
    Ok(desk.session()?.check_question(&id, &content)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn answer_question(desk: Shared<'_>, id: QuestionId, answer: String) -> Answer<QuestionTrial> {
    Ok(desk.session()?.answer_question(&id, &answer)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn question_categories(desk: Shared<'_>) -> Answer<Vec<String>> {
    Ok(desk.session()?.question_categories()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn question_coverage(desk: Shared<'_>) -> Answer<QuestionCoverage> {
    Ok(desk.session()?.question_coverage()?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn queue_proposals(desk: Shared<'_>, request: ProposeRequest) -> Answer<Job> {
    Ok(desk.session()?.queue_proposals(&request)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn queue_answers(desk: Shared<'_>, request: AnswerRequest) -> Answer<Job> {
    Ok(desk.session()?.queue_answers(&request)?)
}

#[tauri::command(async)]
#[specta::specta]
pub fn queue_blind_check(desk: Shared<'_>, id: QuestionId) -> Answer<Option<Job>> {
    Ok(desk.session()?.queue_blind_check(&id)?)
}

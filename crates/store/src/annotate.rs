//! Writing captions: the working copy while somebody types, revisions when they pause or leave,
//! and what happens when the chain has moved meanwhile.
//!
//! A head only ever moves to a revision written on top of it. Text written on an older base is kept
//! as a revision of its own beside the head, and a conflict is opened for its author to settle.

use domain::{
    Action, Committed, Diagram, DiagramId, Draft, DraftId, JournalEntry, Keep, PersonId, Reason,
    Revision, RevisionId, Role, Saved, Slot, SpanLink, State, SubmitNote, Timestamp,
};
use rusqlite::{Connection, Transaction};

use crate::table::annotation::{self, Annotation};
use crate::table::revision::{self, NewRevision};
use crate::table::working_copy::{self, WorkingCopy};
use crate::table::{audit, conflict, diagram, draft, region};
use crate::{Error, Result, access, claims, people, regressions, submissions};

/// Who acts, and when.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The acting person.
    pub person: &'a PersonId,
    /// The moment.
    pub at: Timestamp,
}

/// Writes what is being typed over what was typed before, and begins the diagram.
///
/// When another window wrote in between (`entry.version` is not the stored one), its text is first kept
/// as a revision. Nothing is ever overwritten that exists nowhere else. Where the diagram takes no text of
/// this person now, because somebody else holds it or it was handed in meanwhile, the words are kept in the
/// person's own working copy all the same, and nothing else changes.
///
/// # Errors
/// [`Error::NoDiagram`], [`Error::SlotRegion`], [`Error::NoRegion`].
pub fn journal(tx: &Transaction<'_>, by: By<'_>, entry: &JournalEntry) -> Result<Saved> {
    let diagram = diagram::get(tx, &entry.slot.diagram_id)?;
    let takes_text = access::refusal(tx, by, &diagram)?.is_none();
    if takes_text {
        start(tx, by, &diagram)?;
    }
    let annotation = annotation::find_or_insert(tx, &entry.slot, by.person)?;
    let version = working_copy::get(tx, &annotation.id)?.map_or(0, |copy| copy.version);
    if version != entry.version {
        keep_typed(tx, by, &entry.slot)?;
    }
    let head = head(tx, &entry.slot, by.person)?;
    // A revision made while this entry was under way is its base, though the entry cannot name it.
    let base = working_copy::get(tx, &annotation.id)?
        .filter(|copy| copy.version == entry.version || copy.text == entry.text)
        .filter(|_| entry.base_revision != head)
        .map_or(entry.base_revision.clone(), |copy| copy.base_revision_id)
        // An acceptance that was taken back is no base.
        .filter(|_| head.is_some());
    let copy = WorkingCopy {
        text: entry.text.clone(),
        links: links_within(tx, &entry.slot, &entry.links, &entry.text)?,
        editor_state: entry.editor_state.clone(),
        base_revision_id: base,
        version: version + 1,
        updated_at: by.at,
    };
    working_copy::put(tx, &annotation.id, &copy)?;
    let open = conflict::open(tx, &annotation.id, head.as_ref())?;
    if takes_text && head != copy.base_revision_id && open.is_none() {
        keep_typed(tx, by, &entry.slot)?;
    }
    let now = outcome(tx, by, &entry.slot)?;
    Ok(Saved {
        version: now.version,
        base_revision: now.base_revision,
        at: by.at,
        conflict: now.conflict,
        state: now.state,
    })
}

/// Makes a revision of the working copy, if it says something its base does not. Where the diagram takes no
/// text of this person now, the words stay in the working copy, so that leaving never fails for that.
///
/// # Errors
/// [`Error::NoDiagram`].
pub fn commit(tx: &Transaction<'_>, by: By<'_>, slot: &Slot) -> Result<Committed> {
    let diagram = diagram::get(tx, &slot.diagram_id)?;
    if access::refusal(tx, by, &diagram)?.is_none() {
        keep_typed(tx, by, slot)?;
    }
    outcome(tx, by, slot)
}

/// As [`commit`], whatever the diagram takes.
fn keep_typed(tx: &Transaction<'_>, by: By<'_>, slot: &Slot) -> Result<()> {
    if let Some(annotation) = annotation::find(tx, slot, by.person)?
        && let Some(mut copy) = working_copy::get(tx, &annotation.id)?
        && is_dirty(tx, slot, &copy)?
    {
        let base = copy.base_revision_id.take();
        let head_text = text_of(tx, annotation.head.as_ref())?;
        copy.base_revision_id = Some(if base == annotation.head {
            move_head(tx, by, &annotation, &copy.text, &copy.links)?
        } else if let Some(head) = annotation
            .head
            .clone()
            .filter(|_| head_text == copy.text && copy.links.is_empty())
        {
            head
        } else {
            set_aside(tx, by, &annotation, base.as_ref(), &copy)?
        });
        working_copy::put(tx, &annotation.id, &copy)?;
    }
    Ok(())
}

/// Makes a revision of a whole new text, on top of the head, as a command does.
///
/// Text that a window has typed meanwhile is set aside, so its author sees both.
///
/// # Errors
/// As [`journal`].
pub fn revise(
    tx: &Transaction<'_>,
    by: By<'_>,
    slot: &Slot,
    text: &str,
    links: &[SpanLink],
) -> Result<Committed> {
    begin(tx, by, &slot.diagram_id)?;
    let links = links_within(tx, slot, links, text)?;
    let annotation = annotation::find_or_insert(tx, slot, by.person)?;
    let copy = working_copy::get(tx, &annotation.id)?;
    let dirty = match &copy {
        Some(copy) => is_dirty(tx, slot, copy)?,
        None => false,
    };
    let contested = conflict::open(tx, &annotation.id, annotation.head.as_ref())?.is_some();
    let unchanged = match &annotation.head {
        Some(head) => {
            let head = revision::get(tx, head)?;
            head.text == text && head.links == links
        }
        None => false,
    };
    // What is being typed must not land on this text as if it had been written on top of it.
    if dirty || !unchanged {
        move_head(tx, by, &annotation, text, &links)?;
    }
    match copy {
        Some(_) if dirty || contested => return commit(tx, by, slot),
        Some(copy) => show_head(tx, by, slot, &annotation, copy.version)?,
        None => {}
    }
    outcome(tx, by, slot)
}

/// A number, 0–1, that says how alike two texts are.
pub type Measure<'a> = &'a dyn Fn(&str, &str) -> f64;

/// How texts are compared; the words of a language are not known here.
#[derive(Clone, Copy)]
pub struct Measures<'a> {
    /// Share of the first text's words that are in the second, 0–1.
    pub kept: Measure<'a>,
    /// How far two texts agree, 0–1, whichever comes first.
    pub agreement: Measure<'a>,
}

/// Hands the diagram in: everything the person wrote is committed, save captions of regions that were taken
/// away; the caption in `slot` counts as accepted when only the draft that `note` names stands there.
///
/// # Errors
/// [`Error::WrongState`], [`Error::Claimed`], [`Error::WaitsForSecond`], [`Error::OpenConflict`],
/// [`Error::NothingToSubmit`].
pub fn submit(
    tx: &Transaction<'_>,
    by: By<'_>,
    slot: &Slot,
    note: &SubmitNote,
    measures: Measures<'_>,
) -> Result<Committed> {
    people::require(tx, by.person, Role::Annotator)?;
    let diagram = diagram::get(tx, &slot.diagram_id)?;
    let state = diagram.state.step(State::Submitted)?;
    if let Some(refused) = access::refusal(tx, by, &diagram)? {
        return Err(refused);
    }
    claims::hold(tx, by, &diagram)?;
    accept_seen(tx, by, slot, note)?;
    let submitted = hand_in(tx, by, &diagram, note, measures)?;
    if submitted.is_empty() {
        return Err(Error::NothingToSubmit);
    }
    let complete = !diagram.second || submissions::is_second_in(tx, &diagram.id)?;
    let state = if complete { state } else { State::InProgress };
    if diagram.second && complete {
        submissions::compare(tx, &diagram.id, measures.agreement)?;
    }
    regressions::note(tx, &diagram.id, measures.agreement)?;
    diagram::set_state(tx, &slot.diagram_id, state)?;
    if complete && (diagram.second || diagram.draft_hidden) {
        // Now everybody may find their words.
        diagram::index_words(tx, &diagram.id)?;
    }
    diagram::set_return_reason(tx, &slot.diagram_id, None)?;
    claims::end(tx, &diagram.id)?;
    let revisions = submitted.join(" ");
    let event = Action::Submit
        .on(slot.diagram_id.as_str())
        .before(Some(diagram.state.as_str()))
        .after(state.as_str())
        .note(&revisions);
    audit::append(tx, by.at, by.person, &event)?;
    outcome(tx, by, slot)
}

/// Hands in the person's captions, and says which revisions they are.
fn hand_in(
    tx: &Transaction<'_>,
    by: By<'_>,
    diagram: &Diagram,
    note: &SubmitNote,
    measures: Measures<'_>,
) -> Result<Vec<String>> {
    let regions = region::of_diagram(tx, &diagram.id)?;
    let is_there = |slot: &Slot| {
        let Some(id) = &slot.region_id else {
            return true;
        };
        regions.iter().any(|region| region.id == *id)
    };
    let hides_drafts = access::hides_drafts(tx, diagram)?;
    let mut submitted = Vec::new();
    for mine in annotation::of_diagram(tx, &diagram.id)? {
        if mine.annotator_id != *by.person {
            continue;
        }
        if !is_there(&mine.slot) {
            annotation::set_submitted(tx, &mine.id, None)?;
            continue;
        }
        keep_typed(tx, by, &mine.slot)?;
        let committed = outcome(tx, by, &mine.slot)?;
        if committed.conflict.is_some() {
            return Err(Error::OpenConflict(mine.slot.level));
        }
        let Some(head) = committed.head_revision else {
            continue;
        };
        // A caption that was emptied takes back what was handed in before.
        let written = !text_of(tx, Some(&head))?.trim().is_empty();
        let handed_in = written.then_some((&head, by.at));
        annotation::set_submitted(tx, &mine.id, handed_in)?;
        if written {
            let facts = (&mine, &head);
            submissions::record(tx, by, hides_drafts, facts, note, measures.kept)?;
            submitted.push(head.to_string());
        }
    }
    Ok(submitted)
}

/// Settles a conflict. The text that loses stays in the chain.
///
/// # Errors
/// [`Error::NoConflict`]; [`Error::ReadOnly`] when the diagram takes no text.
pub fn resolve(tx: &Transaction<'_>, by: By<'_>, slot: &Slot, keep: Keep) -> Result<Committed> {
    begin(tx, by, &slot.diagram_id)?;
    keep_typed(tx, by, slot)?;
    let annotation = annotation::find(tx, slot, by.person)?.ok_or(Error::NoConflict)?;
    let open =
        conflict::open(tx, &annotation.id, annotation.head.as_ref())?.ok_or(Error::NoConflict)?;
    let version = working_copy::get(tx, &annotation.id)?.map_or(0, |copy| copy.version);
    let kept = match keep {
        Keep::Mine => {
            let links = revision::get(tx, &open.mine)?.links;
            let mine = move_head(tx, by, &annotation, &open.mine_text, &links)?;
            match working_copy::get(tx, &annotation.id)? {
                Some(mut copy) if copy.text == open.mine_text => {
                    copy.base_revision_id = Some(mine.clone());
                    working_copy::put(tx, &annotation.id, &copy)?;
                }
                _ => show_head(tx, by, slot, &annotation, version)?,
            }
            mine
        }
        Keep::Theirs => {
            show_head(tx, by, slot, &annotation, version)?;
            open.theirs
        }
    };
    conflict::resolve(tx, &annotation.id, by.at)?;
    let event = Action::Resolve
        .on(slot.diagram_id.as_str())
        .before(Some(open.mine.as_str()))
        .after(kept.as_str());
    audit::append(tx, by.at, by.person, &event)?;
    outcome(tx, by, slot)
}

/// Whether a working copy says something its base does not. Without a base, that is the draft.
pub(crate) fn is_dirty(connection: &Connection, slot: &Slot, copy: &WorkingCopy) -> Result<bool> {
    let (text, links) = match &copy.base_revision_id {
        Some(base) => {
            let base = revision::get(connection, base)?;
            (base.text, base.links)
        }
        None => {
            let draft = draft_in_view(connection, slot)?;
            (
                draft.map_or_else(String::new, |draft| draft.text),
                Vec::new(),
            )
        }
    };
    Ok(text != copy.text || links != copy.links)
}

/// The links that lie within the text and lead to regions of the diagram, in order. Regions that were taken away
/// count: bringing them back brings the links back.
fn links_within(
    connection: &Connection,
    slot: &Slot,
    links: &[SpanLink],
    text: &str,
) -> Result<Vec<SpanLink>> {
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let known = region::ids_ever(connection, &slot.diagram_id)?;
    let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let mut links: Vec<SpanLink> = links
        .iter()
        .filter(|link| link.start < link.end && link.end <= length)
        .filter(|link| known.contains(&link.region_id))
        .cloned()
        .collect();
    links.sort_by_key(|link| (link.start, link.end));
    Ok(links)
}

/// Marks the diagram as begun by somebody who holds it now, or refuses to write to it.
pub(crate) fn begin(tx: &Transaction<'_>, by: By<'_>, id: &DiagramId) -> Result<()> {
    let diagram = diagram::get(tx, id)?;
    match access::refusal(tx, by, &diagram)? {
        Some(refused) => Err(refused),
        None => start(tx, by, &diagram),
    }
}

fn start(tx: &Transaction<'_>, by: By<'_>, diagram: &Diagram) -> Result<()> {
    claims::hold(tx, by, diagram)?;
    if diagram.state == State::InProgress {
        return Ok(());
    }
    diagram::set_state(tx, &diagram.id, State::InProgress)?;
    let event = Action::Begin
        .on(diagram.id.as_str())
        .before(Some(diagram.state.as_str()))
        .after(State::InProgress.as_str());
    audit::append(tx, by.at, by.person, &event)
}

/// The draft that stands beside a caption: the newest, unless drafts of this diagram are hidden.
pub(crate) fn draft_in_view(connection: &Connection, slot: &Slot) -> Result<Option<Draft>> {
    let diagram = diagram::get(connection, &slot.diagram_id)?;
    if access::hides_drafts(connection, &diagram)? {
        return Ok(None);
    }
    draft::newest(connection, slot)
}

/// Makes a draft that the person saw the text of an untouched caption: its first revision.
///
/// # Errors
/// As [`journal`], [`Error::ReadOnly`], [`Error::Claimed`]; [`Error::NoDraft`] when the caption has no such
/// draft to see; [`Error::CaptionWritten`] when it has another text of its own.
pub fn accept(tx: &Transaction<'_>, by: By<'_>, slot: &Slot, draft: &DraftId) -> Result<Committed> {
    begin(tx, by, &slot.diagram_id)?;
    let annotation = annotation::find_or_insert(tx, slot, by.person)?;
    let draft = seen_draft(tx, slot, draft)?.ok_or(Error::NoDraft)?;
    if is_touched(tx, slot, &annotation)? {
        if text_of(tx, annotation.head.as_ref())? == draft.text {
            return outcome(tx, by, slot);
        }
        return Err(Error::CaptionWritten);
    }
    let id = insert_revision(tx, by, &annotation, None, (&draft.text, &[]), Some(&draft))?;
    point_head(tx, by, &annotation, &id)?;
    let version = working_copy::get(tx, &annotation.id)?.map_or(0, |copy| copy.version);
    show_head(tx, by, slot, &annotation, version)?;
    outcome(tx, by, slot)
}

/// Takes back that a draft was accepted, as long as nothing was written on top of it.
///
/// # Errors
/// [`Error::ReadOnly`], [`Error::Claimed`]; [`Error::CaptionWritten`] when there is more than the acceptance.
pub fn take_back(tx: &Transaction<'_>, by: By<'_>, slot: &Slot) -> Result<Committed> {
    begin(tx, by, &slot.diagram_id)?;
    let annotation = annotation::find(tx, slot, by.person)?.ok_or(Error::CaptionWritten)?;
    let head = annotation.head.clone().ok_or(Error::CaptionWritten)?;
    let revision = revision::get(tx, &head)?;
    let typed = match working_copy::get(tx, &annotation.id)? {
        Some(copy) => is_dirty(tx, slot, &copy)?,
        None => false,
    };
    let accepted = revision.parent_id.is_none() && accepts_draft(tx, slot, &revision)?;
    if typed || !accepted || annotation.submitted.is_some() {
        return Err(Error::CaptionWritten);
    }
    annotation::forget_head(tx, &annotation.id)?;
    diagram::index_words(tx, &slot.diagram_id)?;
    let event = Action::Revise
        .on(slot.diagram_id.as_str())
        .before(Some(head.as_str()));
    audit::append(tx, by.at, by.person, &event)?;
    outcome(tx, by, slot)
}

/// Whether a revision says what the draft beside it says, and nothing else.
pub(crate) fn accepts_draft(
    connection: &Connection,
    slot: &Slot,
    revision: &Revision,
) -> Result<bool> {
    let Some(id) = revision::draft_id(connection, &revision.id)? else {
        return Ok(false);
    };
    let draft = draft::of_slot(connection, slot, &id)?;
    Ok(draft.is_some_and(|draft| draft.text == revision.text))
}

/// A draft of the caption that is not hidden.
fn seen_draft(connection: &Connection, slot: &Slot, id: &DraftId) -> Result<Option<Draft>> {
    match draft_in_view(connection, slot)? {
        Some(_) => draft::of_slot(connection, slot, id),
        None => Ok(None),
    }
}

/// Whether the caption has a text of its own, in its chain or being typed.
fn is_touched(connection: &Connection, slot: &Slot, annotation: &Annotation) -> Result<bool> {
    if annotation.head.is_some() {
        return Ok(true);
    }
    match working_copy::get(connection, &annotation.id)? {
        Some(copy) => is_dirty(connection, slot, &copy),
        None => Ok(false),
    }
}

/// Accepts the draft that stood in the untouched caption on the screen; one that came unseen is never handed in.
fn accept_seen(tx: &Transaction<'_>, by: By<'_>, slot: &Slot, note: &SubmitNote) -> Result<()> {
    let annotation = annotation::find_or_insert(tx, slot, by.person)?;
    let Some(id) = &note.draft_id else {
        return Ok(());
    };
    if is_touched(tx, slot, &annotation)? || seen_draft(tx, slot, id)?.is_none() {
        return Ok(());
    }
    accept(tx, by, slot, id).map(drop)
}

/// Writes a text on top of the head, whatever is being typed, which the caller has committed.
pub(crate) fn put_on_top(
    tx: &Transaction<'_>,
    by: By<'_>,
    slot: &Slot,
    text: &str,
    links: &[SpanLink],
) -> Result<Committed> {
    let annotation = annotation::find_or_insert(tx, slot, by.person)?;
    let same = match &annotation.head {
        Some(head) => {
            let head = revision::get(tx, head)?;
            head.text == text && head.links == links
        }
        None => false,
    };
    if !same {
        move_head(tx, by, &annotation, text, links)?;
    }
    let version = working_copy::get(tx, &annotation.id)?.map_or(0, |copy| copy.version);
    show_head(tx, by, slot, &annotation, version)?;
    outcome(tx, by, slot)
}

fn move_head(
    tx: &Transaction<'_>,
    by: By<'_>,
    annotation: &Annotation,
    text: &str,
    links: &[SpanLink],
) -> Result<RevisionId> {
    let beside = draft_in_view(tx, &annotation.slot)?;
    let parent = annotation.head.as_ref();
    let id = insert_revision(tx, by, annotation, parent, (text, links), beside.as_ref())?;
    point_head(tx, by, annotation, &id)?;
    Ok(id)
}

fn point_head(
    tx: &Transaction<'_>,
    by: By<'_>,
    annotation: &Annotation,
    id: &RevisionId,
) -> Result<()> {
    annotation::set_head(tx, &annotation.id, id)?;
    diagram::index_words(tx, &annotation.slot.diagram_id)?;
    let event = Action::Revise
        .on(annotation.slot.diagram_id.as_str())
        .before(annotation.head.as_ref().map(RevisionId::as_str))
        .after(id.as_str());
    audit::append(tx, by.at, by.person, &event)
}

fn set_aside(
    tx: &Transaction<'_>,
    by: By<'_>,
    annotation: &Annotation,
    base: Option<&RevisionId>,
    copy: &WorkingCopy,
) -> Result<RevisionId> {
    let beside = draft_in_view(tx, &annotation.slot)?;
    let text = (copy.text.as_str(), copy.links.as_slice());
    let id = insert_revision(tx, by, annotation, base, text, beside.as_ref())?;
    conflict::insert(tx, &annotation.id, &id, by.at)?;
    let event = Action::Conflict
        .on(annotation.slot.diagram_id.as_str())
        .before(annotation.head.as_ref().map(RevisionId::as_str))
        .after(id.as_str());
    audit::append(tx, by.at, by.person, &event)?;
    Ok(id)
}

fn insert_revision(
    tx: &Transaction<'_>,
    by: By<'_>,
    annotation: &Annotation,
    parent: Option<&RevisionId>,
    (text, links): (&str, &[SpanLink]),
    beside: Option<&Draft>,
) -> Result<RevisionId> {
    revision::insert(
        tx,
        &NewRevision {
            annotation_id: &annotation.id,
            parent_id: parent,
            draft_id: beside.map(|draft| &draft.id),
            text,
            links,
            author_id: by.person,
            at: by.at,
        },
    )
}

/// Puts the head's text before the editor, on top of version `version`.
fn show_head(
    tx: &Transaction<'_>,
    by: By<'_>,
    slot: &Slot,
    annotation: &Annotation,
    version: u32,
) -> Result<()> {
    let head = head(tx, slot, by.person)?;
    let (text, links) = match &head {
        Some(id) => {
            let revision = revision::get(tx, id)?;
            (revision.text, revision.links)
        }
        None => (String::new(), Vec::new()),
    };
    let copy = WorkingCopy {
        text,
        links,
        editor_state: None,
        base_revision_id: head,
        version: version + 1,
        updated_at: by.at,
    };
    working_copy::put(tx, &annotation.id, &copy)
}

fn outcome(tx: &Transaction<'_>, by: By<'_>, slot: &Slot) -> Result<Committed> {
    let state = diagram::get(tx, &slot.diagram_id)?.state;
    let Some(annotation) = annotation::find(tx, slot, by.person)? else {
        return Ok(Committed {
            head_revision: None,
            version: 0,
            base_revision: None,
            conflict: None,
            state,
        });
    };
    let copy = working_copy::get(tx, &annotation.id)?;
    Ok(Committed {
        version: copy.as_ref().map_or(0, |copy| copy.version),
        base_revision: match copy {
            Some(copy) => copy.base_revision_id,
            None => annotation.head.clone(),
        },
        conflict: conflict::open(tx, &annotation.id, annotation.head.as_ref())?,
        head_revision: annotation.head,
        state,
    })
}

fn head(connection: &Connection, slot: &Slot, person: &PersonId) -> Result<Option<RevisionId>> {
    Ok(annotation::find(connection, slot, person)?.and_then(|annotation| annotation.head))
}

fn text_of(connection: &Connection, revision: Option<&RevisionId>) -> Result<String> {
    match revision {
        Some(id) => Ok(revision::get(connection, id)?.text),
        None => Ok(String::new()),
    }
}

/// A lead's own wording of a caption under review: a revision of the lead's, on top of theirs.
pub(crate) fn lead_revision(
    tx: &Transaction<'_>,
    by: By<'_>,
    slot: &Slot,
    text: &str,
    links: &[SpanLink],
) -> Result<RevisionId> {
    let links = links_within(tx, slot, links, text)?;
    let annotation = annotation::find_or_insert(tx, slot, by.person)?;
    let known = match &annotation.head {
        Some(head) => {
            let head = revision::get(tx, head)?;
            (head.text == text && head.links == links).then_some(head.id)
        }
        None => None,
    };
    let id = match known {
        Some(head) => head,
        None => move_head(tx, by, &annotation, text, &links)?,
    };
    let version = working_copy::get(tx, &annotation.id)?.map(|copy| copy.version);
    if let Some(version) = version {
        show_head(tx, by, slot, &annotation, version)?;
    }
    Ok(id)
}

/// Says why the acting person changed the draft of a caption: these reasons and no others.
///
/// # Errors
/// [`Error::ReadOnly`], [`Error::NoDiagram`].
pub fn set_reasons(
    tx: &Transaction<'_>,
    by: By<'_>,
    slot: &Slot,
    reasons: &[Reason],
) -> Result<Vec<Reason>> {
    begin(tx, by, &slot.diagram_id)?;
    let annotation = annotation::find_or_insert(tx, slot, by.person)?;
    let before = annotation::reasons(tx, &annotation.id)?;
    tx.execute(
        "DELETE FROM annotation_reason WHERE annotation_id = ?1",
        [annotation.id.as_str()],
    )?;
    for reason in reasons {
        tx.prepare_cached("INSERT OR IGNORE INTO annotation_reason (annotation_id, reason, at) VALUES (?1, ?2, ?3)")?
            .execute((annotation.id.as_str(), reason.as_str(), by.at.millis()))?;
    }
    let after = annotation::reasons(tx, &annotation.id)?;
    if before != after {
        let words = |reasons: &[Reason]| -> String {
            let words: Vec<&str> = reasons.iter().map(|reason| reason.as_str()).collect();
            words.join(" ")
        };
        let (before, after) = (words(&before), words(&after));
        let event = Action::Reasons
            .on(slot.diagram_id.as_str())
            .before(Some(&before))
            .after(&after)
            .note(slot.level.as_str());
        audit::append(tx, by.at, by.person, &event)?;
    }
    Ok(after)
}

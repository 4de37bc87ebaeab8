//! Diagrams, their pictures, and the queue in which experts meet them.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{
    Action, Caption, Claim, DiagramId, Draft, PersonId, Reason, Region, Span, State, Thread,
    Timestamp,
};

/// A picture kept by the hash of its original bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Image {
    /// SHA-256 of the original file, 64 lower-case hex digits.
    pub hash: String,
    /// File format of the original: `png`, `jpeg`, `webp`, `gif`, `bmp`, `tiff` or `svg`.
    pub format: String,
    /// Upright width in pixels.
    pub width: u32,
    /// Upright height in pixels.
    pub height: u32,
    /// Size of the original file in bytes; at most 4 GiB.
    pub bytes: u32,
}

/// How a picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum View {
    /// The original file, as it is.
    Original,
    /// One upright PNG made from the original.
    Whole,
    /// A pyramid of square PNG tiles in the levels of the Deep Zoom format, without overlap.
    Tiles {
        /// Side of a tile in pixels.
        tile_px: u32,
    },
}

/// A diagram: a picture, what is known of it, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Diagram {
    /// Its name for machines.
    pub id: DiagramId,
    /// Its number in the queue, from 1, in order of import.
    pub number: u32,
    /// The file's name when it was imported.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// Its picture.
    pub image: Image,
    /// How the picture is shown.
    pub view: View,
    /// Text around the figure in its source; paragraphs are parted by blank lines.
    pub context: String,
    /// Where the figure was published.
    pub source: Option<String>,
    /// Licence under which it was published.
    pub license: Option<String>,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// What kind of diagram it is, such as `sequence`; empty where nobody said.
    pub kind: String,
    /// Its place in the lead's plan, from 0.
    pub plan: Option<u32>,
    /// Whether a second person captions it without seeing the first one's text.
    pub second: bool,
    /// Whether its draft is hidden from annotators until it is submitted.
    pub draft_hidden: bool,
    /// Why it is left out of the work; only in [`State::Skipped`].
    pub skip_reason: Option<String>,
}

/// Which part of the queue is looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct QueueFilter {
    /// Only diagrams in this state.
    pub state: Option<State>,
    /// Only diagrams whose name, captions or context hold all of these words.
    pub search: String,
    /// What comes first.
    #[serde(default)]
    pub order: QueueOrder,
    /// Only diagrams of this kind; empty text for those whose kind is not known.
    #[serde(default)]
    pub kind: Option<String>,
    /// Only diagrams in which this person wrote.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// Only diagrams where somebody gave this reason for changing a draft.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// Only diagrams with this mark.
    #[serde(default)]
    pub mark: Option<QueueMark>,
    /// Only diagrams with which this was done.
    #[serde(default)]
    pub done: Option<Done>,
    /// Only diagrams of which a caption was handed in so.
    #[serde(default)]
    pub handed_in: Option<HandedIn>,
}

/// A step that somebody took with a diagram, as the audit log has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Done {
    /// Which: [`Action::Submit`], [`Action::Approve`], [`Action::Return`] or another step with a diagram.
    pub action: Action,
    /// Only by this person.
    #[serde(default)]
    pub by: Option<PersonId>,
    /// Only then.
    #[serde(default)]
    pub within: Option<Span>,
}

/// What a caption that was handed in had to do with its draft: each caption counts as it was handed in last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct HandedIn {
    /// Whether its author saw a draft.
    pub draft: DraftCondition,
    /// Only where a lead sent it back.
    #[serde(default)]
    pub returned: bool,
}

/// What an author saw of a model's draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum DraftCondition {
    /// It stood beside the text.
    Shown,
    /// There was one, and it was hidden.
    Hidden,
    /// There was none.
    None,
}

impl DraftCondition {
    /// The name used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Hidden => "hidden",
            Self::None => "none",
        }
    }
}

/// What can be true of a diagram besides its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum QueueMark {
    /// The acting person may take it up: nobody else holds it, and it takes text.
    Free,
    /// The acting person holds it.
    Mine,
    /// Somebody else holds it.
    Taken,
    /// It was sent back to the acting person.
    ReturnedToMe,
    /// Two texts of one caption wait to be settled.
    Conflict,
    /// A second person captions it.
    Second,
    /// Its draft is hidden from annotators.
    DraftHidden,
    /// A caption was handed in, last, word for word as the draft that stood beside it.
    DraftUnchanged,
    /// A conversation is open.
    OpenThread,
    /// It has a ready question; synthetic ones do not count.
    HasQuestion,
    /// It has no ready question but synthetic ones.
    NoQuestion,
    /// It is in the plan.
    Planned,
    /// Two people's texts of it were compared.
    Compared,
    /// Two people's texts of it are about regions, which can be compared.
    BoxesCompared,
}

impl QueueMark {
    /// All marks.
    pub const ALL: [Self; 14] = [
        Self::Free,
        Self::Mine,
        Self::Taken,
        Self::ReturnedToMe,
        Self::Conflict,
        Self::Second,
        Self::DraftHidden,
        Self::DraftUnchanged,
        Self::OpenThread,
        Self::HasQuestion,
        Self::NoQuestion,
        Self::Planned,
        Self::Compared,
        Self::BoxesCompared,
    ];

    /// The name used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Mine => "mine",
            Self::Taken => "taken",
            Self::ReturnedToMe => "returned_to_me",
            Self::Conflict => "conflict",
            Self::Second => "second",
            Self::DraftHidden => "draft_hidden",
            Self::DraftUnchanged => "draft_unchanged",
            Self::OpenThread => "open_thread",
            Self::HasQuestion => "has_question",
            Self::NoQuestion => "no_question",
            Self::Planned => "planned",
            Self::Compared => "compared",
            Self::BoxesCompared => "boxes_compared",
        }
    }
}

/// In which order the queue is met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum QueueOrder {
    /// In order of import.
    #[default]
    Number,
    /// Where the model was least certain first: by the lowest mean log-probability among a diagram's
    /// newest drafts. Diagrams without one come last.
    Uncertainty,
    /// Where two people's texts differ most first; diagrams without two come last.
    Disagreement,
    /// Where the newest draft is further from what experts handed in than the one before it first.
    Regression,
    /// By the lead's plan; diagrams outside it come last.
    Plan,
}

/// One line of the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct QueueRow {
    /// The diagram.
    pub id: DiagramId,
    /// Its number.
    pub number: u32,
    /// Its file name.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// How its caption begins, at most 120 characters.
    pub excerpt: String,
    /// Whether two texts of one caption wait to be settled.
    pub conflict: bool,
    /// Name of who holds it, where that is somebody else.
    pub claimed_by: Option<String>,
    /// Conversations that are open.
    pub open_threads: u32,
    /// Ready questions.
    pub questions: u32,
}

/// A stretch of the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct QueuePage {
    /// How many diagrams the filter lets through.
    pub total: u32,
    /// Index of the first row, from 0.
    pub offset: u32,
    /// The rows.
    pub rows: Vec<QueueRow>,
}

/// Where a diagram is in the filtered queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct Place {
    /// The diagram.
    pub id: DiagramId,
    /// Its index, from 0.
    pub index: u32,
}

/// How many diagrams are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct StateCounts {
    /// Not begun.
    pub todo: u32,
    /// Begun.
    pub in_progress: u32,
    /// Waiting for review.
    pub submitted: u32,
    /// Accepted.
    pub approved: u32,
    /// Sent back.
    pub returned: u32,
    /// Left out.
    pub skipped: u32,
}

impl StateCounts {
    /// The count of one state, to read or to set.
    pub fn of(&mut self, state: State) -> &mut u32 {
        match state {
            State::Todo => &mut self.todo,
            State::InProgress => &mut self.in_progress,
            State::Submitted => &mut self.submitted,
            State::Approved => &mut self.approved,
            State::Returned => &mut self.returned,
            State::Skipped => &mut self.skipped,
        }
    }

    /// How many diagrams there are.
    pub fn total(&self) -> u32 {
        self.todo + self.in_progress + self.submitted + self.approved + self.returned + self.skipped
    }
}

/// All that a window shows of one diagram to one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DiagramView {
    /// The diagram.
    pub diagram: Diagram,
    /// Its regions, in order of making.
    pub regions: Vec<Region>,
    /// The person's captions: global, one partial for each region, detailed, structure.
    pub captions: Vec<Caption>,
    /// Every draft, newest first.
    pub drafts: Vec<Draft>,
    /// What the lead who sent it back wrote; empty where only reasons were given. Kept until it is submitted
    /// again.
    pub return_reason: Option<String>,
    /// The reasons given with it.
    pub return_reasons: Vec<Reason>,
    /// Whether the captions take no text of this person now: see [`State::takes_text`]; or somebody else holds
    /// the diagram.
    pub read_only: bool,
    /// Whether drafts are held back from everybody until the diagram was handed in.
    pub drafts_hidden: bool,
    /// Who holds it now.
    pub claim: Option<Claim>,
    /// Whether the person handed in their part, and a second person has not yet.
    pub waits_for_second: bool,
    /// Conversations, oldest first.
    pub threads: Vec<Thread>,
}

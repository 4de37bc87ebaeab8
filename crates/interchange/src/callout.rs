//! The `callout` object in a row of our own `metadata.jsonl`: all texts, where the convention has
//! room for one.

use domain::{DraftId, Level, NewDraft, NewRegion, Region, RevisionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Approved, ApprovedText, Grounded};

/// A label longer than this is cut.
const MAX_LABEL_CHARS: usize = 120;

/// All texts and regions of one diagram.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Callout {
    captions: Vec<Caption>,
    #[serde(default)]
    regions: Vec<NewRegion>,
}

/// What is written of one text; only `level`, `region`, `text` and `annotator` are read back.
#[derive(Debug, Serialize, Deserialize)]
struct Caption {
    level: Level,
    region: Option<NewRegion>,
    text: String,
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    grounding: Vec<Grounded>,
    annotator: Option<String>,
    #[serde(skip_deserializing)]
    revision: Option<RevisionId>,
    #[serde(skip_deserializing)]
    draft: Option<DraftName>,
    #[serde(skip_deserializing)]
    approved_by: Option<String>,
    #[serde(skip_deserializing)]
    at: Option<Timestamp>,
}

/// A draft by its id and its label.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DraftName {
    id: DraftId,
    label: String,
}

impl DraftName {
    pub(crate) fn of(text: &ApprovedText) -> Option<Self> {
        let (id, label) = text.draft.clone()?;
        Some(Self { id, label })
    }
}

impl Callout {
    pub(crate) fn of(approved: &Approved) -> Self {
        let captions = approved.texts.iter().map(|text| Caption {
            level: text.level,
            region: text.region.as_ref().map(region),
            text: text.text.clone(),
            grounding: text.grounding.clone(),
            annotator: Some(text.annotator.clone()),
            revision: Some(text.revision.clone()),
            draft: DraftName::of(text),
            approved_by: approved.approved.as_ref().map(|step| step.by.clone()),
            at: approved.approved.as_ref().map(|step| step.at),
        });
        Self {
            captions: captions.collect(),
            regions: approved.regions.iter().map(region).collect(),
        }
    }

    /// The texts as drafts, labelled with who wrote them or else with `label`, and the regions.
    ///
    /// # Errors
    /// Says which rule they break: a partial text, and no other, names a region.
    pub(crate) fn into_drafts(
        self,
        label: &str,
    ) -> Result<(Vec<NewDraft>, Vec<NewRegion>), &'static str> {
        let named = self
            .captions
            .iter()
            .filter_map(|caption| caption.region.as_ref());
        if named
            .chain(&self.regions)
            .any(|region| !is_name(&region.name))
        {
            return Err("`callout` has a region whose name is empty or has control characters");
        }
        let misplaced =
            |caption: &Caption| (caption.level == Level::Partial) != caption.region.is_some();
        if self.captions.iter().any(misplaced) {
            return Err("`callout` has a partial text without a region, or another with one");
        }
        let texts = self
            .captions
            .into_iter()
            .filter(|caption| !caption.text.trim().is_empty());
        let drafts = texts.map(|caption| NewDraft {
            label: caption
                .annotator
                .map_or_else(|| label.to_owned(), |name| shown(&name, label)),
            level: caption.level,
            region: caption.region,
            text: caption.text,
        });
        Ok((drafts.collect(), self.regions))
    }
}

/// A region with its box in pixels of the upright image.
pub(crate) fn region(region: &Region) -> NewRegion {
    NewRegion {
        name: region.name.clone(),
        bbox: Some([region.x, region.y, region.width, region.height]),
        polygon: region.polygon.clone(),
    }
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(char::is_control)
}

fn shown(name: &str, otherwise: &str) -> String {
    let name = if is_name(name) {
        name.trim()
    } else {
        otherwise
    };
    name.chars().take(MAX_LABEL_CHARS).collect()
}

//! Everybody's texts of a diagram: what a lead reads before deciding.

use anyhow::Result;
use domain::{DiagramId, Level, RevisionId, Timestamp};
use serde::Serialize;
use store::table::{annotation, region, revision};

use crate::Session;

/// One person's caption as it counts now. What is still being typed is not here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Text {
    /// Name of who wrote it.
    pub annotator: String,
    /// How much of the diagram it speaks of.
    pub level: Level,
    /// Name of the region it speaks of; only at [`Level::Partial`].
    pub region: Option<String>,
    /// The revision.
    pub revision: RevisionId,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// Whether this revision was handed in.
    pub submitted: bool,
    /// Whether this revision is approved.
    pub approved: bool,
}

impl Session {
    /// Every caption of a diagram that has a revision, whoever wrote it: global, partial in order of
    /// the regions, detailed.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn texts(&self, id: &DiagramId) -> Result<Vec<Text>> {
        self.read(|connection| {
            let regions = region::of_diagram(connection, id)?;
            let mut texts = Vec::new();
            for annotation in annotation::of_diagram(connection, id)? {
                let Some(head) = annotation.head else {
                    continue;
                };
                let revision = revision::get(connection, &head)?;
                let region = annotation.slot.region_id;
                let place = regions
                    .iter()
                    .position(|known| Some(&known.id) == region.as_ref());
                let text = Text {
                    annotator: revision.author,
                    level: annotation.slot.level,
                    region: place.map(|index| regions[index].name.clone()),
                    text: revision.text,
                    written_at: revision.created_at,
                    submitted: annotation.submitted.as_ref() == Some(&head),
                    approved: annotation.approved.as_ref() == Some(&head),
                    revision: head,
                };
                texts.push((place, text));
            }
            texts.sort_by_key(|(place, text)| (text.level, *place));
            Ok(texts.into_iter().map(|(_, text)| text).collect())
        })
    }
}

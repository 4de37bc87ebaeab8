//! Regions, reasons and history of captions.

use anyhow::Result;
use domain::{
    Committed, DiagramId, DrawnRegion, HistoryEntry, PersonId, Reason, Region, RegionChange,
    RegionId, Revision, RevisionId, Slot,
};
use store::{annotate, history, regions};

use crate::Session;

impl Session {
    /// Draws a region.
    ///
    /// # Errors
    /// When the diagram takes no text, or the shape or name cannot be; so for the four below.
    pub fn draw_region(&self, id: &DiagramId, new: &DrawnRegion) -> Result<Region> {
        self.write(|tx, by| regions::draw(tx, by, id, new))
    }

    /// Draws a region that a question points at.
    ///
    /// # Errors
    /// Unless an author acts, and when the shape or name cannot be.
    pub fn draw_evidence(&self, id: &DiagramId, new: &DrawnRegion) -> Result<Region> {
        self.write(|tx, by| regions::draw_evidence(tx, by, id, new))
    }

    /// Renames or moves a region.
    ///
    /// # Errors
    /// As [`Self::draw_region`], and when there is no such region.
    pub fn change_region(
        &self,
        id: &DiagramId,
        region: &RegionId,
        change: &RegionChange,
    ) -> Result<Region> {
        self.write(|tx, by| regions::change(tx, by, id, region, change))
    }

    /// Takes a region away; [`Self::restore_region`] brings it back.
    ///
    /// # Errors
    /// As [`Self::change_region`].
    pub fn remove_region(&self, id: &DiagramId, region: &RegionId) -> Result<()> {
        self.write(|tx, by| regions::remove(tx, by, id, region))
    }

    /// Brings a region back.
    ///
    /// # Errors
    /// As [`Self::change_region`].
    pub fn restore_region(&self, id: &DiagramId, region: &RegionId) -> Result<Region> {
        self.write(|tx, by| regions::restore(tx, by, id, region))
    }

    /// Puts the regions into an order.
    ///
    /// # Errors
    /// As [`Self::change_region`].
    pub fn reorder_regions(&self, id: &DiagramId, order: &[RegionId]) -> Result<Vec<Region>> {
        self.write(|tx, by| regions::reorder(tx, by, id, order))
    }

    /// Says why the draft of a caption was changed.
    ///
    /// # Errors
    /// When the diagram takes no text.
    pub fn set_reasons(&self, slot: &Slot, reasons: &[Reason]) -> Result<Vec<Reason>> {
        self.write(|tx, by| annotate::set_reasons(tx, by, slot, reasons))
    }

    /// The revisions of a caption, newest first: one person's, or everybody's.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn history(&self, slot: &Slot, annotator: Option<&PersonId>) -> Result<Vec<HistoryEntry>> {
        self.read(|connection| history::list(connection, slot, annotator, &self.person.id))
    }

    /// One revision with its text.
    ///
    /// # Errors
    /// When there is none.
    pub fn revision(&self, id: &RevisionId) -> Result<Revision> {
        self.read(|connection| history::revision(connection, id, &self.person.id))
    }

    /// Makes an earlier text the head again, as a new revision.
    ///
    /// # Errors
    /// When the diagram takes no text, or the revision is not of this caption.
    pub fn restore_revision(&self, slot: &Slot, revision: &RevisionId) -> Result<Committed> {
        self.write(|tx, by| history::restore(tx, by, slot, revision))
    }
}

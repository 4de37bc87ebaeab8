//! Claims, skipping, the plan, changes to many diagrams, saved filters; people and rules.

use anyhow::Result;
use domain::{
    BulkAction, BulkDone, BulkId, BulkScope, Claim, DiagramId, FilterId, Person, PersonId,
    PersonInfo, Place, Policy, QueueFilter, Role, SavedFilter, State,
};
use store::{people, work};

use crate::Session;

impl Session {
    /// Claims a diagram, or goes on holding it.
    ///
    /// # Errors
    /// While somebody else holds it.
    pub fn claim(&self, id: &DiagramId) -> Result<Claim> {
        self.write(|tx, by| work::claim(tx, by, id))
    }

    /// Gives a claim up.
    ///
    /// # Errors
    /// When it is somebody else's and no lead acts.
    pub fn release(&self, id: &DiagramId) -> Result<()> {
        self.write(|tx, by| work::release(tx, by, id))
    }

    /// Claims the next diagram of the filter that may be taken up.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn claim_next(
        &self,
        filter: &QueueFilter,
        after: Option<&DiagramId>,
    ) -> Result<Option<Place>> {
        self.write(|tx, by| work::claim_next(tx, by, filter, after))
    }

    /// Leaves a diagram out of the work.
    ///
    /// # Errors
    /// Unless it takes text, and without a reason.
    pub fn skip(&self, id: &DiagramId, reason: &str) -> Result<State> {
        self.write(|tx, by| work::skip(tx, by, id, reason))
    }

    /// Takes a skipped diagram up again.
    ///
    /// # Errors
    /// Unless it was skipped.
    pub fn unskip(&self, id: &DiagramId) -> Result<State> {
        self.write(|tx, by| work::unskip(tx, by, id))
    }

    /// Says what kind of diagram it is.
    ///
    /// # Errors
    /// When there is no such diagram.
    pub fn set_diagram_kind(&self, id: &DiagramId, kind: &str) -> Result<()> {
        self.write(|tx, by| work::set_kind(tx, by, id, kind))
    }

    /// The kinds that diagrams have, with how many of each.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn diagram_kinds(&self) -> Result<Vec<(String, u32)>> {
        self.read(work::kinds)
    }

    /// Changes many diagrams at once.
    ///
    /// # Errors
    /// Unless the acting person may.
    pub fn bulk(&self, scope: &BulkScope, action: &BulkAction) -> Result<BulkDone> {
        self.write(|tx, by| work::bulk(tx, by, scope, action))
    }

    /// Undoes a change to many diagrams.
    ///
    /// # Errors
    /// When there is nothing to undo.
    pub fn undo_bulk(&self, id: &BulkId) -> Result<BulkDone> {
        self.write(|tx, by| work::undo_bulk(tx, by, id))
    }

    /// The acting person's saved filters.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn filters(&self) -> Result<Vec<SavedFilter>> {
        self.read(|connection| work::filters(connection, &self.person.id))
    }

    /// Keeps a filter under a name.
    ///
    /// # Errors
    /// When the name is empty.
    pub fn save_filter(&self, name: &str, filter: &QueueFilter) -> Result<SavedFilter> {
        self.write(|tx, by| work::save_filter(tx, by, name, filter))
    }

    /// Forgets a filter.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn remove_filter(&self, id: &FilterId) -> Result<()> {
        self.write(|tx, by| work::remove_filter(tx, by, id))
    }

    /// The acting person as they are now: a lead may have changed their roles.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn me(&self) -> Result<Person> {
        self.read(|connection| people::get(connection, &self.person.id))
    }

    /// Everybody who acted.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn people(&self) -> Result<Vec<PersonInfo>> {
        self.read(people::list)
    }

    /// Gives a person other roles.
    ///
    /// # Errors
    /// Unless a lead acts.
    pub fn set_roles(&self, person: &PersonId, roles: &[Role]) -> Result<PersonInfo> {
        self.write(|tx, by| people::set_roles(tx, by, person, roles))
    }

    /// Gives a person one role, or takes it away, and leaves the others as they are.
    ///
    /// # Errors
    /// Unless a lead acts.
    pub fn set_role(&self, person: &PersonId, role: Role, wanted: bool) -> Result<PersonInfo> {
        self.write(|tx, by| people::set_role(tx, by, person, role, wanted))
    }

    /// Lets somebody in under a name.
    ///
    /// # Errors
    /// Unless a lead acts, and when the name is taken.
    pub fn add_person(&self, name: &str, roles: &[Role]) -> Result<PersonInfo> {
        self.write(|tx, by| people::add(tx, by, name, roles))
    }

    /// Gives a person another name.
    ///
    /// # Errors
    /// Unless a lead or the person acts, and when the name is taken.
    pub fn rename_person(&self, person: &PersonId, name: &str) -> Result<PersonInfo> {
        self.write(|tx, by| people::rename(tx, by, person, name))
    }

    /// The workspace's rules.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn policy(&self) -> Result<Policy> {
        self.read(people::policy)
    }

    /// Sets the rules.
    ///
    /// # Errors
    /// Unless a lead acts, and when they cannot be.
    pub fn set_policy(&self, policy: &Policy) -> Result<Policy> {
        self.write(|tx, by| people::set_policy(tx, by, policy))
    }
}

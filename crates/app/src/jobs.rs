//! Models, drafting jobs and drafts, as the desk and the command line ask for them.

use anyhow::{Context, Result};
use domain::{
    DiagramId, Draft, DraftRequest, Followed, ItemState, Job, JobId, JobItem, JobRequest, Level,
    Model, ModelId, NewModel, PromptLanguage,
};
use provider::prompt::{self, Language, Prompts, Purpose};
use store::jobs::PromptVersions;
use store::table::{draft, focus, job, job_item, model};
use store::{jobs, runs};

use crate::Session;

/// Jobs that a list shows; older ones are found by their number.
const LISTED_JOBS: u32 = 200;

impl Session {
    /// The models that the workspace may draft with, by name.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn models(&self) -> Result<Vec<Model>> {
        self.read(model::all)
    }

    /// The model with this id or name.
    ///
    /// # Errors
    /// When there is none.
    pub fn model(&self, typed: &str) -> Result<Model> {
        self.read(|connection| model::find(connection, typed))
    }

    /// Adds a model; local paths are kept absolute.
    ///
    /// # Errors
    /// When a field is wrong, or the name is taken.
    pub fn add_model(&self, new: &NewModel) -> Result<Model> {
        let new = absolute(new)?;
        self.write(|tx, by| model::insert(tx, by, &new))
    }

    /// Takes a model out of the list; what it drafted stays.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_model(&self, id: &ModelId) -> Result<()> {
        self.write(|tx, by| model::remove(tx, by, id))
    }

    /// Queues drafts. An engine is needed for anything to come of it: see [`Self::ensure_engine`].
    ///
    /// # Errors
    /// When a field is wrong, a prompt of the workspace cannot be read, or nothing is left to draft.
    pub fn queue_drafts(&self, request: &DraftRequest) -> Result<Job> {
        let prompts = self.prompt_versions(request.language)?;
        self.write(|tx, by| jobs::queue(tx, by, request, &prompts))
    }

    /// The newest jobs, newest first, at most 200.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn jobs(&self) -> Result<Vec<Job>> {
        self.read(|connection| job::list(connection, LISTED_JOBS))
    }

    /// One job.
    ///
    /// # Errors
    /// When there is none.
    pub fn job(&self, id: &JobId) -> Result<Job> {
        self.read(|connection| job::get(connection, id))
    }

    /// The job with this id or number.
    ///
    /// # Errors
    /// When there is none.
    pub fn find_job(&self, typed: &str) -> Result<Job> {
        self.read(|connection| job::find(connection, typed))
    }

    /// Items of a job in their order, all or those in one state; at most 1,000 at once.
    ///
    /// # Errors
    /// When there is no such job.
    pub fn job_items(
        &self,
        id: &JobId,
        state: Option<ItemState>,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<JobItem>> {
        self.read(|connection| {
            let number = job::get(connection, id)?.number;
            job_item::of_job(connection, number, state, (offset, limit))
        })
    }

    /// Asks something of a job; see [`jobs::request`].
    ///
    /// # Errors
    /// When there is no such job, or it is past that.
    pub fn request(&self, id: &JobId, request: JobRequest) -> Result<Job> {
        self.write(|tx, by| jobs::request(tx, by, id, request))
    }

    /// Says what this person looks at, so that it is drafted first. Writes only while a job waits or runs.
    ///
    /// # Errors
    /// When there is no such diagram.
    pub fn focus(&self, id: &DiagramId) -> Result<()> {
        if !self.read(focus::matters)? {
            return Ok(());
        }
        self.write(|tx, by| focus::put(tx, by, id))
    }

    /// A diagram's drafts with where each came from, newest first.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn drafts_of(&self, id: &DiagramId) -> Result<Vec<Draft>> {
        self.read(|connection| draft::of_diagram(connection, id))
    }

    /// What a job told since `cursor`, which the last answer gave; empty at first. Bounded a call.
    ///
    /// # Errors
    /// When there is no such job, or its files cannot be read.
    pub fn follow(&self, id: &JobId, cursor: &str) -> Result<Followed> {
        let id = self.job(id)?.id;
        Ok(runs::follow(&self.workspace, &id, cursor)?)
    }

    /// The workspace's prompts, which are put there for editing if they are not.
    pub(crate) fn offer_prompts(&self) -> Result<Prompts> {
        let folder = self.workspace.prompts_dir();
        prompt::copy_into(&folder).context("copying the prompts")?;
        Prompts::load(&folder).context("reading the prompts")
    }

    fn prompt_versions(&self, language: PromptLanguage) -> Result<PromptVersions> {
        let prompts = self.offer_prompts()?;
        let language = match language {
            PromptLanguage::En => Language::En,
            PromptLanguage::Zh => Language::Zh,
        };
        let version = |level| {
            let version = prompts.get(language, Purpose::Caption(level)).version();
            (level, version.to_owned())
        };
        Ok(Level::ALL.into_iter().map(version).collect())
    }
}

pub(crate) fn absolute(new: &NewModel) -> Result<NewModel> {
    use domain::ModelSource::{Gguf, Qwen25Vl, Server};
    let mut new = new.clone();
    match &mut new.source {
        Qwen25Vl { path, options } | Gguf { path, options } => {
            for path in [Some(path), options.adapter.as_mut()].into_iter().flatten() {
                if !path.is_empty() {
                    *path = std::path::absolute(&path)?.display().to_string();
                }
            }
        }
        Server { .. } => {}
    }
    Ok(new)
}

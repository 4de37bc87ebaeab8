//! `callout init`: an empty workspace.

use std::path::PathBuf;

use anyhow::Result;
use app::Session;
use clap::Args;
use serde_json::json;

use crate::Context;
use crate::answer::Answer;
use crate::plain;

/// Make an empty workspace.
#[derive(Debug, Args)]
pub struct Init {
    /// Folder to make it in; made as well when it is not there.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl Init {
    pub fn run(self, context: &Context) -> Result<Answer> {
        let session = Session::create(&self.dir, &context.person)?;
        let status = session.status()?;
        let path = plain::line(&status.path);
        let typed = plain::argument(&status.path);
        Answer::new(
            &json!({"id": status.id, "path": status.path}),
            format!(
                "made the workspace `{path}`\nbring in pictures with `callout import {typed} PATH…`"
            ),
        )
    }
}

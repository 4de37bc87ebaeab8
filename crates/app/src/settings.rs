//! What one person prefers on one machine. Never part of a workspace.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use domain::PersonId;
use serde::{Deserialize, Serialize};
use specta::Type;

const FILE: &str = "settings.json";
const MAX_RECENT: usize = 10;

/// Language of the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub enum Language {
    /// The system's.
    #[default]
    #[serde(rename = "system")]
    System,
    /// English.
    #[serde(rename = "en")]
    English,
    /// 简体中文.
    #[serde(rename = "zh-CN")]
    Chinese,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// The system's.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The preferences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(default)]
pub struct Settings {
    /// Language of the window.
    pub language: Language,
    /// Light or dark.
    pub theme: Theme,
    /// Folders of workspaces, last opened first.
    pub recent: Vec<String>,
    /// Who this person is in each workspace, by the workspace's id: they stay themselves under another name.
    pub people: BTreeMap<String, PersonId>,
}

impl Settings {
    /// Reads the preferences; what is missing or unreadable has its default.
    pub fn load(config_dir: &Path) -> Self {
        let text = std::fs::read_to_string(config_dir.join(FILE)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Writes the preferences, all or nothing.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&self, config_dir: &Path) -> Result<()> {
        let doing = || format!("saving settings in `{}`", config_dir.display());
        std::fs::create_dir_all(config_dir).with_context(doing)?;
        let mut file = tempfile::NamedTempFile::new_in(config_dir).with_context(doing)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)
            .with_context(doing)?;
        file.persist(config_dir.join(FILE)).with_context(doing)?;
        Ok(())
    }

    /// Puts a workspace at the top of the recent ones.
    pub fn remember(&mut self, workspace: &Path) {
        let path = workspace.display().to_string();
        self.recent.retain(|known| *known != path);
        self.recent.insert(0, path);
        self.recent.truncate(MAX_RECENT);
    }
}

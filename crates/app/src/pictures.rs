//! Picture files for a window: found by content hash, made again when they were deleted.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use domain::{Diagram, View};
use store::table;

use crate::Session;
use crate::session::lock;

/// A picture file that a web view may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its media type.
    pub media_type: &'static str,
}

impl Session {
    /// The file that shows a whole picture.
    ///
    /// # Errors
    /// When there is no such picture, or it is shown in tiles.
    pub fn whole_picture(&self, hash: &str) -> Result<PictureFile> {
        let diagram = self.picture(hash)?;
        let image = &diagram.image;
        match diagram.view {
            View::Tiles { .. } => bail!("picture {hash} is shown in tiles"),
            View::Whole => self.derived(&diagram, "whole.png".into()),
            View::Original => Ok(PictureFile {
                path: self.workspace.image_path(hash, &image.format),
                media_type: if image.format == "jpeg" {
                    "image/jpeg"
                } else {
                    "image/png"
                },
            }),
        }
    }

    /// The file of one tile; see [`View::Tiles`].
    ///
    /// # Errors
    /// When there is no such picture or tile.
    pub fn tile(&self, hash: &str, level: u32, column: u32, row: u32) -> Result<PictureFile> {
        let diagram = self.picture(hash)?;
        self.derived(&diagram, format!("tiles/{level}/{column}_{row}.png").into())
    }

    fn picture(&self, hash: &str) -> Result<Diagram> {
        self.read(|connection| table::diagram::by_hash(connection, hash))?
            .with_context(|| format!("no picture {hash}"))
    }

    fn derived(&self, diagram: &Diagram, file: PathBuf) -> Result<PictureFile> {
        let dir = self.workspace.derived_dir(&diagram.image.hash);
        if !dir.exists() {
            self.derive_again(diagram)?;
        }
        Ok(PictureFile {
            path: dir.join(file),
            media_type: "image/png",
        })
    }

    fn derive_again(&self, diagram: &Diagram) -> Result<()> {
        let mut decoder = lock(&self.decoder);
        let image = &diagram.image;
        let dir = self.workspace.derived_dir(&image.hash);
        if dir.exists() {
            return Ok(());
        }
        let decoder =
            decoder.get_or_insert_with(|| picture::Decoder::new(picture::Limits::default()));
        let original = self.workspace.image_path(&image.hash, &image.format);
        decoder
            .prepare(&original, &dir)
            .with_context(|| format!("making `{}` again", dir.display()))?;
        Ok(())
    }
}

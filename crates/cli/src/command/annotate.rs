//! `callout annotate`: a whole text as the newest revision of a caption.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use app::Session;
use app::domain::{DiagramId, Region, SpanLink};
use clap::Args;

use super::Written;
use crate::answer::Answer;
use crate::args::{OneDiagram, WhichCaption, usage};
use crate::{Context, plain};

const MAX_TEXT_BYTES: u64 = 16 << 20;

/// Write a caption from a file. Nothing is overwritten: earlier texts stay as revisions.
///
/// A region that the diagram does not have is made, over the whole picture.
#[derive(Debug, Args)]
pub struct Annotate {
    #[command(flatten)]
    diagram: OneDiagram,

    /// The text, in UTF-8; `-` reads standard input. The file's last line end is left out.
    #[arg(long, value_name = "FILE")]
    text: PathBuf,

    #[command(flatten)]
    caption: WhichCaption,

    /// Words that speak of a region: its first code point, the one after its last, and the region's name or id.
    /// Can be given more than once; the links of the text before are not taken over.
    #[arg(long = "link", value_name = "START:END:REGION")]
    links: Vec<String>,

    /// Hand the diagram in for review as well.
    #[arg(long)]
    submit: bool,
}

impl Annotate {
    pub fn run(self, context: &Context) -> Result<Answer> {
        self.caption.check()?;
        let text = read_text(&self.text)?;
        let (session, id) = self.diagram.open(context)?;
        let (region, made) = match &self.caption.region {
            Some(typed) => region(&session, &id, typed)?,
            None => (None, false),
        };
        let slot = self.caption.slot(&id, region.as_ref());
        let links: Result<Vec<SpanLink>> = self
            .links
            .iter()
            .map(|typed| link(&session, &id, typed))
            .collect();
        let committed = session.revise(&slot, &text, &links?, self.submit)?;
        let made = made.then(|| format!("made the region {}", named(region.as_ref())));
        let written = Written::new(id, self.caption.level, region, committed);
        let answer = written.answer("wrote")?;
        Ok(match made {
            Some(made) => answer.note(made),
            None => answer,
        })
    }
}

fn link(session: &Session, id: &DiagramId, typed: &str) -> Result<SpanLink> {
    let mut parts = typed.splitn(3, ':');
    let mut number = || {
        parts
            .next()
            .and_then(|part| part.trim().parse::<u32>().ok())
    };
    let (start, end) = (number(), number());
    let (Some(start), Some(end), Some(region)) = (start, end, parts.next()) else {
        return Err(usage(&format!("`{typed}` is not START:END:REGION")));
    };
    Ok(SpanLink {
        start,
        end,
        region_id: session.known_region(id, region)?.id,
    })
}

/// The region, and whether it was made for this.
fn region(session: &Session, id: &DiagramId, typed: &str) -> Result<(Option<Region>, bool)> {
    if let Ok(region) = session.known_region(id, typed) {
        return Ok((Some(region), false));
    }
    Ok((Some(session.region(id, typed)?), true))
}

fn named(region: Option<&Region>) -> String {
    region.map_or_else(String::new, |region| {
        let Region {
            name,
            width,
            height,
            ..
        } = region;
        format!(
            "`{}` over the whole picture, {width} × {height} px",
            plain::line(name)
        )
    })
}

/// A text that somebody wrote, in UTF-8, without what editors put around it; `-` is standard input.
pub fn read_text(path: &Path) -> Result<String> {
    let doing = || format!("reading the text `{}`", path.display());
    let bytes = if path == Path::new("-") {
        read_at_most(std::io::stdin().lock())
    } else {
        std::fs::File::open(path).and_then(read_at_most)
    };
    let bytes = bytes.with_context(doing)?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        bail!(
            "the text is larger than {} MiB: `{}`",
            MAX_TEXT_BYTES >> 20,
            path.display()
        );
    }
    let text = String::from_utf8(bytes).map_err(|error| error.utf8_error());
    let text = text.with_context(|| format!("the text is not UTF-8: `{}`", path.display()))?;
    let text = without_frame(&text);
    if text.trim().is_empty() {
        bail!("the text is empty: `{}`", path.display());
    }
    Ok(text.to_owned())
}

fn read_at_most(file: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Leaves out what editors put around a text: a byte order mark, and one line end.
fn without_frame(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::without_frame;

    #[test]
    fn one_line_end_is_left_out() {
        let check = |text, expected| assert_eq!(without_frame(text), expected);
        check("text", "text");
        check("text\n", "text");
        check("text\r\n", "text");
        check("text\n\n", "text\n");
        check("\u{feff}会话\n", "会话");
    }
}

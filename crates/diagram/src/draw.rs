//! Mermaid text to an SVG that any drawer takes: no script, no `foreignObject`, nothing from outside.

use std::time::Duration;

use merman::svg::{RenderResourcePolicy, SvgPipeline};
use merman::{
    OperationControl, RenderError, RenderOutput, RenderRequest, Renderer, SvgEnvironment,
    SvgRequest,
};

use crate::parse::{check_size, guarded, no_diagram, parse};
use crate::{Problem, ProblemKind};

/// Drawing takes well under a tenth of it; past it a text is hostile.
const AT_MOST: Duration = Duration::from_secs(5);

/// A picture as SVG text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Svg {
    /// The document.
    pub text: String,
}

/// Draws a Mermaid text. The same text gives the same picture.
///
/// # Errors
/// [`Problem`], as [`parse`] tells it, or where drawing takes too long or grows too large.
pub fn svg(source: &str) -> Result<Svg, Problem> {
    check_size(source)?;
    let request = SvgRequest {
        environment: SvgEnvironment::deterministic()
            .with_resource_policy(RenderResourcePolicy::interactive()),
        pipeline: Some(SvgPipeline::resvg_safe()),
        ..SvgRequest::default()
    };
    let control = OperationControl::new().with_deadline(AT_MOST);
    let output = guarded(|| Renderer::new().render(RenderRequest::svg(source, control, request)))?;
    match output {
        Ok(RenderOutput::Svg(Some(drawn))) => Ok(Svg {
            text: drawn.into_parts().0,
        }),
        Ok(_) => Err(no_diagram()),
        // The reader's own word has the line.
        Err(error) => Err(parse(source).err().unwrap_or_else(|| told(&error))),
    }
}

fn told(error: &RenderError) -> Problem {
    match error {
        RenderError::ResourceLimitExceeded(_) => {
            let message = "the diagram is too large to be drawn while it is written";
            Problem::new(ProblemKind::TooLarge, message)
        }
        RenderError::Cancelled(_) => {
            Problem::new(ProblemKind::TooSlow, "drawing the diagram takes too long")
        }
        other => Problem::new(ProblemKind::Syntax, other.to_string()),
    }
}

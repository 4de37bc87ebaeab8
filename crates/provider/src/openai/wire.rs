//! Bytes from a server, counted: no answer and no line of one may be larger than memory bears.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use reqwest::Response;

use super::failure::{Failure, Namer};

/// Largest answer, with all that the protocol adds to each token.
pub const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Largest line of a stream.
const MAX_LINE_BYTES: usize = 1 << 20;

/// Why no further bytes come.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The connection failed.
    #[error(transparent)]
    Connection(#[from] reqwest::Error),
    /// More bytes came than any answer has.
    #[error("too large")]
    TooLarge,
}

/// The same bytes, up to the limits.
pub fn bounded(
    bytes: impl Stream<Item = reqwest::Result<Bytes>>,
) -> impl Stream<Item = Result<Bytes, Broken>> {
    let mut total = 0;
    let mut line = 0;
    bytes.map(move |piece| {
        let piece = piece?;
        total += piece.len();
        line = match piece.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(end) => piece.len() - end - 1,
            None => line + piece.len(),
        };
        if total > MAX_ANSWER_BYTES || line > MAX_LINE_BYTES {
            return Err(Broken::TooLarge);
        }
        Ok(piece)
    })
}

/// A whole body of at most `limit` bytes.
pub async fn read(response: Response, limit: usize, namer: &Namer<'_>) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| namer.broken_off(&error, false))?;
        if body.len() + piece.len() > limit {
            return Err(namer.too_large(limit));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

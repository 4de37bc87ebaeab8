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
        let piece = piece.map_err(|error| namer.broken_off(&error))?;
        if body.len() + piece.len() > limit {
            return Err(namer.too_large(limit));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    /// How many of these pieces come through, and whether the last is an error.
    fn through(pieces: Vec<Bytes>) -> (usize, bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let pieces = bounded(stream::iter(pieces.into_iter().map(Ok)));
        let got = runtime.unwrap().block_on(pieces.collect::<Vec<_>>());
        let fine = got.iter().filter(|piece| piece.is_ok()).count();
        (fine, got.iter().any(Result::is_err))
    }

    #[test]
    fn many_short_lines_are_counted_together() {
        let lines = Bytes::from(b"data: x\n".repeat(1 << 16));
        let n = MAX_ANSWER_BYTES / lines.len();
        assert_eq!(through(vec![lines.clone(); n]), (n, false));
        assert_eq!(through(vec![lines; n + 1]), (n, true));
    }

    #[test]
    fn a_line_is_counted_across_pieces() {
        let half = Bytes::from(vec![b'x'; MAX_LINE_BYTES / 2]);
        let end = Bytes::from_static(b"\n");
        assert_eq!(
            through(vec![half.clone(), half.clone(), end.clone(), half.clone()]),
            (4, false)
        );
        assert_eq!(
            through(vec![end, half.clone(), half.clone(), half]),
            (3, true)
        );
    }
}

//! Bytes from a server, counted: no answer and no line of one may be larger than memory bears.

use std::mem;

use bytes::Bytes;
use futures_util::future::ready;
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

/// The same bytes, up to the limits, a piece for one or more whole lines: the parser behind it would begin a long
/// line anew with each piece. What follows the last line's end is left out; it ends no event.
pub fn lines(
    bytes: impl Stream<Item = reqwest::Result<Bytes>>,
) -> impl Stream<Item = Result<Bytes, Broken>> {
    let mut total = 0;
    let mut held = Vec::new();
    bytes.filter_map(move |piece| {
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) => return ready(Some(Err(error.into()))),
        };
        total += piece.len();
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let whole = piece.iter().rposition(is_end).map_or(0, |end| end + 1);
        let first_end = piece.iter().position(is_end).unwrap_or(piece.len());
        if total > MAX_ANSWER_BYTES || held.len() + first_end > MAX_LINE_BYTES {
            return ready(Some(Err(Broken::TooLarge)));
        }
        held.extend_from_slice(&piece[..whole]);
        let ready_lines = if whole > 0 {
            mem::take(&mut held)
        } else {
            Vec::new()
        };
        held.extend_from_slice(&piece[whole..]);
        ready((whole > 0).then(|| Ok(ready_lines.into())))
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

    /// How many bytes come through, and whether an error does.
    fn through(pieces: Vec<Bytes>) -> (usize, bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let pieces = lines(stream::iter(pieces.into_iter().map(Ok)));
        let got = runtime.unwrap().block_on(pieces.collect::<Vec<_>>());
        let fine = got.iter().flatten().map(Bytes::len).sum();
        (fine, got.iter().any(Result::is_err))
    }

    #[test]
    fn many_short_lines_are_counted_together() {
        let lines = Bytes::from(b"data: x\n".repeat(1 << 16));
        let n = MAX_ANSWER_BYTES / lines.len();
        assert_eq!(through(vec![lines.clone(); n]), (MAX_ANSWER_BYTES, false));
        assert_eq!(through(vec![lines; n + 1]), (MAX_ANSWER_BYTES, true));
    }

    #[test]
    fn a_line_is_counted_across_pieces() {
        let half = Bytes::from(vec![b'x'; MAX_LINE_BYTES / 2]);
        let end = Bytes::from_static(b"y\nz");
        let line = MAX_LINE_BYTES / 2 + 2;
        let fits = vec![half.clone(), end.clone(), half.clone(), end.clone()];
        assert_eq!(through(fits), (2 * line + 1, false));
        assert_eq!(through(vec![end, half.clone(), half]), (2, true));
    }
}

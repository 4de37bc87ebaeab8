//! Models on disk as people have them: cached, copied, broken, hostile; and fetched from a server in this process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

//! Models on disk: found, described, fetched and removed, without loading one.

//! Other tools' formats, in and out; never changes the workspace by itself.

//! Turns an image into the patches that the vision tower takes.

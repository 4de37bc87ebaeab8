//! Renders conversations through the checkpoint's chat template.

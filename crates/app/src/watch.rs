//! Notices what other windows and commands write.

use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Result;

use crate::Session;

/// Well under the second within which a window shows others' changes.
const EVERY: Duration = Duration::from_millis(300);

/// Calls `changed` from a thread of its own whenever somebody else wrote, until the session is
/// dropped. An import of this session counts as somebody else.
///
/// # Errors
/// When the database cannot be read.
pub fn watch(session: &Arc<Session>, changed: impl Fn() + Send + 'static) -> Result<()> {
    let mut seen = session.others_version()?;
    let session: Weak<Session> = Arc::downgrade(session);
    let look = move || {
        while let Some(session) = session.upgrade() {
            // A failed look is looked at again: the next save tells the person what is wrong.
            let version = session.others_version().unwrap_or(seen);
            drop(session);
            if version != seen {
                seen = version;
                changed();
            }
            std::thread::sleep(EVERY);
        }
    };
    std::thread::Builder::new()
        .name("watch".to_owned())
        .spawn(look)?;
    Ok(())
}

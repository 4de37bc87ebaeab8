//! Notices what other windows and commands write.

use std::sync::Weak;
use std::time::Duration;

use anyhow::Result;

use crate::Session;

/// Well under the second within which a window shows others' changes.
const EVERY: Duration = Duration::from_millis(300);

/// Calls `changed` from a thread of its own whenever the database was written, by whomever, until the
/// session is dropped.
///
/// # Errors
/// When the database cannot be opened.
pub fn watch(session: &std::sync::Arc<Session>, changed: impl Fn() + Send + 'static) -> Result<()> {
    let database = session.workspace().connect()?;
    let alive: Weak<Session> = std::sync::Arc::downgrade(session);
    let mut seen = database.data_version()?;
    std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
        while alive.strong_count() > 0 {
            std::thread::sleep(EVERY);
            // A failed look is looked at again: the next save tells the person what is wrong.
            let version = database.data_version().unwrap_or(seen);
            if version != seen {
                seen = version;
                changed();
            }
        }
    })?;
    Ok(())
}

//! Keys of servers: kept by the operating system's keyring, or given in an environment variable that the user
//! named. Never in a file, the database or a message.

use std::thread;

use secrecy::SecretString;

use crate::KeySource;

/// The variable that is named when the user has no other in mind.
pub const DEFAULT_VARIABLE: &str = "CALLOUT_API_KEY";

/// How Callout's entries are filed in the keyring.
const SERVICE: &str = "callout";

/// Longest key and longest name of one, in bytes.
const MAX_BYTES: usize = 8 * 1024;

/// Why there is no key, or why it was not kept. Holds no part of a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The environment variable is not set.
    #[error("environment variable `{0}`, which should hold the server's key, is not set")]
    NotSet(String),
    /// The keyring has no such entry.
    #[error("the keyring holds no key named `{0}`")]
    NoEntry(String),
    /// The key is empty, too long, or holds characters that no key has.
    #[error(
        "the key in `{0}` is not one: it is empty, too long, or holds other than visible ASCII characters"
    )]
    Unusable(String),
    /// There is no keyring to ask.
    #[error("no keyring can be reached: {0}")]
    NoKeyring(String),
    /// The keyring refused.
    #[error("the keyring refused: {0}")]
    Refused(String),
}

impl KeyError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NotSet(name) => format!("Set `{name}` where the program is started."),
            Self::NoEntry(_) => "Store the key first.".to_owned(),
            Self::Unusable(_) => "Store the key again, without quotes or spaces.".to_owned(),
            Self::NoKeyring(_) | Self::Refused(_) => format!(
                "Unlock the keyring (on Linux a Secret Service such as GNOME Keyring or KWallet must run), or name an environment variable such as `{DEFAULT_VARIABLE}` instead."
            ),
        }
    }
}

/// Keeps a key in the operating system's keyring under `name`; replaces one of that name.
///
/// # Errors
/// [`KeyError`]: the key cannot be one, or the keyring is not there or refuses.
pub fn store(name: &str, key: &str) -> Result<(), KeyError> {
    let key = usable(key, name)?.to_owned();
    with_entry(name, move |entry| entry.set_password(&key))
}

/// Removes a key from the keyring; that there is none is no error.
///
/// # Errors
/// [`KeyError`] when the keyring is not there or refuses.
pub fn forget(name: &str) -> Result<(), KeyError> {
    match with_entry(name, keyring::Entry::delete_credential) {
        Err(KeyError::NoEntry(_)) => Ok(()),
        other => other,
    }
}

/// Fetches the key from where it is said to be; `None` when the server wants none.
///
/// # Errors
/// [`KeyError`] when it is not there, or is no key.
pub fn resolve(source: &KeySource) -> Result<Option<SecretString>, KeyError> {
    let (name, key) = match source {
        KeySource::None => return Ok(None),
        KeySource::Env(name) => {
            let key = std::env::var_os(name).ok_or_else(|| KeyError::NotSet(name.clone()))?;
            let key = key.into_string();
            (
                name,
                key.map_err(|_not_unicode| KeyError::Unusable(name.clone()))?,
            )
        }
        KeySource::Keyring(name) => (name, with_entry(name, keyring::Entry::get_password)?),
    };
    Ok(Some(usable(&key, name)?.into()))
}

fn usable<'a>(key: &'a str, name: &str) -> Result<&'a str, KeyError> {
    let key = key.trim();
    let fits = (1..=MAX_BYTES).contains(&key.len());
    if fits && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(key)
    } else {
        Err(KeyError::Unusable(name.to_owned()))
    }
}

/// Works on an entry in a thread of its own: the keyring's client waits by itself, which an async caller's thread
/// may not.
fn with_entry<T: Send + 'static>(
    name: &str,
    work: impl FnOnce(&keyring::Entry) -> keyring::Result<T> + Send + 'static,
) -> Result<T, KeyError> {
    if name.is_empty() || name.len() > MAX_BYTES {
        return Err(KeyError::Refused("an entry needs a short name".to_owned()));
    }
    let user = name.to_owned();
    let asked = thread::spawn(move || {
        if let Err(error) = keyring::Entry::store_status() {
            return Err(KeyError::NoKeyring(error.to_string()));
        }
        let entry = keyring::Entry::new(SERVICE, &user);
        entry
            .and_then(|entry| work(&entry))
            .map_err(|error| from_keyring(&error, user))
    });
    let crashed = |_| KeyError::Refused("its client crashed".to_owned());
    asked.join().map_err(crashed)?
}

/// Only what the error displays is kept: its other parts may hold the key.
fn from_keyring(error: &keyring::Error, name: String) -> KeyError {
    match error {
        keyring::Error::NoEntry => KeyError::NoEntry(name),
        keyring::Error::NoDefaultStore | keyring::Error::NoStorageAccess(_) => {
            KeyError::NoKeyring(error.to_string())
        }
        keyring::Error::BadEncoding(_) => KeyError::Unusable(name),
        _ => KeyError::Refused(error.to_string()),
    }
}

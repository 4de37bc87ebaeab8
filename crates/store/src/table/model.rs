//! Models that a workspace may draft with. None is ever deleted: drafts point at them.

use domain::{Action, Model, ModelId, ModelSource, NewModel, Role};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use serde::de::DeserializeOwned;

use super::{Millis, audit};
use crate::annotate::By;
use crate::{Error, Result, people};

const COLUMNS: &str = "id, name, kind, location, options, added_at";

/// The models that have not been removed, by name.
///
/// # Errors
/// When the database cannot be read.
pub fn all(connection: &Connection) -> Result<Vec<Model>> {
    let sql = format!("SELECT {COLUMNS} FROM model WHERE removed_at IS NULL ORDER BY name");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The model with this id or name that has not been removed.
///
/// # Errors
/// [`Error::NoModel`].
pub fn find(connection: &Connection, typed: &str) -> Result<Model> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM model WHERE (id = ?1 OR name = ?1) AND removed_at IS NULL
             ORDER BY id = ?1 DESC LIMIT 1"
        ))?
        .query_row([typed], read)
        .optional()?
        .ok_or_else(|| Error::NoModel(typed.to_owned()))
}

/// Adds a model.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts, [`Error::BadModel`], [`Error::ModelNameTaken`].
pub fn insert(tx: &Transaction<'_>, by: By<'_>, new: &NewModel) -> Result<Model> {
    people::require(tx, by.person, Role::Lead)?;
    new.check()?;
    let name = new.name.trim();
    match find(tx, name) {
        Err(Error::NoModel(_)) => {}
        Ok(_) => return Err(Error::ModelNameTaken(name.to_owned())),
        Err(error) => return Err(error),
    }
    let model = Model {
        id: ModelId::new(),
        name: name.to_owned(),
        source: new.source.clone(),
        added_at: by.at,
    };
    tx.execute(
        "INSERT INTO model (id, name, kind, location, options, added_by, added_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            model.id.as_str(),
            &model.name,
            model.source.kind().as_str(),
            model.source.location(),
            options(&model.source)?,
            by.person.as_str(),
            by.at.millis(),
        ),
    )?;
    let event = Action::Model.on(model.id.as_str()).after("added");
    audit::append(tx, by.at, by.person, &event.note(&model.name))?;
    Ok(model)
}

/// Takes a model out of the list; what it drafted stays.
///
/// # Errors
/// [`Error::NotAllowed`] unless a lead acts, [`Error::NoModel`].
pub fn remove(tx: &Transaction<'_>, by: By<'_>, id: &ModelId) -> Result<()> {
    people::require(tx, by.person, Role::Lead)?;
    let model = find(tx, id.as_str())?;
    tx.execute(
        "UPDATE model SET removed_at = ?2 WHERE id = ?1",
        (model.id.as_str(), by.at.millis()),
    )?;
    let event = Action::Model
        .on(model.id.as_str())
        .before(Some("added"))
        .after("removed");
    audit::append(tx, by.at, by.person, &event.note(&model.name))
}

fn options(source: &ModelSource) -> Result<String> {
    let json = match source {
        ModelSource::Qwen25Vl { options, .. } | ModelSource::Gguf { options, .. } => {
            serde_json::to_string(options)
        }
        ModelSource::Server { options, .. } => serde_json::to_string(options),
    };
    json.map_err(|source| Error::Json {
        column: "model.options",
        source,
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<Model> {
    let kind: String = row.get(2)?;
    let location = row.get(3)?;
    Ok(Model {
        id: ModelId::from_text(row.get::<_, String>(0)?),
        name: row.get(1)?,
        source: match kind.as_str() {
            "server" => ModelSource::Server {
                url: location,
                options: json(row, 4)?,
            },
            "gguf" => ModelSource::Gguf {
                path: location,
                options: json(row, 4)?,
            },
            _ => ModelSource::Qwen25Vl {
                path: location,
                options: json(row, 4)?,
            },
        },
        added_at: row.get::<_, Millis>(5)?.0,
    })
}

/// Reads a column that holds JSON.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            index,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

//! What a bug report needs to know of a database, and nothing that anybody wrote.

use rusqlite::Connection;

use crate::Result;

/// The schema as SQL, and how many rows each table has.
///
/// # Errors
/// When the database cannot be read.
pub fn diagnostics(connection: &Connection) -> Result<(String, Vec<(String, u32)>)> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let sqlite: String = connection.query_row("SELECT sqlite_version()", (), |row| row.get(0))?;
    let mut schema = format!("-- user_version {version}, SQLite {sqlite}\n");
    let mut statement = connection
        .prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
    let made = statement.query_map((), |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
        ))
    })?;
    let mut tables = Vec::new();
    for made in made {
        let (kind, name, sql) = made?;
        schema.push_str(&sql);
        schema.push_str(";\n");
        if kind == "table" {
            tables.push(name);
        }
    }
    let mut rows = Vec::new();
    for name in tables {
        let quoted = name.replace('"', "\"\"");
        let sql = format!("SELECT count(*) FROM \"{quoted}\"");
        rows.push((name, connection.query_row(&sql, (), |row| row.get(0))?));
    }
    Ok((schema, rows))
}

/// Names that must not leave the machine with a log: of people, pictures, models, regions and terms.
///
/// # Errors
/// When the database cannot be read.
pub fn names(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT name FROM person UNION SELECT name FROM diagram UNION SELECT name FROM model
         UNION SELECT name FROM region WHERE length(name) > 2 UNION SELECT en FROM term UNION SELECT zh FROM term",
    )?;
    let rows = statement.query_map((), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

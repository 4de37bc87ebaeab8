use std::path::PathBuf;

use rusqlite::Connection;

use super::*;

/// Everything in the database by name, its SQL without comments and line breaks.
fn schema(connection: &Connection) -> Vec<(String, String)> {
    let mut statement = connection
        .prepare("SELECT name, ifnull(sql, '') FROM sqlite_schema ORDER BY type, name")
        .unwrap();
    let rows = statement
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(|row| row.unwrap())
        .map(|(name, sql): (String, String)| (name, normalised(&sql)))
        .collect()
}

fn normalised(sql: &str) -> String {
    let code = sql
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default());
    let words: Vec<&str> = code.flat_map(str::split_whitespace).collect();
    // `ALTER TABLE` quotes a new name, and puts a new column right behind the last one.
    let text = words.join(" ").replace('"', "");
    text.replace(" ,", ",").replace(" )", ")")
}

/// A database of version 1 with one person in it, as an older program left it.
fn old_database(folder: &Path) -> PathBuf {
    let path = folder.join("callout.db");
    let mut database = Database::create(&path).unwrap();
    let connection = database.connection_mut();
    connection.execute_batch(MIGRATIONS[0]).unwrap();
    connection
        .execute(
            "INSERT INTO person (id, name, created_at) VALUES ('p', 'wei', 1)",
            (),
        )
        .unwrap();
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    path
}

fn names(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT name FROM person").unwrap();
    let rows = statement.query_map((), |row| row.get(0)).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

fn version_of(path: &Path) -> u32 {
    version(&Connection::open(path).unwrap()).unwrap()
}

#[test]
fn a_migrated_database_has_the_schema_of_a_fresh_one() {
    let fresh = Connection::open_in_memory().unwrap();
    fresh.execute_batch(SCHEMA).unwrap();
    let migrated = Connection::open_in_memory().unwrap();
    for step in MIGRATIONS {
        migrated.execute_batch(step).unwrap();
    }
    assert_eq!(schema(&fresh), schema(&migrated));
    assert!(schema(&fresh).len() > 20);
}

#[test]
fn a_step_that_fails_leaves_the_database_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = old_database(folder.path());
    let before = schema(&Connection::open(&path).unwrap());
    let bytes = std::fs::read(&path).unwrap();

    let steps = [
        MIGRATIONS[0],
        "CREATE TABLE half (done INTEGER) STRICT; DELETE FROM person;",
        "CREATE TABLE broken (",
    ];
    let mut database = Database::open(&path).unwrap();
    migrate(&mut database, &path, &steps).unwrap_err();
    drop(database);

    assert_eq!(version_of(&path), 1);
    assert_eq!(schema(&Connection::open(&path).unwrap()), before);
    assert_eq!(names(&path), ["wei"]);
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    let backup = backup_path(&path, 1);
    assert_eq!(names(&backup), ["wei"]);
    assert_eq!(version_of(&backup), 1);
}

#[test]
fn a_migration_keeps_the_rows_and_a_copy_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = old_database(folder.path());
    let backup = backup_path(&path, 1);
    // Left by a migration that failed long ago.
    std::fs::write(&backup, "stale").unwrap();

    let steps = [
        MIGRATIONS[0],
        "ALTER TABLE person ADD COLUMN note TEXT; UPDATE person SET name = 'lin';",
    ];
    migrate(&mut Database::open(&path).unwrap(), &path, &steps).unwrap();

    assert_eq!(
        (version_of(&path), names(&path)),
        (2, vec!["lin".to_owned()])
    );
    assert_eq!(
        (version_of(&backup), names(&backup)),
        (1, vec!["wei".to_owned()])
    );
    assert!(!backup.with_extension("bak.part").exists());
}

#[test]
fn two_programs_that_migrate_at_once_do_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = old_database(folder.path());
    let steps = [MIGRATIONS[0], "CREATE TABLE once (done INTEGER) STRICT;"];
    std::thread::scope(|scope| {
        let open = || migrate(&mut Database::open(&path).unwrap(), &path, &steps);
        let racers: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        for racer in racers {
            racer.join().unwrap().unwrap();
        }
    });
    assert_eq!(version_of(&path), 2);
    assert_eq!(version_of(&backup_path(&path, 1)), 1);
}

#[test]
fn a_newer_database_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = old_database(folder.path());
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 7).unwrap();
    drop(connection);
    let bytes = std::fs::read(&path).unwrap();

    let error = recognise(&path, 1).unwrap_err();
    let sentence = format!("{error}. {}", error.help().unwrap());
    assert!(sentence.contains("made by a newer Callout (schema 7, this one knows 1)"));
    assert!(sentence.contains("Update Callout"), "{sentence}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 1, "no backup, nothing left behind");
}

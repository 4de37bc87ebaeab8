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

/// Rows of every kind that version 1 knows: drafts, a chain, a text set aside, a working copy.
const ROWS_OF_1: &str = "
    INSERT INTO diagram (number, id, name, image_hash, image_format, image_bytes, width, height, view,
        imported_by, imported_at)
    VALUES (7, 'd', 'a.png', printf('%064d', 1), 'png', 9, 8, 8, 'original', 'p', 5);
    INSERT INTO region VALUES ('r', 'd', 'lane', 0, 0, 4, 4, 'p', 5);
    INSERT INTO draft VALUES ('f1', 'd', 'global', NULL, '图', 'file', 5);
    INSERT INTO draft VALUES ('f2', 'd', 'partial', 'r', 'lane text', 'file', 6);
    INSERT INTO annotation (id, diagram_id, annotator_id, level, region_id)
    VALUES ('a1', 'd', 'p', 'global', NULL), ('a2', 'd', 'p', 'partial', 'r');
    INSERT INTO revision VALUES ('v1', 'a1', NULL, 'f1', 'first', 'p', 7);
    INSERT INTO revision VALUES ('v2', 'a1', 'v1', 'f1', 'second', 'p', 8);
    INSERT INTO revision VALUES ('v3', 'a1', 'v1', NULL, 'aside', 'p', 9);
    UPDATE annotation SET head_revision_id = 'v2', submitted_revision_id = 'v1', submitted_at = 8,
        approved_revision_id = 'v1' WHERE id = 'a1';
    INSERT INTO working_copy VALUES ('a2', 'typing', '{}', NULL, 3, 9);
    INSERT INTO conflict VALUES ('a1', 'v3', 9, NULL);
    INSERT INTO audit VALUES (1, 9, 'p', 'revise', 'd', 'v1', 'v2', NULL);
    INSERT INTO diagram_words (rowid, words) VALUES (7, 'first second');";

/// Every row of the tables that version 1 knows, in the columns that it knows.
fn rows_of_1(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let old = Connection::open_in_memory().unwrap();
    old.execute_batch(MIGRATIONS[0]).unwrap();
    let mut tables = old
        .prepare(
            "SELECT name, (SELECT group_concat('quote(' || name || ')', '||'',''||')
                FROM pragma_table_info(sqlite_schema.name)) FROM sqlite_schema
             WHERE type = 'table' AND sql LIKE '%STRICT' ORDER BY name",
        )
        .unwrap();
    let tables = tables
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(|row| row.unwrap());
    let mut rows = Vec::new();
    for (table, columns) in tables.collect::<Vec<(String, String)>>() {
        let sql = format!("SELECT rowid || ' {table} ' || {columns} FROM {table} ORDER BY rowid");
        let mut statement = connection.prepare(&sql).unwrap();
        let found = statement.query_map((), |row| row.get::<_, String>(0));
        rows.extend(found.unwrap().map(|row| row.unwrap()));
    }
    rows
}

#[test]
fn the_second_step_keeps_every_row_of_the_first_and_its_rules() {
    let folder = tempfile::tempdir().unwrap();
    let path = old_database(folder.path());
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(ROWS_OF_1).unwrap();
    drop(connection);
    let before = rows_of_1(&path);
    assert_eq!(before.len(), 13, "{before:#?}");

    let mut database = Database::open(&path).unwrap();
    migrate(&mut database, &path, MIGRATIONS).unwrap();
    assert_eq!(rows_of_1(&path), before);
    assert_eq!(database.problems().unwrap(), [""; 0]);
    let connection = database.connection();
    let refused = |sql: &str, says: &str| {
        let error = connection.execute(sql, ()).unwrap_err().to_string();
        assert!(error.contains(says), "{sql}: {error}");
    };
    refused("UPDATE draft SET text = ''", "a draft is immutable");
    refused("DELETE FROM draft", "a draft is kept");
    refused("DELETE FROM revision", "a revision is kept");
    refused("DELETE FROM annotation", "FOREIGN KEY");
    refused(
        "INSERT INTO draft (id, diagram_id, level, text, label, created_at)
         VALUES ('x', 'nowhere', 'global', '', '', 1)",
        "FOREIGN KEY",
    );
    refused(
        "INSERT INTO annotation (id, diagram_id, annotator_id, level) VALUES ('x', 'd', 'p', 'global')",
        "annotation_slot",
    );
    let structure = "INSERT INTO annotation (id, diagram_id, annotator_id, level)
        VALUES ('a3', 'd', 'p', 'structure')";
    assert_eq!(connection.execute(structure, ()).unwrap(), 1);
    let found: u32 = connection
        .query_row(
            "SELECT rowid FROM diagram_words WHERE diagram_words MATCH 'second'",
            (),
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(found, 7);
}

#[test]
fn a_database_whose_rows_point_at_nothing_is_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = old_database(folder.path());
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO draft VALUES ('f', 'nowhere', 'global', NULL, 'text', 'file', 5);",
        )
        .unwrap();
    drop(connection);
    let before = (schema(&Connection::open(&path).unwrap()), rows_of_1(&path));
    let mut database = Database::open(&path).unwrap();
    let error = migrate(&mut database, &path, MIGRATIONS).unwrap_err();
    assert!(
        matches!(&error, Error::Dangling(table) if table == "draft"),
        "{error}"
    );
    assert_eq!((schema(database.connection()), rows_of_1(&path)), before);
    assert_eq!(version_of(&path), 1);
}

use std::fs;

use super::*;
use crate::table::person;

fn now() -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000)
}

fn fresh() -> (tempfile::TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::create(folder.path(), "wei", now()).unwrap();
    (folder, workspace)
}

/// A file that stands where the database should is refused by name and stays as it is.
fn check_foreign(content: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(DATABASE);
    fs::write(&path, content).unwrap();
    let error = Workspace::open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::NotAWorkspace(_)), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), content);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_workspace_is_made_and_opened_again() {
    let (folder, made) = fresh();
    let opened = Workspace::open(folder.path()).unwrap();
    assert_eq!(opened, made);
    let database = opened.connect().unwrap();
    let founder = database.read(|connection| person::find(connection, "wei"));
    assert_eq!(
        founder.unwrap().unwrap(),
        opened.join("wei", now()).unwrap()
    );
    assert!(database.problems().unwrap().is_empty());
    drop(database);
    let mut files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    files.sort();
    assert_eq!(files, [DATABASE, "images"], "nothing unfinished is left");
}

#[test]
fn a_folder_without_a_database_is_no_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let error = Workspace::open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::NotAWorkspace(_)));
    assert!(error.help().unwrap().contains("callout init"));
}

#[test]
fn other_files_are_refused_and_left_alone() {
    check_foreign(b"");
    check_foreign("会话管理 is not a database\n".repeat(100).as_bytes());
    check_foreign(b"short");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1);")
        .unwrap();
    drop(other);
    check_foreign(&fs::read(path).unwrap());
}

#[test]
fn an_existing_workspace_is_not_made_anew() {
    let (folder, workspace) = fresh();
    let before = fs::read(workspace.database_path()).unwrap();
    let error = Workspace::create(folder.path(), "lin", now()).unwrap_err();
    assert!(matches!(error, Error::AlreadyAWorkspace(_)));
    assert_eq!(fs::read(workspace.database_path()).unwrap(), before);
}

#[test]
fn of_several_made_at_once_in_one_folder_one_stands() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Workspace::create(folder.path(), "wei", now())))
            .collect();
        makers
            .into_iter()
            .filter_map(|maker| maker.join().unwrap().ok())
            .count()
    });
    assert_eq!(made, 1);
    assert!(
        Workspace::open(folder.path())
            .unwrap()
            .connect()
            .unwrap()
            .problems()
            .unwrap()
            .is_empty()
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_a_crash_left_half_made_is_no_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let half = folder
        .path()
        .join(format!("{DATABASE}.{}", WorkspaceId::new()));
    migrate::create(&mut Database::create(&half).unwrap()).unwrap();
    assert!(matches!(
        Workspace::open(folder.path()),
        Err(Error::NotAWorkspace(_))
    ));
    Workspace::create(folder.path(), "wei", now()).unwrap();
    Workspace::open(folder.path()).unwrap();
}

#[test]
fn a_person_joins_once_and_needs_a_name() {
    let (_folder, workspace) = fresh();
    let lin = workspace.join("林", now()).unwrap();
    assert_eq!(workspace.join(" 林 ", now()).unwrap(), lin);
    assert!(matches!(
        workspace.join(" ", now()),
        Err(Error::EmptyName(_))
    ));
}

#[test]
fn the_same_bytes_are_kept_once() {
    let (folder, workspace) = fresh();
    let sources = [
        folder.path().join("a.png"),
        folder.path().join("会话 \"b\".png"),
    ];
    let mut kept = Vec::new();
    for source in &sources {
        fs::write(source, b"the same bytes").unwrap();
        let incoming = workspace.receive(source).unwrap();
        assert_eq!(fs::read(incoming.path()).unwrap(), b"the same bytes");
        assert_eq!(incoming.bytes(), 14);
        let expected = workspace.image_path(incoming.hash(), "png");
        kept.push(workspace.keep(incoming, "png").unwrap());
        assert_eq!(kept.last(), Some(&expected));
    }
    assert_eq!(kept[0], kept[1]);
    assert_eq!(fs::read(&kept[0]).unwrap(), b"the same bytes");
    let name = kept[0].file_name().unwrap().to_string_lossy();
    assert_eq!(
        name,
        "7d95d9eeb9c191ad25da1c2014f6985c9a3094bf5065029ea0a79767f0522ce6.png"
    );
}

#[test]
fn a_file_that_was_not_kept_leaves_nothing() {
    let (folder, workspace) = fresh();
    let source = folder.path().join("a.png");
    fs::write(&source, b"refused later").unwrap();
    drop(workspace.receive(&source).unwrap());
    assert_eq!(fs::read_dir(workspace.images_dir()).unwrap().count(), 0);
    let error = workspace
        .receive(&folder.path().join("missing.png"))
        .unwrap_err();
    assert!(error.to_string().contains("missing.png"));
}

#[cfg(unix)]
#[test]
fn an_original_can_be_read_by_whoever_may_read_the_folder() {
    use std::os::unix::fs::MetadataExt;
    let (folder, workspace) = fresh();
    let source = folder.path().join("a.png");
    fs::write(&source, b"bytes").unwrap();
    let kept = workspace
        .keep(workspace.receive(&source).unwrap(), "png")
        .unwrap();
    let mode = |path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(kept), mode(source));
}

#[test]
fn what_a_killed_import_left_is_removed_after_a_day() {
    let (_folder, workspace) = fresh();
    let images = workspace.images_dir();
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_secs(25 * 60 * 60);
    for (name, written) in [
        (".incoming-old", yesterday),
        (".incoming-new", std::time::SystemTime::now()),
        ("kept", yesterday),
    ] {
        let file = fs::File::create(images.join(name)).unwrap();
        file.set_modified(written).unwrap();
    }
    workspace.sweep().unwrap();
    assert!(!images.join(".incoming-old").exists());
    assert!(images.join(".incoming-new").exists() && images.join("kept").exists());
}

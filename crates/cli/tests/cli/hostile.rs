//! Pictures that are none, or worse: each is refused by name with a reason, or taken without harm.

use std::io::Write;

use serde_json::{Value, json};

use crate::{Desk, encoded, png};

/// The reason why the file whose path ends so was refused.
#[track_caller]
fn reason<'a>(report: &'a Value, path: &str) -> &'a str {
    let rejected = report["rejected"].as_array().unwrap();
    let mut named = rejected
        .iter()
        .filter(|one| one["path"].as_str().unwrap().ends_with(path));
    let found = named
        .next()
        .unwrap_or_else(|| panic!("`{path}` is not named in {report:#}"));
    assert!(
        named.next().is_none(),
        "`{path}` is named twice in {report:#}"
    );
    found["reason"].as_str().unwrap()
}

/// Imports one hostile file beside a good one; returns why it was refused.
#[track_caller]
fn refusal(name: &str, content: impl AsRef<[u8]>) -> String {
    let desk = Desk::empty();
    desk.write("in/good.png", png(30, 20));
    desk.write(&format!("in/{name}"), content);
    let report = desk.ask("import", [desk.path("in")]);
    assert_eq!(report["imported"], 1, "{report:#}");
    assert_eq!(
        report["rejected"].as_array().unwrap().len(),
        1,
        "{report:#}"
    );
    desk.is_sound_with(1);
    reason(&report, name).to_owned()
}

#[track_caller]
fn check(name: &str, content: impl AsRef<[u8]>, says: &str) {
    let reason = refusal(name, content);
    assert!(reason.contains(says), "{reason}");
}

#[test]
fn a_bomb_of_40_000_by_40_000_pixels() {
    check("bomb.png", bomb(40_000), "40000 × 40000");
}

#[test]
fn a_truncated_jpeg() {
    let picture = image::RgbImage::from_fn(400, 300, |x, y| image::Rgb([x as u8, y as u8, 9]));
    let whole = encoded(&picture, image::ImageFormat::Jpeg);
    check("cut.jpg", &whole[..whole.len() / 2], "ends too early");
}

#[test]
fn a_text_named_as_a_picture() {
    check("notes.png", "just some notes", "not a picture");
}

#[test]
fn an_empty_file() {
    check("empty.png", "", "empty");
}

#[test]
fn a_billion_laughs() {
    let mut entities = r#"<!ENTITY l0 "lol">"#.to_owned();
    for level in 1..10 {
        let ten = format!("&l{};", level - 1).repeat(10);
        entities.push_str(&format!(r#"<!ENTITY l{level} "{ten}">"#));
    }
    let svg = format!(
        r#"<?xml version="1.0"?><!DOCTYPE svg [{entities}]>
        <svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&l9;</text></svg>"#
    );
    check("laughs.svg", svg, "entity `l1`");
}

#[cfg(unix)]
#[test]
fn a_loop_of_links() {
    let desk = Desk::empty();
    desk.write("in/a/good.png", png(30, 20));
    std::os::unix::fs::symlink(desk.path("in"), desk.path("in/a/loop")).unwrap();
    std::os::unix::fs::symlink("itself.png", desk.path("in/itself.png")).unwrap();
    let report = desk.ask("import", [desk.path("in")]);
    assert_eq!(report["imported"], 1);
    assert!(reason(&report, "a/loop").contains("leads back"));
    reason(&report, "itself.png");
    desk.is_sound_with(1);
}

#[cfg(unix)]
#[test]
fn a_pipe_does_not_hang() {
    let desk = Desk::empty();
    std::fs::create_dir(desk.path("in")).unwrap();
    nix::unistd::mkfifo(&desk.path("in/pipe.png"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let report = desk
        .run("import", [desk.path("in").as_os_str(), "--json".as_ref()])
        .exits(1)
        .json();
    reason(&report, "pipe.png");
    let report = desk
        .run(
            "import",
            [desk.path("in/pipe.png").as_os_str(), "--json".as_ref()],
        )
        .exits(1)
        .json();
    reason(&report, "pipe.png");
}

#[test]
fn names_in_any_script_with_quotes_and_line_ends() {
    let desk = Desk::empty();
    let names = [
        "时序图 “一”.png",
        "it's \"quoted\".png",
        "line\nbreak\u{1b}[31m.png",
        "$(echo hello) %s {}.png",
    ];
    for (number, name) in (1..).zip(names) {
        desk.write(&format!("in/{name}"), png(30, 20 + number));
    }
    desk.write("in/bad\nname.png", "no picture");
    let run = desk.run("import", [desk.path("in")]).exits(0);
    assert!(
        run.out.contains("bad\\nname.png: is not a picture"),
        "{run:?}"
    );
    assert!(!run.err.contains('\u{1b}'), "{run:?}");
    let listed = desk.run("list", [""; 0]).exits(0);
    assert!(listed.out.contains("break\\u{1b}[31m"), "{listed:?}");
    let rows = desk.ask("list", [""; 0])["diagrams"]
        .as_array()
        .unwrap()
        .clone();
    let mut kept: Vec<_> = rows
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    kept.sort_unstable();
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(kept, expected);
    desk.is_sound_with(4);
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_unicode() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let desk = Desk::empty();
    let path = desk.dir.path().join(OsStr::from_bytes(b"caf\xe9.png"));
    std::fs::write(&path, png(30, 20)).unwrap();
    assert_eq!(desk.ask("import", [path])["imported"], 1);
    assert_eq!(
        desk.ask("show", ["1"])["diagram"]["name"],
        "caf\u{fffd}.png"
    );
}

#[test]
fn broken_metadata_spoils_only_its_own_lines() {
    let desk = Desk::empty();
    desk.write("in/good.png", png(30, 20));
    desk.write("in/other.png", png(30, 21));
    let lines = [
        r#"{"file_name": "good.png", "caption": "two\r\nlines"}"#,
        r#"{"file_name": "other.png", "caption": "#,
        r#"{"file_name": "gone.png", "caption": "of nothing"}"#,
        r#"{"file_name": "../../etc/passwd", "caption": "of a secret"}"#,
    ];
    desk.write("in/metadata.jsonl", lines.join("\n"));
    let report = desk.ask("import", [desk.path("in")]);
    assert_eq!(report["imported"], 2);
    assert!(reason(&report, "metadata.jsonl:2").contains("not valid JSON"));
    assert!(reason(&report, "gone.png").contains("no such picture"));
    assert!(reason(&report, "metadata.jsonl:4").contains("leads out"));
    assert_eq!(desk.ask("show", ["1"])["drafts"][0]["text"], "two\nlines");
    assert_eq!(desk.ask("show", ["2"])["drafts"], json!([]));
}

/// A greyscale PNG of one bit a pixel: 200 MB of zeros in some 200 kB.
fn bomb(side: u32) -> Vec<u8> {
    let mut header = [side.to_be_bytes(), side.to_be_bytes()].concat();
    header.extend([1, 0, 0, 0, 0]);
    let row = vec![0; side as usize / 8 + 1];
    let mut pixels = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..side).for_each(|_| pixels.write_all(&row).unwrap());
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"IDAT", &pixels.finish().unwrap());
    chunk(&mut png, b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let body = [name.as_slice(), data].concat();
    png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
    png.extend(&body);
    png.extend(crc32fast::hash(&body).to_be_bytes());
}

//! Bringing in pictures with their captions.

use serde_json::json;

use crate::{Desk, png, sample};

#[test]
fn the_sample_comes_in_with_its_captions_as_drafts() {
    let desk = Desk::empty();
    let report = desk.ask("import", [sample()]);
    assert_eq!(report["imported"], 12);
    assert_eq!(report["already"], 0);
    assert_eq!(report["rejected"], json!([]));
    assert_eq!(report["cancelled"], false);
    assert!(report["seconds"].as_f64().unwrap() > 0.0);
    desk.is_sound_with(12);

    let metadata = std::fs::read_to_string(sample().join("metadata.jsonl")).unwrap();
    let rows: Vec<serde_json::Value> = metadata
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 12);
    let listed = desk.ask("list", [""; 0]);
    for diagram in listed["diagrams"].as_array().unwrap() {
        let row = rows
            .iter()
            .find(|row| row["file_name"] == diagram["name"])
            .unwrap();
        let shown = desk.ask("show", [diagram["id"].as_str().unwrap()]);
        assert_eq!(shown["drafts"].as_array().unwrap().len(), 1);
        assert_eq!(shown["drafts"][0]["text"], row["caption"]);
        assert_eq!(shown["drafts"][0]["level"], "global");
        assert_eq!(shown["drafts"][0]["label"], "metadata.jsonl");
        assert_eq!(shown["captions"][0]["text"], row["caption"]);
        assert_eq!(shown["diagram"]["source"], row["source"]);
        assert_eq!(shown["diagram"]["license"], row["license"]);
        assert_eq!(shown["audit"][0]["action"], "import");
        assert_eq!(shown["audit"][0]["who"], "alice");
    }
}

#[test]
fn the_same_again_adds_nothing() {
    let desk = Desk::sample();
    let before = desk.ask("show", ["1"]);
    let report = desk.ask("import", [sample()]);
    assert_eq!(
        (&report["imported"], &report["already"]),
        (&json!(0), &json!(12))
    );
    // A renamed copy is known by its bytes.
    let original = std::fs::read(sample().join("5g-registration.png")).unwrap();
    let copy = desk.write("other name.png", original);
    let report = desk.ask("import", [copy]);
    assert_eq!(
        (&report["imported"], &report["already"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(desk.ask("show", ["1"]), before);
    desk.is_sound_with(12);
}

#[test]
fn every_format_comes_in_whatever_its_name() {
    use image::ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    let desk = Desk::empty();
    let picture = image::RgbImage::from_pixel(40, 30, image::Rgb([10, 200, 30]));
    for (format, name) in [
        (Png, "png"),
        (Jpeg, "jpeg"),
        (WebP, "webp"),
        (Gif, "gif"),
        (Bmp, "bmp"),
        (Tiff, "tiff"),
    ] {
        desk.write(&format!("in/{name}.PNG"), crate::encoded(&picture, format));
    }
    desk.write("in/deep/er/drawing.svg", r#"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="9" height="9"/></svg>"#);
    desk.write("in/notes.txt", "not a picture, and does not claim to be");
    let report = desk.ask("import", [desk.path("in")]);
    assert_eq!(report["imported"], 7);
    assert_eq!(report["skipped"], 1);
    assert_eq!(report["rejected"], json!([]));
    for number in 1..=7 {
        let shown = desk.ask("show", [number.to_string()]);
        let image = &shown["diagram"]["image"];
        let name = shown["diagram"]["name"]
            .as_str()
            .unwrap()
            .split('.')
            .next()
            .unwrap();
        // A drawing has no pixels of its own: it is drawn large, in its proportions.
        let (format, width, height) = match name {
            "drawing" => ("svg", 1_600, 1_200),
            _ => (name, 40, 30),
        };
        assert_eq!(image["format"], format);
        let size = (&image["width"], &image["height"]);
        assert_eq!(size, (&json!(width), &json!(height)));
    }
}

#[test]
fn a_limit_refuses_and_a_higher_one_takes() {
    let desk = Desk::empty();
    let picture = desk.write("large.png", png(1_500, 1_000));
    let refused = desk
        .run(
            "import",
            [
                picture.as_os_str(),
                "--max-megapixels".as_ref(),
                "1".as_ref(),
            ],
        )
        .exits(1);
    assert!(
        refused.out.contains("refused") && refused.out.contains("large.png"),
        "{refused:?}"
    );
    assert_eq!(desk.ask("import", [picture])["imported"], 1);
}

#[test]
fn progress_goes_to_standard_error_in_lines() {
    let desk = Desk::empty();
    let run = desk
        .run("import", [sample().as_os_str(), "--json".as_ref()])
        .exits(0);
    assert_eq!(run.out.lines().count(), 1);
    assert!(
        run.err.lines().last().unwrap().starts_with("12 of 12: "),
        "{run:?}"
    );
}

#[test]
fn nothing_found_is_said() {
    let desk = Desk::empty();
    let missing = desk.run("import", [desk.path("nowhere")]).exits(1);
    assert!(missing.out.contains("nowhere"), "{missing:?}");
    std::fs::create_dir(desk.path("empty")).unwrap();
    assert_eq!(desk.ask("import", [desk.path("empty")])["imported"], 0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_and_keeps_what_came_in() {
    use std::io::{BufRead, BufReader, Read};
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;

    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;

    const PICTURES: u64 = 40;
    let desk = Desk::empty();
    let picture = png(5_000, 2_500);
    for number in 0..PICTURES {
        // Bytes after a PNG's end are nobody's, but make it another file.
        desk.write(
            &format!("in/{number}.png"),
            [picture.as_slice(), &number.to_be_bytes()].concat(),
        );
    }
    // A group of its own, as a terminal makes for a command; Ctrl-C goes to all of it.
    let mut child = crate::program()
        .arg("import")
        .args([desk.workspace(), desk.path("in")])
        .arg("--json")
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    let mut err = String::new();
    progress.read_line(&mut err).unwrap();
    killpg(
        Pid::from_raw(child.id().try_into().unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    progress.read_to_string(&mut err).unwrap();
    let mut out = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["cancelled"], true);
    assert_eq!(report["rejected"], json!([]), "{err}");
    let imported = report["imported"].as_u64().unwrap();
    assert!((1..PICTURES).contains(&imported), "{report}");
    desk.is_sound_with(imported);
}

//! Splits without leaks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage, Luma, imageops};
use qwen::chat::{Message, Role};
use training::rows::Row;
use training::snapshot::{Look, Side, Snapshot, Split};

/// A diagram of boxes whose places depend on `seed`.
fn diagram(seed: u32) -> DynamicImage {
    let mut picture = GrayImage::from_pixel(400, 300, Luma([255]));
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    for _ in 0..8 {
        let (left, top, width, height) = (next(320), next(240), 40 + next(40), 20 + next(40));
        for y in top..(top + height).min(300) {
            for x in left..(left + width).min(400) {
                picture.put_pixel(x, y, Luma([60]));
            }
        }
    }
    picture.into()
}

fn row(id: &str, images: &[&Path]) -> Row {
    Row {
        id: id.to_owned(),
        messages: vec![
            Message::images_and_text(images.len(), "What?"),
            Message::text(Role::Assistant, format!("It is {id}.")),
        ],
        images: images.iter().map(|path| path.to_path_buf()).collect(),
    }
}

fn decode(path: &Path) -> Result<DynamicImage, String> {
    image::open(path).map_err(|error| error.to_string())
}

fn save(folder: &Path, name: &str, picture: &DynamicImage) -> PathBuf {
    let path = folder.join(name);
    picture.save(&path).unwrap();
    path
}

const SPLIT: Split = Split {
    test_share: 0.25,
    seed: 3,
};

/// Forty diagrams, each with a smaller copy and a second row about the same file.
fn families(folder: &Path) -> Vec<Row> {
    (0..40)
        .flat_map(|n| {
            let picture = diagram(n);
            let small = picture.resize_exact(253, 190, imageops::FilterType::Triangle);
            let one = save(folder, &format!("{n}.png"), &picture);
            let copy = save(folder, &format!("{n}-small.jpg"), &small);
            [
                row(&format!("{n} a"), &[&one]),
                row(&format!("{n} b"), &[&one]),
                row(&format!("{n} c"), &[&copy]),
            ]
        })
        .collect()
}

#[test]
fn copies_of_a_picture_are_on_one_side() {
    let folder = tempfile::tempdir().unwrap();
    let (snapshot, refused) = Snapshot::freeze(families(folder.path()), SPLIT, &mut decode);
    assert_eq!(refused, []);
    let mut sides: BTreeMap<&str, BTreeSet<Side>> = BTreeMap::new();
    for entry in &snapshot.entries {
        let family = entry.row.id.split(' ').next().unwrap();
        sides.entry(family).or_default().insert(entry.side);
    }
    assert!(sides.values().all(|sides| sides.len() == 1), "{sides:?}");
    let held = snapshot.of(Side::Test).len();
    assert!((27..=33).contains(&held), "a quarter of 120: {held}");
    let groups: BTreeSet<usize> = snapshot.entries.iter().map(|entry| entry.group).collect();
    assert_eq!(
        groups.len(),
        40,
        "no two different diagrams are taken for one"
    );
}

#[test]
fn the_split_depends_on_the_seed_and_not_on_the_order() {
    let folder = tempfile::tempdir().unwrap();
    let rows = families(folder.path());
    let held = |rows: Vec<Row>, seed: u64| -> BTreeSet<String> {
        let split = Split { seed, ..SPLIT };
        let (snapshot, _) = Snapshot::freeze(rows, split, &mut decode);
        let held = snapshot.of(Side::Test);
        held.iter().map(|entry| entry.row.id.clone()).collect()
    };
    let reversed: Vec<Row> = rows.iter().rev().cloned().collect();
    assert_eq!(held(rows.clone(), 3), held(reversed, 3));
    assert_ne!(held(rows.clone(), 3), held(rows, 4));
}

#[test]
fn a_manifest_comes_back_and_notices_another_picture() {
    let folder = tempfile::tempdir().unwrap();
    let one = save(folder.path(), "one.png", &diagram(1));
    let broken = folder.path().join("broken.png");
    std::fs::write(&broken, "no picture").unwrap();
    let rows = vec![row("1", &[&one]), row("2", &[&broken]), row("3", &[])];
    let (snapshot, refused) = Snapshot::freeze(rows, SPLIT, &mut decode);
    assert_eq!(refused.len(), 1);
    assert!(
        refused[0].reason.contains("broken.png"),
        "{}",
        refused[0].reason
    );
    let file = folder.path().join("manifest.jsonl");
    snapshot.write(&file).unwrap();
    assert_eq!(Snapshot::read(&file).unwrap(), snapshot);
    snapshot.entries[0].check_pictures().unwrap();
    save(folder.path(), "one.png", &diagram(2));
    let told = snapshot.entries[0]
        .check_pictures()
        .unwrap_err()
        .to_string();
    assert!(told.contains("one.png has changed"), "{told}");
}

#[test]
fn everything_is_never_held_out() {
    let rows = vec![row("1", &[])];
    let (one, _) = Snapshot::freeze(
        rows,
        Split {
            test_share: 0.9,
            seed: 0,
        },
        &mut decode,
    );
    assert_eq!(one.of(Side::Train).len(), 1);
    let (none, _) = Snapshot::freeze(
        (0..50).map(|n| row(&n.to_string(), &[])).collect(),
        Split {
            test_share: 0.0,
            seed: 0,
        },
        &mut decode,
    );
    assert_eq!(none.of(Side::Test).len(), 0);
}

/// Real diagrams, where they are at hand: different figures must not look alike, copies must.
#[test]
fn real_diagrams_are_told_apart_and_their_copies_are_not() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/sample");
    let mut looks = Vec::new();
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let Ok(picture) = image::open(&path) else {
            continue;
        };
        let look = Look::of(&picture);
        let half = picture.resize(
            picture.width() / 2,
            picture.height() / 2,
            imageops::FilterType::Triangle,
        );
        assert!(look.is_like(&Look::of(&half)), "{}", path.display());
        looks.push((path, look));
    }
    assert!(looks.len() > 3, "sample pictures");
    for (index, (path, look)) in looks.iter().enumerate() {
        for (other, seen) in &looks[index + 1..] {
            assert!(
                !look.is_like(seen),
                "{} and {}",
                path.display(),
                other.display()
            );
        }
    }
}

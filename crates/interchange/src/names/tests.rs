use domain::{DiagramId, Image, State, Timestamp, View};

use super::*;

fn check(given: &[(&str, &str)], expected: &[&str]) {
    let mut names = Names::default();
    let claimed: Vec<String> = given
        .iter()
        .enumerate()
        .map(|(index, (name, format))| names.claim(&diagram(name, format, index)))
        .collect();
    assert_eq!(claimed, expected);
}

fn diagram(name: &str, format: &str, index: usize) -> Diagram {
    Diagram {
        id: DiagramId::new(),
        number: 1,
        name: name.to_owned(),
        state: State::Approved,
        image: Image {
            hash: format!("{index}").repeat(64),
            format: format.to_owned(),
            width: 1,
            height: 1,
            bytes: 1,
        },
        view: View::Original,
        context: String::new(),
        source: None,
        license: None,
        imported_at: Timestamp::from_millis(0),
        kind: String::new(),
        plan: None,
        second: false,
        draft_hidden: false,
        skip_reason: None,
    }
}

#[test]
fn a_good_name_is_kept() {
    let names = [
        ("5G 注册 'draft' (v1.2).PNG", "png"),
        ("core.jpeg", "jpeg"),
        ("a.tif", "tiff"),
    ];
    check(
        &names,
        &["5G 注册 'draft' (v1.2).PNG", "core.jpeg", "a.tif"],
    );
}

#[test]
fn a_name_that_some_system_refuses_is_changed() {
    check(&[("../../etc/passwd.png", "png")], &["passwd.png"]);
    check(&[("..\\boot.png", "png")], &["boot.png"]);
    check(&[("a\nb\"c\"<d>\u{0}.png", "png")], &["a_b_c__d__.png"]);
    check(&[("gpj\u{202e}.png", "png")], &["gpj_.png"]);
    check(
        &[("..hidden.png", "png"), ("...", "png"), ("", "gif")],
        &["hidden.png", "picture.png", "picture.gif"],
    );
    check(
        &[("CON.png", "png"), ("lpt1.tar.png", "png")],
        &["_CON.png", "_lpt1.tar.png"],
    );
    check(&[("end. .png", "png")], &["end.png"]);
    let long = "图".repeat(200) + ".png";
    check(&[(&long, "png")], &[&("图".repeat(50) + ".png")]);
}

#[test]
fn the_ending_tells_the_format() {
    check(
        &[
            ("photo.png", "jpeg"),
            ("v1.2", "webp"),
            ("notes.txt", "png"),
        ],
        &["photo.jpg", "v1.2.webp", "notes.txt.png"],
    );
}

#[test]
fn no_two_names_are_one_on_any_system() {
    check(
        &[
            ("a.png", "png"),
            ("a.png", "png"),
            ("A.PNG", "png"),
            ("a-33333333.png", "png"),
            ("a.jpg", "png"),
        ],
        &[
            "a.png",
            "a-11111111.png",
            "A-22222222.PNG",
            "a-33333333.png",
            "a-44444444.png",
        ],
    );
    check(
        &[("caf\u{e9}.png", "png"), ("cafe\u{301}.png", "png")],
        &["caf\u{e9}.png", "cafe\u{301}-11111111.png"],
    );
    check(
        &[
            ("a-11111111.png", "png"),
            ("a.png", "png"),
            ("x/a.png", "png"),
        ],
        &["a-11111111.png", "a.png", "a-22222222.png"],
    );
}

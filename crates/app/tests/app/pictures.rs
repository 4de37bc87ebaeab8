use app::domain::View;

use crate::{Bench, bmp};

#[test]
fn a_deleted_view_is_made_again_from_the_original() {
    let bench = Bench::new();
    bench.write("a.bmp", &bmp(20, 10, 77));
    bench.import(&bench.input());
    let id = bench.session.find("1").unwrap();
    let diagram = bench.session.diagram(&id).unwrap().diagram;
    assert_eq!(diagram.view, View::Whole);
    let hash = &diagram.image.hash;
    let first = std::fs::read(bench.session.whole_picture(hash).unwrap().path).unwrap();
    std::fs::remove_dir_all(bench.session.workspace().root().join("derived")).unwrap();
    let again = bench.session.whole_picture(hash).unwrap();
    assert_eq!(std::fs::read(again.path).unwrap(), first);
    assert_eq!(again.media_type, "image/png");
}

#[test]
fn only_pictures_of_the_workspace_can_be_asked_for() {
    let bench = Bench::new();
    for hash in ["", "..", "../../callout.db", &"0".repeat(64)] {
        assert!(bench.session.whole_picture(hash).is_err());
        assert!(bench.session.tile(hash, 0, 0, 0).is_err());
    }
}

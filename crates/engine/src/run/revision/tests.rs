//! What counts as another state of a model.

use super::*;

fn copy(to: &Path) -> hub::Description {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/qwen2_5_vl");
    for entry in std::fs::read_dir(fixtures.join("tied_f32/model")).unwrap() {
        let from = entry.unwrap().path();
        std::fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
    }
    hub::describe(to).unwrap()
}

#[test]
fn other_weights_are_another_revision() {
    let dir = tempfile::tempdir().unwrap();
    let description = copy(dir.path());
    let first = of(&description, None).unwrap();
    assert_eq!(of(&description, None).unwrap(), first);
    let with_adapter = of(&description, Some(dir.path())).unwrap();
    assert!(with_adapter.starts_with(&format!("{first}+adapter-")));
    let weights = dir.path().join("model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..] {
        *byte ^= 1;
    }
    std::fs::write(&weights, bytes).unwrap();
    assert_ne!(of(&description, None).unwrap(), first);
    let cached = hub::Description {
        revision: Some("abc".to_owned()),
        ..description
    };
    assert_eq!(of(&cached, None).as_deref(), Some("abc"));
}

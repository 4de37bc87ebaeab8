use app::{Language, Settings, Theme};
use tempfile::TempDir;

#[test]
fn settings_survive_and_broken_ones_are_defaults() {
    let folder = TempDir::new().unwrap();
    let mut settings = Settings {
        language: Language::Chinese,
        theme: Theme::Dark,
        ..Settings::default()
    };
    for name in ["/a", "/b", "/a"] {
        settings.remember(name.as_ref());
    }
    settings.save(folder.path()).unwrap();
    let read = Settings::load(folder.path());
    assert_eq!(read, settings);
    assert_eq!(read.recent, ["/a", "/b"]);
    std::fs::write(folder.path().join("settings.json"), "{broken").unwrap();
    assert_eq!(Settings::load(folder.path()), Settings::default());
}

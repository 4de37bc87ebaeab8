//! Prompts as a lead edits them.

use std::fs;
use std::path::Path;

use domain::Level;
use provider::prompt::{Asked, Language, Prompt, Prompts, Purpose, Region, Variables, copy_into};
use provider::{Message, Part, Role};

fn part() -> Part {
    Part::ImageUrl("http://host/a.png".to_owned())
}

fn text(message: &Message) -> &str {
    match message.parts.last().unwrap() {
        Part::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

fn prompt(user: &str) -> Result<Prompt, String> {
    let file = format!("---\nversion: 1\ntitle: Test\n---\n# system\nBe exact.\n# user\n{user}\n");
    Prompt::parse(&file, Path::new("p.md")).map_err(|error| error.to_string())
}

/// What a prompt says with some variables, or why it cannot.
fn filled(user: &str) -> Result<String, String> {
    let region = Region {
        name: "Core".to_owned(),
        bbox: [100, 0, 300, 50],
    };
    let variables = Variables {
        width: 400,
        height: 100,
        context: "Figure 1\n\nshows it.".to_owned(),
        region: Some(region),
        terms: vec!["gNB".to_owned(), "AMF".to_owned()],
        ..Variables::default()
    };
    let messages = prompt(user)?
        .messages(&variables, Some(part()))
        .map_err(|error| error.to_string())?;
    assert_eq!(text(&messages[0]), "Be exact.");
    Ok(text(&messages[1]).to_owned())
}

#[test]
fn every_prompt_that_is_built_in_can_be_filled_in() {
    let prompts = Prompts::embedded().unwrap();
    let full = Variables {
        width: 1000,
        height: 500,
        context: "SURROUNDING".to_owned(),
        region: Some(Region {
            name: "NAMED".to_owned(),
            bbox: [100, 50, 400, 450],
        }),
        terms: vec!["TERM-A".to_owned(), "TERM-B".to_owned()],
        ..Variables::default()
    };
    for language in Language::ALL {
        for level in Level::ALL {
            let prompt = prompts.get(language, Purpose::Caption(level));
            assert!(
                prompt.version().starts_with("1+") && prompt.version().len() == 10,
                "{}",
                prompt.version()
            );
            let bare = prompt
                .messages(&Variables::default(), Some(part()))
                .unwrap();
            let messages = prompt.messages(&full, Some(part())).unwrap();
            let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
            assert_eq!(roles, [Role::System, Role::User]);
            assert!(matches!(messages[1].parts[0], Part::ImageUrl(_)));
            let (bare, text) = (text(&bare[1]), text(&messages[1]));
            for word in ["SURROUNDING", "TERM-A", "TERM-B"] {
                assert!(text.contains(word) && !bare.contains(word), "{text}");
            }
            assert!(
                !text.contains("\n\n\n") && !text.contains("{{") && !text.contains("{%"),
                "{text}"
            );
            let is_chinese = text.contains("图");
            assert_eq!(is_chinese, language == Language::Zh);
            assert_eq!(text.contains("NAMED"), level == Level::Partial);
            assert_eq!(text.contains("Mermaid"), level == Level::Structure);
        }
    }
    let partial = prompts
        .get(Language::En, Purpose::Caption(Level::Partial))
        .messages(&full, Some(part()))
        .unwrap();
    let said = "from 10 % to 50 % of the picture's width, counted from the left, and from 10 % to 100 % of its height";
    assert!(text(&partial[1]).contains(said), "{}", text(&partial[1]));
}

#[test]
fn an_examinee_reads_the_question_and_nothing_that_helps() {
    let prompts = Prompts::embedded().unwrap();
    let variables = Variables {
        question: Some(Asked {
            kind: "single_choice",
            stem: "STEM {{ x }}".to_owned(),
            options: vec!["A. ONE".to_owned(), "B. TWO".to_owned()],
            unit: String::new(),
        }),
        ..Variables::default()
    };
    for (language, letter, blind) in [
        (
            Language::En,
            "letter of the right option only",
            "not shown to you",
        ),
        (Language::Zh, "只回答正确选项的字母", "图不会给你看"),
    ] {
        let prompt = prompts.get(language, Purpose::Answer);
        let unseen = prompt.messages(&variables, None).unwrap();
        assert!(unseen[1].parts.len() == 1 && text(&unseen[0]).contains(blind));
        let seen = Variables {
            picture: true,
            ..variables.clone()
        };
        let seen = prompt.messages(&seen, Some(part())).unwrap();
        assert!(seen[1].parts.len() == 2 && !text(&seen[0]).contains(blind));
        let words = text(&seen[1]);
        assert!(
            words.starts_with("STEM {{ x }}\n\nA. ONE\nB. TWO\n\n"),
            "{words}"
        );
        assert!(words.contains(letter), "{words}");
    }
}

#[test]
fn questions_are_asked_for_by_number_and_kind() {
    let prompts = Prompts::embedded().unwrap();
    let variables = Variables {
        picture: true,
        count: 7,
        kinds: vec!["fill_in", "true_false"],
        known: vec!["KNOWN ONE?".to_owned()],
        captions: "EXPERTS' WORDS".to_owned(),
        ..Variables::default()
    };
    for language in Language::ALL {
        let messages = prompts
            .get(language, Purpose::Questions)
            .messages(&variables, Some(part()))
            .unwrap();
        let words = text(&messages[1]);
        for said in ["7", "fill_in, true_false", "- KNOWN ONE?", "EXPERTS' WORDS"] {
            assert!(words.contains(said), "{said}: {words}");
        }
        assert!(!words.contains("\n\n\n"), "{words}");
    }
}

#[test]
fn an_edited_prompt_is_used_kept_and_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let written = copy_into(folder.path()).unwrap();
    assert_eq!(written.len(), 12);
    let before = Prompts::load(folder.path()).unwrap();
    let built_in = Prompts::embedded().unwrap();
    let version = |prompts: &Prompts| {
        prompts
            .get(Language::Zh, Purpose::Caption(Level::Global))
            .version()
            .to_owned()
    };
    assert_eq!(version(&before), version(&built_in));

    let path = folder.path().join("zh/global.md");
    let edited = fs::read_to_string(&path)
        .unwrap()
        .replace("二到五句话", "三句话");
    fs::write(&path, &edited).unwrap();
    fs::remove_file(folder.path().join("en/global.md")).unwrap();
    let after = Prompts::load(folder.path()).unwrap();
    assert_ne!(version(&after), version(&before));
    let messages = after
        .get(Language::Zh, Purpose::Caption(Level::Global))
        .messages(&Variables::default(), Some(part()))
        .unwrap();
    assert!(text(&messages[1]).contains("三句话"));

    assert_eq!(
        copy_into(folder.path()).unwrap(),
        [folder.path().join("en/global.md")]
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), edited);
    assert_eq!(fs::read_dir(folder.path().join("zh")).unwrap().count(), 6);
}

#[test]
fn without_a_folder_those_built_in_are_used() {
    let folder = tempfile::tempdir().unwrap();
    let prompts = Prompts::load(&folder.path().join("prompts")).unwrap();
    assert_eq!(
        prompts
            .get(Language::En, Purpose::Caption(Level::Detailed))
            .title(),
        "Detailed caption"
    );
}

#[test]
fn variables_are_filled_in() {
    assert_eq!(
        filled("a {{ width }}x{{height}}\n\n\n\nb").unwrap(),
        "a 400x100\n\nb"
    );
    assert_eq!(
        filled("{{ region.name }} {{ region.left }}-{{ region.right }}").unwrap(),
        "Core 25-100"
    );
    assert_eq!(filled("{{ context }}").unwrap(), "Figure 1\n\nshows it.");
    let list = "{% for term in terms %}{{ term }}{% if not loop.last %}, {% endif %}{% endfor %}";
    assert_eq!(filled(list).unwrap(), "gNB, AMF");
    assert_eq!(
        filled("{# a note #}{%- if width == 400 -%} wide {%- else -%} other {%- endif %}").unwrap(),
        "wide"
    );
    assert_eq!(
        filled("{\"a\"} n1[\"x\"] %} }} -->|\"N2\"|").unwrap(),
        "{\"a\"} n1[\"x\"] %} }} -->|\"N2\"|"
    );
}

#[test]
fn a_wrong_prompt_is_told_with_its_line() {
    let check = |user: &str, expected: &str| {
        let told = filled(user).unwrap_err();
        assert!(
            told.starts_with(&format!("prompt p.md, line {expected}")),
            "{told}"
        );
    };
    check(
        "one\n{{ nobody }}",
        "9: `nobody` is not known; there are `context`, `terms`",
    );
    check("{{ region.colour }}", "8: `region.colour` is not known");
    check("one\ntwo\n{% if width %}", "10: syntax error");
    check("{{ width", "8: syntax error");
    check(
        "{% set a = width %}",
        "8: of statements only `if` and `for` are allowed",
    );
    check(
        "\n{{ context | upper }}",
        "9: `~`, `*` and filters are not allowed in a prompt",
    );
    check("{% include \"a\" %}", "8: of statements");

    let file = |text: &str| {
        Prompt::parse(text, Path::new("p.md"))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        file(""),
        "prompt p.md, line 1: it does not begin with a line `---`"
    );
    assert_eq!(
        file("---\nversion: 1\n"),
        "prompt p.md, line 1: the head has no second line `---`"
    );
    assert_eq!(
        file("---\nversion: 1\nmodel: x\n---\n"),
        "prompt p.md, line 3: only `version` and `title` are known here"
    );
    assert_eq!(
        file("---\nversion: 1\ntitle: x\n---\n# system\nx\n"),
        "prompt p.md, line 5: there is no line `# user` after `# system`"
    );
    assert_eq!(
        file("---\nversion: 1\ntitle: x\n---\nhello\n# system\n# user\nx"),
        "prompt p.md, line 5: there is text before `# system`"
    );
    assert_eq!(
        file("---\nversion: a b\ntitle: x\n---\n# system\n# user\nx"),
        "prompt p.md, line 1: `version` must be 1–32 letters, digits, dots, hyphens or underscores"
    );
}

#[test]
fn a_hostile_prompt_ends_soon_and_stays_small() {
    let endless = "{% for a in terms %}".repeat(20) + "x" + &"{% endfor %}".repeat(20);
    let told = filled(&endless).unwrap_err();
    assert!(told.ends_with("it takes too many steps"), "{told}");
    let doubling = "{% for a in [context ~ context] %}".to_owned() + "{% endfor %}";
    let concat = "{% for a in [context + context] %}{{ a }}{% endfor %}";
    let hidden = "{{ \"\\\"\" ~ context }}";
    let block = "{% filter upper %}x{% endfilter %}";
    for bomb in [
        doubling.as_str(),
        concat,
        hidden,
        block,
        "{{ 'x' * 999999999 }}",
        "{% raw %}{% endraw %}",
    ] {
        assert!(filled(bomb).unwrap_err().contains("allowed"), "{bomb}");
    }
    let called = filled("{{ range(9) }}").unwrap_err();
    assert!(called.contains("`range` is not known"), "{called}");
    let long = format!(
        "{}{}{}",
        "{% for a in terms %}".repeat(8),
        "{{ context }}".repeat(100),
        "{% endfor %}".repeat(8)
    );
    let told = filled(&long).unwrap_err();
    assert!(
        told.ends_with("it becomes longer than 256 KiB") || told.ends_with("too many steps"),
        "{told}"
    );
}

#[test]
fn what_is_no_prompt_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("en/global.md")).unwrap();
    let told = Prompts::load(folder.path()).unwrap_err().to_string();
    assert!(told.ends_with("line 1: it is not a file"), "{told}");
    fs::remove_dir(folder.path().join("en/global.md")).unwrap();
    fs::write(folder.path().join("en/global.md"), vec![b'x'; 70_000]).unwrap();
    let told = Prompts::load(folder.path()).unwrap_err().to_string();
    assert!(told.ends_with("line 1: it is larger than 64 KiB"), "{told}");
    fs::write(folder.path().join("en/global.md"), [0xff, 0xfe]).unwrap();
    let told = Prompts::load(folder.path()).unwrap_err().to_string();
    assert!(told.ends_with("line 1: it is not UTF-8"), "{told}");
}

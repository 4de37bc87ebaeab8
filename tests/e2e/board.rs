//! The overview, people and roles, the audit log and the bundle for bug reports, in the window.

use crate::harness::{Desk, Workspace, callout, live_in, play};
use anyhow::{Context as _, Result, ensure};
use app::Session;
use app::domain::{BulkAction, BulkScope, DrawnRegion, Level, Role, Shape, Slot, SpanLink, State};

/// Two people caption diagram 7 without seeing each other's text, about regions; a question is answered.
fn agree(workspace: &Workspace) -> Result<()> {
    let root = workspace.path();
    let [mei, wei, lead] = ["Mei", "Wei", "Test"].map(|name| Session::open(root.as_ref(), name));
    let (mei, wei, lead) = (mei?, wei?, lead?);
    let id = lead.find("7")?;
    let scope = BulkScope::Picked {
        ids: vec![id.clone()],
    };
    lead.bulk(&scope, &BulkAction::Second { wanted: true })?;
    for (session, x) in [(&mei, 10), (&wei, 60)] {
        let drawn = DrawnRegion {
            name: None,
            shape: Shape::Rectangle {
                x,
                y: 10,
                width: 200,
                height: 100,
            },
        };
        let region = session.draw_region(&id, &drawn)?;
        let slot = Slot {
            diagram_id: id.clone(),
            level: Level::Global,
            region_id: None,
        };
        let link = SpanLink {
            start: 0,
            end: 5,
            region_id: region.id,
        };
        let text = format!("Leaf switches, as {} sees them.", session.person().name);
        session.revise(&slot, &text, &[link], true)?;
    }
    let ready = lead.questions(&app::domain::QuestionFilter::default(), 0, 100)?;
    for question in ready.questions {
        mei.answer_question(&question.id, "A")?;
    }
    Ok(())
}

const BOARD: &str = "[data-testid=board-place]";

async fn go(desk: &Desk, place: &str) -> Result<()> {
    desk.click(&format!("[data-testid=place-{place}]")).await
}

/// Pictures of the overview's lower part in both themes and languages, large and small.
async fn looks(desk: &Desk) -> Result<()> {
    let down = "document.querySelector('[data-testid=board-place]').scrollTo(0, 99999)";
    for (width, height) in [(1440, 900), (1024, 700)] {
        desk.resize(width, height).await?;
        for look in ["light-en", "light-zh", "dark-zh", "dark-en"] {
            desk.run(down, vec![]).await?;
            desk.screenshot(&format!("board-{look}-{width}")).await?;
            let next = if look.starts_with(if look.ends_with("zh") {
                "light"
            } else {
                "dark"
            }) {
                "Ctrl+Shift+L"
            } else {
                "Ctrl+Shift+E"
            };
            desk.press(next).await?;
        }
        let start = "document.documentElement.lang === 'en' && document.documentElement.dataset.theme === 'light'";
        desk.wait("it looks as in the beginning", start).await?;
    }
    desk.resize(1440, 900).await
}

/// Shows every chart as its table.
async fn tables(desk: &Desk) -> Result<()> {
    desk.appears(&format!("{BOARD} figure")).await?;
    let press = "document.querySelectorAll('[data-testid=board-place] figure button[aria-pressed=false]').forEach((button) => button.click())";
    desk.run(press, vec![]).await?;
    desk.disappears(&format!("{BOARD} canvas")).await
}

/// Waits until the list that opened says and shows that it has so many rows.
async fn lists(desk: &Desk, number: u64, what: &str) -> Result<()> {
    let rows = format!(
        "(() => {{ const list = document.querySelector('[data-testid=queue-list], [data-testid=question-list]'); \
         const rows = [...(list?.querySelectorAll('[role=option]') ?? [])].filter((row) => row.textContent.trim() !== ''); \
         const said = document.querySelector('[data-testid=queue-count], [data-testid=questions-place] .count span')?.textContent ?? ''; \
         return rows.length === {number} && said.startsWith('{number} '); }})()"
    );
    desk.wait(&format!("{what} lists {number}"), &rows).await
}

#[test]
fn every_number_of_the_overview_opens_a_list_of_that_many_rows() {
    play(async |stage| {
        let workspace = stage.sample()?;
        live_in(&workspace)?;
        agree(&workspace)?;
        let desk = stage.open(&workspace).await?;
        go(&desk, "board").await?;
        desk.appears(&format!("{BOARD} canvas")).await?;
        desk.screenshot("board").await?;
        looks(&desk).await?;
        tables(&desk).await?;
        // Of many alike (a state for each person, a day) the first that is not 0.
        let names = "[...new Set([...document.querySelectorAll('[data-testid=board-place] button[data-testid]')] \
             .filter((button) => /^[0-9,]+$/.test(button.textContent.trim())).map((button) => button.dataset.testid))]";
        let names: Vec<String> = serde_json::from_value(desk.get(names).await?)?;
        ensure!(names.len() >= 20, "{names:?}");
        for wanted in [
            "agree-texts",
            "agree-boxes",
            "agree-keys",
            "throughput-pick",
            "person-handed-in",
            "drafts-shown",
        ] {
            ensure!(
                names.iter().any(|name| name == wanted),
                "no {wanted} in {names:?}"
            );
        }
        for name in &names {
            let button = format!("{BOARD} button[data-testid={name}]");
            let number = desk.wait_text(&button, |text| !text.is_empty()).await?;
            desk.click(&button).await?;
            lists(&desk, number.parse().context("reading a number")?, name).await?;
            go(&desk, "board").await?;
            tables(&desk).await?;
        }
        desk.no_problem().await
    });
}

#[test]
fn roles_hold_in_the_window_and_in_the_store() {
    play(async |stage| {
        let workspace = stage.sample()?;
        live_in(&workspace)?;
        let lead = stage.open(&workspace).await?;
        go(&lead, "settings").await?;
        lead.click("[data-testid=section-people]").await?;
        lead.type_into("[data-testid=new-person]", "Lin").await?;
        lead.click("[data-testid=add-person]").await?;
        lead.appears("[data-testid=role-Lin-annotator][aria-pressed=true]")
            .await?;
        lead.click("[data-testid=rename-Lin]").await?;
        lead.type_into("[data-testid=person-name]", "a").await?;
        lead.press("Enter").await?;
        lead.appears("[data-testid=role-Lina-lead][aria-pressed=false]")
            .await?;
        lead.screenshot("people").await?;
        let session = workspace.reader()?;
        let people = session.people()?;
        let lina = people.iter().find(|info| info.person.name == "Lina");
        ensure!(lina.is_some_and(|info| info.person.roles == [Role::Annotator]));
        session.skip(&session.find("8")?, "blurred")?;

        let desk = stage
            .open_bare(&[&workspace.path(), "--as", "Lina"])
            .await?;
        // Every window of this machine comes back to the place that was left last.
        go(&desk, "annotate").await?;
        desk.picture_shown().await?;
        desk.press("Alt+Down").await?;
        desk.appears("[data-testid=go-next]").await?;
        desk.disappears("[data-testid=return]").await?;
        go(&desk, "settings").await?;
        desk.click("[data-testid=section-people]").await?;
        desk.appears("[data-testid=role-Test-lead]:disabled")
            .await?;
        desk.disappears("[data-testid=new-person]").await?;
        let refused = callout(&["approve", &workspace.path(), "5", "--as", "Lina"])?;
        ensure!(!refused.status.success());
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        ensure!(said.contains("takes the role `lead`"), "{said}");

        go(&desk, "annotate").await?;
        while desk.number().await? != 8 {
            let next = desk.number().await? + 1;
            desk.press("Alt+Down").await?;
            desk.opened(next).await?;
        }
        desk.screenshot("skipped").await?;
        desk.click("[data-testid=unskip]").await?;
        workspace
            .until("it is to do again", 8, |view| {
                view.diagram.state == State::Todo
            })
            .await?;
        desk.no_problem().await
    });
}

#[test]
fn the_log_is_read_in_words_and_written_out_and_bug_reports_tell_nothing() {
    play(async |stage| {
        let workspace = stage.sample()?;
        live_in(&workspace)?;
        let desk = stage.open(&workspace).await?;
        go(&desk, "settings").await?;
        desk.click("[data-testid=section-audit]").await?;
        desk.appears("[data-testid=audit-row]").await?;
        desk.screenshot("audit").await?;
        let rows = desk.texts("[data-testid=audit-row]").await?.join("\n");
        ensure!(!rows.contains("0199") && !rows.contains("submit"), "{rows}");
        desk.type_into("[data-testid=audit-diagram]", "4").await?;
        let all_four = "[...document.querySelectorAll('[data-testid=audit-open]')].every((each) => each.textContent === '#0004')";
        desk.wait("only diagram 4 is listed", all_four).await?;

        let log = stage.folder().join("审计.jsonl");
        desk.type_into(
            "[data-testid=audit-export-path]",
            &log.display().to_string(),
        )
        .await?;
        desk.click("[data-testid=audit-export-start]").await?;
        desk.wait_text("[data-testid=audit-export-done]", |text| {
            text.contains("line")
        })
        .await?;
        let written = std::fs::read_to_string(&log)?;
        let times: Vec<String> = written
            .lines()
            .map(|line| Ok(serde_json::from_str::<serde_json::Value>(line)?["at"].to_string()))
            .collect::<Result<_>>()?;
        ensure!(times.is_sorted() && times.len() > 30, "{}", times.len());

        desk.click("[data-testid=section-about]").await?;
        let bundle = stage.folder().join("bundle.zip");
        desk.type_into(
            "[data-testid=diagnostics-path]",
            &bundle.display().to_string(),
        )
        .await?;
        desk.click("[data-testid=diagnostics-start]").await?;
        desk.wait_text("[data-testid=diagnostics-done]", |text| !text.is_empty())
            .await?;
        ensure!(std::fs::read(&bundle)?.starts_with(b"PK"));
        desk.no_problem().await
    });
}

#[test]
fn who_takes_another_name_stays_who_they_are() {
    play(async |stage| {
        let workspace = stage.sample()?;
        let desk = stage.open_bare(&[&workspace.path()]).await?;
        desk.picture_shown().await?;
        go(&desk, "settings").await?;
        desk.click("[data-testid=section-you]").await?;
        desk.click("[data-testid=my-name]").await?;
        desk.type_keys(" the Great").await?;
        desk.press("Enter").await?;
        let named = |session: &Session| -> Result<Vec<String>> {
            let people = session.people()?.into_iter();
            Ok(people.map(|info| info.person.name).collect())
        };
        let session = workspace.reader()?;
        let before = named(&session)?;
        ensure!(
            before.iter().any(|name| name.ends_with(" the Great")),
            "{before:?}"
        );
        desk.kill()?;

        let desk = stage.open_bare(&[&workspace.path()]).await?;
        desk.appears("[data-testid=my-name]").await?;
        ensure!(named(&session)? == before, "nobody new came");
        desk.wait(
            "the name is the new one",
            "document.querySelector('[data-testid=my-name]').value.endsWith(' the Great')",
        )
        .await
    });
}

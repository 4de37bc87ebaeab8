//! Generated diagrams: rows without picture files, with captions of the length that experts write, in
//! English and Chinese. The same number gives the same texts.

use std::fmt::Write;

use anyhow::Result;
use domain::{Image, Level, NewDraft, QueueFilter, QueueRow, Slot, View};
use store::table::diagram::NewDiagram;
use store::{annotate, intake, work};

use crate::Session;

/// A word of every caption.
pub(super) const COMMON: &str = "packet";
/// A word of about ten captions, however many there are.
pub(super) const RARE: &str = "quiescence";
/// As [`COMMON`], in Chinese.
pub(super) const COMMON_ZH: &str = "会话";
/// As [`RARE`], in Chinese.
pub(super) const RARE_ZH: &str = "量子密钥";

/// Written in one transaction.
pub(super) const BATCH: u32 = 2_000;
/// One diagram in so many has an expert's text as well.
const WRITTEN_EVERY: usize = 10;
const CAPTION_WORDS: usize = 50;
const CONTEXT_WORDS: usize = 80;

const WORDS: [&str; 32] = [
    "the",
    "router",
    "forwards",
    "a",
    "frame",
    "to",
    "switch",
    "over",
    "tunnel",
    "session",
    "AMF",
    "SMF",
    "UPF",
    "gNB",
    "registers",
    "with",
    "policy",
    "bearer",
    "acknowledges",
    "sequence",
    "number",
    "between",
    "leaf",
    "spine",
    "server",
    "request",
    "response",
    "timer",
    "expires",
    "state",
    "link",
    "interface",
];
const PHRASES: [&str; 16] = [
    "用户设备",
    "接入网",
    "核心网",
    "建立",
    "注册请求",
    "转发",
    "路由器",
    "交换机",
    "数据包",
    "隧道",
    "策略",
    "鉴权",
    "承载",
    "接口",
    "时序图",
    "释放",
];

/// Writes `diagrams` rows into an empty workspace.
pub(super) fn generate(
    session: &Session,
    diagrams: u32,
    mut progress: impl FnMut(u32),
) -> Result<()> {
    let rare_every = (diagrams / 10).max(1);
    for start in (0..diagrams).step_by(BATCH as usize) {
        let end = (start + BATCH).min(diagrams);
        session.write(|tx, by| {
            for number in start..end {
                let draft = draft(number, number % rare_every == 0);
                intake::import(tx, by, &diagram(number), &[draft])?;
            }
            Ok(())
        })?;
        write_texts(session, start, end - start)?;
        progress(end);
    }
    Ok(())
}

/// Rows of the queue from `offset` on, at most `limit`.
pub(super) fn page(session: &Session, offset: u32, limit: u32) -> Result<Vec<QueueRow>> {
    let mut rows: Vec<QueueRow> = Vec::new();
    while rows.len() < limit as usize {
        let have = u32::try_from(rows.len()).unwrap_or(limit);
        let page = session.page(&QueueFilter::default(), offset + have, limit - have)?;
        if page.rows.is_empty() {
            break;
        }
        rows.extend(page.rows);
    }
    Ok(rows)
}

fn write_texts(session: &Session, offset: u32, limit: u32) -> Result<()> {
    let rows = page(session, offset, limit)?;
    session.write(|tx, by| {
        for row in rows.iter().step_by(WRITTEN_EVERY) {
            let slot = Slot {
                diagram_id: row.id.clone(),
                level: Level::Global,
                region_id: None,
            };
            annotate::revise(tx, by, &slot, &caption(row.number + 1), &[])?;
            work::release(tx, by, &row.id)?;
        }
        Ok(())
    })
}

fn diagram(number: u32) -> NewDiagram {
    NewDiagram {
        name: format!("figure-{number:06}.png"),
        image: Image {
            hash: format!("{number:064x}"),
            format: "png".to_owned(),
            width: 1_200,
            height: 800,
            bytes: 60_000,
        },
        view: View::Original,
        context: words(number ^ 0x5a5a, CONTEXT_WORDS),
        source: Some("generated".to_owned()),
        license: None,
        extra: None,
    }
}

fn draft(number: u32, rare: bool) -> NewDraft {
    let mut text = caption(number);
    if rare {
        write!(text, " {RARE}，{RARE_ZH}").ok();
    }
    NewDraft {
        level: Level::Global,
        region: None,
        text,
        label: "generated".to_owned(),
    }
}

/// A caption of some 50 English words and 30 Chinese characters.
pub(super) fn caption(number: u32) -> String {
    let mut text = words(number, CAPTION_WORDS);
    write!(text, " {COMMON}. {COMMON_ZH}").ok();
    let mut random = number.wrapping_add(1);
    for _ in 0..10 {
        text.push_str(PHRASES[step(&mut random) % PHRASES.len()]);
    }
    text
}

fn words(seed: u32, n_words: usize) -> String {
    let mut random = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let words: Vec<_> = (0..n_words)
        .map(|_| WORDS[step(&mut random) % WORDS.len()])
        .collect();
    words.join(" ")
}

/// Xorshift: spread is all that is asked of it.
fn step(random: &mut u32) -> usize {
    *random = (*random).max(1);
    *random ^= *random << 13;
    *random ^= *random >> 17;
    *random ^= *random << 5;
    *random as usize >> 4
}

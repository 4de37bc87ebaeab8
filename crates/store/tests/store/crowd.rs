//! People who do whatever they may: at random, but each time the same.

use domain::{
    ActiveTime, Anchor, Dashboard, DiagramId, DrawnRegion, Level, NewDecision, QuestionContent,
    QuestionEntry, QuestionId, QuestionKind, QuestionSource, QuestionTrial, QueueFilter, Reason,
    RegionId, Shape, Slot, Span, SpanLink, SubmitNote, Timestamp,
};
use store::annotate::{self, By};
use store::{Result, Transaction, dashboard, questions, regions, review, table, threads, work};

use crate::fixture::{Desk, Fixture, MEASURES, draft_of, global, no_links, now, slot};

pub const FIRST_MS: i64 = 1_700_006_400_000;
pub const DAYS: u32 = 5;

/// People who act at random, on days of their own.
pub struct Crowd {
    pub desk: Fixture,
    pub people: Vec<Desk>,
    /// Whose turn it is.
    pub who: usize,
    random: u32,
    pub at: i64,
}

impl Crowd {
    /// `diagrams` are in, three fifths for two people and a third with a hidden draft.
    pub fn new(diagrams: usize) -> Self {
        let mut desk = Fixture::new();
        for n in 0..diagrams {
            let drafts = match n % 4 {
                0 => Vec::new(),
                _ => vec![
                    draft_of(Level::Global, None, &format!("draft {n}")),
                    draft_of(Level::Detailed, None, "detailed draft"),
                ],
            };
            desk.import_with(&format!("n{n}"), drafts);
        }
        // Not by the workspace's rules, whose shares depend on ids, which are others each time.
        let shares = "UPDATE diagram SET second = number % 5 < 3, draft_hidden = number % 3 = 1";
        desk.write(|tx, _| Ok(tx.execute(shares, ())?)).unwrap();
        let people = ["lin", "韩梅梅", "omar"].map(|name| desk.desk_of(name));
        Self {
            desk,
            people: people.into(),
            who: 0,
            random: 7,
            at: FIRST_MS,
        }
    }

    /// A number below `most`.
    pub fn any(&mut self, most: usize) -> usize {
        self.random = self
            .random
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        (self.random >> 8) as usize % most
    }

    /// Somebody does something, or is refused: a minute to an hour later.
    pub fn act<T>(&mut self, f: impl FnOnce(&Transaction<'_>, By<'_>) -> Result<T>) -> Option<T> {
        self.at += 60_000 + i64::try_from(self.any(3_000_000)).unwrap();
        let at = Timestamp::from_millis(self.at);
        let desk = &mut self.people[self.who];
        let person = &desk.person;
        desk.database.write(|tx| f(tx, By { person, at })).ok()
    }

    pub fn ids(&self) -> Vec<DiagramId> {
        let page = self.desk.read(|connection| {
            self.desk
                .through(&QueueFilter::default())
                .page(connection, 0, 1_000)
        });
        page.rows.into_iter().map(|row| row.id).collect()
    }

    pub fn writes(&mut self, id: &DiagramId) {
        let level = [Level::Global, Level::Detailed][self.any(2)];
        let drafts = self
            .desk
            .read(|connection| table::draft::of_diagram(connection, id));
        let draft = drafts.into_iter().find(|draft| draft.level == level);
        let draft = draft.map_or_else(String::new, |draft| draft.text);
        let words = ["the AMF selects the SMF", "用户面数据", &draft, &draft, ""];
        let text = words[self.any(words.len())];
        let links = match self.region(id) {
            Some(region_id) if text.len() > 8 => vec![SpanLink {
                start: 0,
                end: 3,
                region_id,
            }],
            _ => Vec::new(),
        };
        let slot = slot(id, level);
        self.act(|tx, by| annotate::revise(tx, by, &slot, text, &links));
        let reasons = [Reason::ALL[self.any(Reason::ALL.len())]];
        if self.any(3) == 0 {
            self.act(|tx, by| annotate::set_reasons(tx, by, &slot, &reasons));
        }
    }

    /// One of the diagram's regions, or a new one.
    pub fn region(&mut self, id: &DiagramId) -> Option<RegionId> {
        let known = self
            .desk
            .read(|connection| table::region::of_diagram(connection, id));
        if known.len() > 2 {
            return Some(known[self.any(known.len())].id.clone());
        }
        let [x, y] = [self.any(300), self.any(200)].map(|n| u32::try_from(n).unwrap());
        let new = DrawnRegion {
            name: None,
            shape: Shape::Rectangle {
                x,
                y,
                width: 200,
                height: 150,
            },
        };
        self.act(|tx, by| regions::draw(tx, by, id, &new))
            .map(|region| region.id)
    }

    pub fn hands_in(&mut self, id: &DiagramId) {
        let note = SubmitNote {
            draft_id: None,
            active: vec![ActiveTime {
                level: Level::Global,
                region_id: None,
                seconds: 10.0,
            }],
        };
        if let Some(region_id) = self.region(id) {
            let partial = Slot {
                region_id: Some(region_id),
                ..slot(id, Level::Partial)
            };
            if self.any(3) == 0 {
                self.act(|tx, by| annotate::revise(tx, by, &partial, "one region", &[]));
            }
        }
        self.act(|tx, by| annotate::submit(tx, by, &global(id), &note, MEASURES));
    }

    pub fn decides(&mut self, id: &DiagramId) {
        let decision = match self.any(2) {
            0 => NewDecision::Accept {
                picks: Vec::new(),
                note: String::new(),
                read: None,
            },
            _ => NewDecision::Return {
                reasons: vec![Reason::WrongTerm],
                note: String::new(),
                read: None,
            },
        };
        self.act(|tx, by| review::decide(tx, by, id, &decision, no_links));
    }

    pub fn talks(&mut self, id: &DiagramId) {
        let started = self.act(|tx, by| threads::start(tx, by, id, &Anchor::Diagram, "why?"));
        if let (Some(thread), 0) = (started, self.any(2)) {
            self.act(|tx, by| threads::settle(tx, by, &thread.id, true));
        }
    }

    pub fn asks(&mut self, id: &DiagramId) {
        let content = self.content();
        let label = "made up".to_owned();
        let question = match self.any(4) {
            0 => self.act(|tx, by| {
                let source = QuestionSource::Synthetic { label };
                questions::propose(tx, by, id, &content, &source)
            }),
            1 => self.act(|tx, by| {
                let source = QuestionSource::Imported { label };
                questions::propose(tx, by, id, &content, &source)
            }),
            _ => self.act(|tx, by| questions::add(tx, by, id, &content)),
        };
        let question = question.unwrap().id;
        if self.any(5) > 0 {
            self.act(|tx, by| questions::take_up(tx, by, &question));
        }
        if self.any(4) > 0 {
            self.act(|tx, by| questions::make_ready(tx, by, &question));
        }
        for _ in 0..self.any(3) {
            self.answers(&question);
        }
        if self.any(4) == 0 {
            self.rewrites(&question);
        }
        if self.any(9) == 0 {
            self.act(|tx, by| questions::reject(tx, by, &question, "no"));
        }
    }

    pub fn content(&mut self) -> QuestionContent {
        let kind = QuestionKind::ALL[self.any(4)];
        let level = [Level::Global, Level::Partial, Level::Detailed][self.any(3)];
        let mut content = QuestionContent::empty(kind, level);
        content.stem = format!("question {}?", self.any(1_000_000));
        content.category = ["", "counting", "下一步"][self.any(3)].to_owned();
        content.difficulty = domain::Difficulty::ALL[self.any(3)];
        if !content.choices.is_empty() {
            for _ in 0..=self.any(2) {
                let key = self.any(content.choices.len());
                content.choices[key].right = true;
            }
        }
        content
    }

    pub fn answers(&mut self, id: &QuestionId) {
        self.who = self.any(self.people.len());
        let trial = QuestionTrial {
            examinee: String::new(),
            is_model: false,
            blind: self.any(5) == 0,
            answer: "A".to_owned(),
            picked: vec![0],
            rule: String::new(),
            correct: [None, Some(true), Some(false)][self.any(3)],
            at: now(),
        };
        self.act(|tx, by| questions::answer(tx, by, id, &trial));
    }

    pub fn rewrites(&mut self, id: &QuestionId) {
        self.act(|tx, by| questions::take_up(tx, by, id));
        let version = self
            .desk
            .read(|connection| questions::get(connection, id))
            .version;
        let entry = QuestionEntry {
            id: id.clone(),
            content: self.content(),
            version,
        };
        self.act(|tx, by| questions::save(tx, by, &entry));
        self.act(|tx, by| questions::make_ready(tx, by, id));
    }

    pub fn live(&mut self, steps: usize) {
        let ids = self.ids();
        for (n, id) in ids.iter().enumerate() {
            let kind = ["", "sequence", "拓扑"][n % 3];
            self.act(|tx, by| work::set_kind(tx, by, id, kind));
        }
        for _ in 0..steps {
            self.who = self.any(self.people.len());
            let id = ids[self.any(ids.len())].clone();
            match self.any(12) {
                0..=3 => self.writes(&id),
                4..=6 => {
                    self.writes(&id);
                    self.hands_in(&id);
                }
                7 => self.decides(&id),
                8 => self.talks(&id),
                9 => {
                    self.act(|tx, by| work::skip(tx, by, &id, "blurred"));
                }
                _ => self.asks(&id),
            }
        }
    }

    pub fn days(&self) -> Vec<(String, Span)> {
        dashboard::utc_days(Timestamp::from_millis(self.at), DAYS)
    }

    pub fn numbers(&self) -> Dashboard {
        self.desk
            .read(|connection| dashboard::numbers(connection, &self.days()))
    }
}

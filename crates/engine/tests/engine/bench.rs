//! A workspace with small pictures, and a way to run an engine on it.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use app::{ImportOptions, Session};
use domain::{
    DiagramId, Draft, DraftRequest, DraftScope, ItemState, Job, JobItem, JobState, Level,
    LocalOptions, Model, ModelSource, NewModel, PromptLanguage, QueueFilter, Redraft, Sampling,
    ServerOptions, TelemetryEvent,
};
use engine::{EngineOptions, RunError, Stop};
use tempfile::TempDir;

/// Longest wait for what a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A workspace and somebody at work in it.
pub struct Bench {
    pub folder: TempDir,
    pub session: Session,
    pub ids: Vec<DiagramId>,
}

impl Bench {
    /// With so many pictures, all unlike.
    pub fn new(n: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let session = Session::create(&folder.path().join("w.callout"), "Mei").unwrap();
        let input = folder.path().join("in");
        std::fs::create_dir(&input).unwrap();
        for n in 0..n {
            let shade = u8::try_from(20 + 5 * n).unwrap();
            let picture = image::RgbImage::from_pixel(60, 40, image::Rgb([shade, 90, 200]));
            picture.save(input.join(format!("p{n:02}.png"))).unwrap();
        }
        let report = session
            .import(&[input], &ImportOptions::default(), |_| {})
            .unwrap();
        assert_eq!(report.imported, n, "{report:?}");
        let page = session.page(&QueueFilter::default(), 0, n).unwrap();
        let ids = page.rows.into_iter().map(|row| row.id).collect();
        Self {
            folder,
            session,
            ids,
        }
    }

    pub fn root(&self) -> PathBuf {
        self.session.workspace().root().to_owned()
    }

    /// The fixture: a Qwen2.5-VL of random weights.
    pub fn untrained(&self) -> Model {
        let path = fixture("tied_f32").display().to_string();
        let options = LocalOptions::default();
        self.add("tiny", ModelSource::Qwen25Vl { path, options })
    }

    pub fn server(&self, url: &str, concurrency: u32) -> Model {
        let options = ServerOptions {
            model: "served".to_owned(),
            concurrency,
            ..ServerOptions::default()
        };
        let url = url.to_owned();
        self.add("server", ModelSource::Server { url, options })
    }

    pub fn add(&self, name: &str, source: ModelSource) -> Model {
        let name = name.to_owned();
        self.session.add_model(&NewModel { name, source }).unwrap()
    }

    /// Every diagram at one level, with at most `tokens` new tokens.
    pub fn request(&self, model: &Model, tokens: u32) -> DraftRequest {
        DraftRequest {
            model_id: model.id.clone(),
            levels: vec![Level::Global],
            language: PromptLanguage::En,
            scope: DraftScope::Filter {
                filter: QueueFilter::default(),
                limit: None,
            },
            redraft: Redraft::Missing,
            sampling: Sampling {
                max_new_tokens: tokens,
                ..Sampling::default()
            },
            allow_untrained: true,
        }
    }

    pub fn queue(&self, model: &Model, tokens: u32) -> Job {
        let request = self.request(model, tokens);
        self.session.queue_drafts(&request).unwrap()
    }

    /// Runs an engine until nothing waits.
    pub fn run(&self) {
        let options = EngineOptions {
            exit_when_idle: Some(Duration::ZERO),
            ..EngineOptions::default()
        };
        engine::run(&self.root(), &options).unwrap();
    }

    /// Runs an engine in a thread while `work` goes on, then ends it.
    pub fn beside_engine<T>(&self, work: impl FnOnce() -> T) -> T {
        let (value, outcome) = self.beside(work);
        outcome.unwrap();
        value
    }

    fn beside<T>(&self, work: impl FnOnce() -> T) -> (T, Result<(), RunError>) {
        let stop = Stop::default();
        let options = EngineOptions {
            stop: stop.clone(),
            ..EngineOptions::default()
        };
        let root = self.root();
        thread::scope(|scope| {
            let engine = scope.spawn(move || engine::run(&root, &options));
            // Should the work fail, the engine must end all the same.
            let _ends = AskOnDrop(stop);
            let value = work();
            drop(_ends);
            (value, engine.join().unwrap())
        })
    }

    pub fn job(&self, job: &Job) -> Job {
        self.session.job(&job.id).unwrap()
    }

    pub fn items(&self, job: &Job, state: ItemState) -> Vec<JobItem> {
        let items = self.session.job_items(&job.id, Some(state), 0, 1_000);
        items.unwrap()
    }

    pub fn drafts(&self, diagram: &DiagramId) -> Vec<Draft> {
        self.session.drafts_of(diagram).unwrap()
    }

    /// Waits until a job is in this state.
    pub fn until(&self, job: &Job, state: JobState) -> Job {
        self.wait_for(|| Some(self.job(job)).filter(|job| job.state == state))
    }

    /// Waits until something of a job's text is there.
    pub fn until_text(&self, job: &Job) {
        self.wait_for(|| {
            let told = self.session.follow(&job.id, "0.0").unwrap();
            (!told.partial.is_empty()).then_some(())
        });
    }

    pub fn wait_for<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        let (_never, tick) = mpsc::channel::<()>();
        let begun = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            let jobs = || self.session.jobs().unwrap();
            assert!(begun.elapsed() < PATIENCE, "{:#?}", jobs());
            assert!(tick.recv_timeout(Duration::from_millis(10)).is_err());
        }
    }

    /// All that was told of a job.
    pub fn told(&self, job: &Job) -> Vec<TelemetryEvent> {
        let told = self.session.follow(&job.id, "0.0").unwrap();
        told.telemetry.into_iter().map(|line| line.event).collect()
    }

    /// Diagrams in the order in which they were begun.
    pub fn begun(&self, job: &Job) -> Vec<DiagramId> {
        let told = self.told(job).into_iter();
        told.filter_map(|event| match event {
            TelemetryEvent::Begun { diagram, .. } => Some(diagram),
            _ => None,
        })
        .collect()
    }
}

struct AskOnDrop(Stop);

impl Drop for AskOnDrop {
    fn drop(&mut self) {
        self.0.ask();
    }
}

/// A checkpoint of the fixtures.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/qwen2_5_vl")
        .join(name)
        .join("model")
}

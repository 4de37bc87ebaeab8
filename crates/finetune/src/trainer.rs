//! One run: the loop, and how it begins and goes on.

use std::fs::{self, File};
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use qwen::linear::Dropout;
use qwen::load::{LoadOptions, Quantization, Trainable, load};
use qwen::model::Qwen;
use qwen::ops::Mode;
use sha2::{Digest as _, Sha256};

use crate::batch::{Batch, pixel_values};
use crate::checkpoint::{self, Contents, Position, State};
use crate::error::{Error, Result};
use crate::gradients::{self, Gradients, Seen};
use crate::lora;
use crate::optimizer::AdamW;
use crate::order::{self, Draw};
use crate::sample::Sample;
use crate::settings::{BaseFormat, Method, Settings};
use crate::vision_cache::VisionCache;

/// Bytes at the beginning of each file of weights that tell one base model from another.
const FINGERPRINT_BYTES: u64 = 1 << 20;

/// The data set, read a sample at a time.
pub struct Samples<'a> {
    /// Number of samples.
    pub len: usize,
    /// Reads the sample of a number below `len`; always the same.
    pub read:
        &'a dyn Fn(usize) -> std::result::Result<Sample, Box<dyn std::error::Error + Send + Sync>>,
}

/// What a run tells while it goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It begins, or begins again.
    Started {
        /// Optimiser steps already taken.
        step: usize,
        /// Optimiser steps of the whole run.
        steps: usize,
        /// Numbers that learn.
        n_trainable: usize,
    },
    /// The optimiser took a step.
    Step(StepReport),
    /// A checkpoint is on the disk.
    Saved {
        /// Its folder.
        dir: PathBuf,
    },
}

/// One step of the optimiser.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// Its number, from 0.
    pub step: usize,
    /// The pass over the data that it belongs to, from 0.
    pub epoch: usize,
    /// Mean loss over all labels.
    pub loss: f64,
    /// Norm of all gradients together, before clipping.
    pub grad_norm: f64,
    /// Learning rate.
    pub learning_rate: f64,
    /// Tokens that went through the text tower.
    pub n_tokens: usize,
    /// Tokens that were predicted.
    pub n_labels: usize,
    /// Numbers of the samples and the mean loss of each.
    pub samples: Vec<(usize, f64)>,
}

/// A run in memory.
pub struct Trainer {
    model: Qwen,
    settings: Settings,
    optimizer: AdamW,
    position: Position,
    run: PathBuf,
    /// Fingerprint of the base model.
    base: String,
    adapter_config: Option<String>,
    dropout: Option<Dropout>,
    vision_cache: Option<VisionCache>,
}

impl Trainer {
    /// Begins a run in the folder `run` on the checkpoint in `base`, from the adapter in `from` or a fresh one.
    ///
    /// # Errors
    /// When a setting cannot be, the base or the adapter was not loaded, or the folder not written.
    pub fn new(
        base: &Path,
        run: &Path,
        settings: Settings,
        from: Option<&Path>,
        device: &Device,
    ) -> Result<Self> {
        settings.check()?;
        fs::create_dir_all(run).map_err(Error::write(run))?;
        if let Ok(path) = checkpoint::latest(run) {
            let reason = "the folder holds another run's checkpoint".to_owned();
            return Err(Error::OtherRun { reason, path });
        }
        let adapter = match (&settings.method, from) {
            (Method::Lora(_), Some(from)) => Some(from.to_owned()),
            (Method::Lora(lora), None) => {
                let (initial, config) = (run.join("initial"), qwen::config::Config::from_dir(base));
                lora.write_fresh(
                    &initial,
                    base,
                    &config.map_err(qwen::load::LoadError::from)?,
                    settings.seed,
                )?;
                Some(initial)
            }
            (Method::Full(_), _) => None,
        };
        Self::load(base, run, settings, adapter.as_deref(), device)
    }

    /// Goes on with the run in `run` from its last checkpoint.
    ///
    /// # Errors
    /// As [`Self::new`]; also when there is no checkpoint, or the base model is another.
    pub fn resume(base: &Path, run: &Path, device: &Device) -> Result<Self> {
        let dir = checkpoint::latest(run)?;
        let state = checkpoint::state(&dir)?;
        if fingerprint(base)? != state.base {
            let reason = "the base model has changed since this checkpoint".to_owned();
            return Err(Error::OtherRun { reason, path: dir });
        }
        let adapter = matches!(state.settings.method, Method::Lora(_)).then_some(dir.as_path());
        let mut trainer = Self::load(base, run, state.settings, adapter, device)?;
        let variables = &trainer.model.variables;
        checkpoint::restore_weights(&dir, variables)?;
        let adamw = trainer.settings.adamw;
        trainer.optimizer = checkpoint::restore_optimizer(&dir, variables, adamw)?;
        trainer.position = state.position;
        Ok(trainer)
    }

    fn load(
        base: &Path,
        run: &Path,
        settings: Settings,
        adapter: Option<&Path>,
        device: &Device,
    ) -> Result<Self> {
        let options = LoadOptions {
            dtype: match settings.base {
                BaseFormat::F32 => Some(DType::F32),
                BaseFormat::Bf16 => Some(DType::BF16),
                _ => None,
            },
            quantize: match settings.base {
                BaseFormat::Q8_0 => Some(Quantization::Q8_0),
                BaseFormat::Q4K => Some(Quantization::Q4K),
                _ => None,
            },
            adapter: adapter.map(Path::to_owned),
            trainable: match &settings.method {
                Method::Lora(_) => Trainable::Adapter,
                Method::Full(towers) => Trainable::Parts(towers.parts()),
            },
            ..LoadOptions::on(device.clone())
        };
        let mut model = load(base, &options)?;
        let dropout = match &settings.method {
            Method::Lora(lora) if lora.dropout > 0.0 => Some(model.with_dropout(lora.dropout)),
            _ => None,
        };
        let adapter_config = match adapter.map(|adapter| adapter.join(lora::CONFIG)) {
            Some(path) => Some(fs::read_to_string(&path).map_err(Error::read(&path))?),
            None => None,
        };
        Ok(Self {
            optimizer: AdamW::new(&model.variables, settings.adamw)?,
            model,
            settings,
            position: Position::default(),
            run: run.to_owned(),
            base: fingerprint(base)?,
            adapter_config,
            dropout,
            vision_cache: None,
        })
    }

    /// Keeps what a frozen vision tower makes of each image in `dir`, in at most `limit_bytes`.
    ///
    /// # Errors
    /// When the folder cannot be read or made.
    pub fn cache_vision(&mut self, dir: &Path, limit_bytes: u64) -> Result<()> {
        self.vision_cache = Some(VisionCache::open(dir, limit_bytes)?);
        Ok(())
    }

    /// The model as it has been trained so far.
    pub fn model(&self) -> &Qwen {
        &self.model
    }

    /// How far the run has come.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Trains to the end, or until `sink` breaks off; in both cases a checkpoint is saved.
    ///
    /// # Errors
    /// When a sample cannot be read, the loss is no number, or a checkpoint cannot be written.
    pub fn train(
        &mut self,
        samples: &Samples<'_>,
        sink: &mut dyn FnMut(Event) -> ControlFlow<()>,
    ) -> Result<()> {
        self.begin(samples)?;
        let steps = self.settings.steps(samples.len);
        let variables = &self.model.variables;
        let n_trainable = variables
            .iter()
            .map(|(_, variable)| variable.elem_count())
            .sum();
        let mut flow = sink(Event::Started {
            step: self.position.step,
            steps,
            n_trainable,
        });
        while flow.is_continue() && self.position.step < steps {
            let report = self.step(samples, steps)?;
            self.position.step += 1;
            flow = sink(Event::Step(report));
            let every = self.settings.save_every_steps;
            let is_due = every > 0 && self.position.step.is_multiple_of(every);
            if is_due || flow.is_break() || self.position.step == steps {
                let saved = sink(Event::Saved { dir: self.save()? });
                flow = if flow.is_break() { flow } else { saved };
            }
        }
        Ok(())
    }

    /// Mean loss over all labels of other samples, without dropout.
    ///
    /// # Errors
    /// When a sample cannot be read, or the device fails.
    pub fn evaluate(&mut self, samples: &Samples<'_>) -> Result<f64> {
        self.drop_with(None);
        let (mut sum, mut count) = (0f64, 0usize);
        for number in 0..samples.len {
            let (batch, seen) = self.read(&[number], samples)?;
            let losses = gradients::losses(&self.model, &batch, &seen)?;
            sum += losses.iter().copied().map(f64::from).sum::<f64>();
            count += losses.len();
        }
        match count {
            0 => Err(Error::NoSamples),
            _ => Ok(sum / count as f64),
        }
    }

    fn begin(&mut self, samples: &Samples<'_>) -> Result<()> {
        if samples.len == 0 {
            return Err(Error::NoSamples);
        }
        if self.position.step > 0 && self.position.n_samples != samples.len {
            let before = self.position.n_samples;
            let reason = format!(
                "the run began with {before} samples, and there are {}",
                samples.len
            );
            return Err(Error::OtherRun {
                reason,
                path: self.run.clone(),
            });
        }
        self.position.n_samples = samples.len;
        Ok(())
    }

    /// Forward and back over all batches of a step, then the optimiser.
    fn step(&mut self, samples: &Samples<'_>, steps: usize) -> Result<StepReport> {
        let step = self.position.step;
        let learning_rate = self.settings.schedule.at(step, steps);
        let mut gradients = Gradients::none(&self.model.variables);
        let mut with_images = false;
        let mut report = StepReport {
            step,
            epoch: step / self.settings.steps_per_epoch(samples.len),
            loss: 0.0,
            grad_norm: 0.0,
            learning_rate,
            n_tokens: 0,
            n_labels: 0,
            samples: Vec::new(),
        };
        for (number, numbers) in self.batches(samples.len).into_iter().enumerate() {
            self.drop_with(Some(step * self.settings.accumulation + number));
            let (batch, seen) = self.read(&numbers, samples)?;
            with_images |= !batch.grids.is_empty();
            let recompute = self.settings.recompute;
            let losses =
                gradients::accumulate(&self.model, &batch, &seen, recompute, &mut gradients)?;
            report.add(&numbers, &batch, &losses);
        }
        report.finish(&gradients)?;
        let factor = Gradients::clip_factor(report.grad_norm, self.settings.max_grad_norm);
        let variables = &self.model.variables;
        let factor = factor / report.n_labels.max(1) as f64;
        self.optimizer.step(
            variables,
            &gradients.all(variables, with_images)?,
            factor,
            learning_rate,
        )?;
        Ok(report)
    }

    /// Numbers of the samples of each batch of the next step.
    fn batches(&self, n_samples: usize) -> Vec<Vec<usize>> {
        let Settings {
            batch_size,
            accumulation,
            seed,
            ..
        } = self.settings;
        let per_epoch = self.settings.steps_per_epoch(n_samples);
        let order = order::of_epoch(seed, self.position.step / per_epoch, n_samples);
        let first = self.position.step % per_epoch * batch_size * accumulation;
        let own = &order[first..n_samples.min(first + batch_size * accumulation)];
        own.chunks(batch_size).map(<[usize]>::to_vec).collect()
    }

    /// Gives all layers the dropout of a batch, or none.
    fn drop_with(&self, batch: Option<usize>) {
        if let Some(dropout) = &self.dropout {
            let seed = |batch: usize| {
                order::stream(self.settings.seed, Draw::Dropout, batch as u64).u64(..)
            };
            dropout.set_seed(batch.map(seed));
        }
    }

    /// Reads and packs samples, with what the model sees of their images.
    fn read(&mut self, numbers: &[usize], samples: &Samples<'_>) -> Result<(Batch, Seen)> {
        let read = |number: &usize| {
            (samples.read)(*number).map_err(|source| Error::Sample {
                number: *number,
                source,
            })
        };
        let samples = numbers.iter().map(read).collect::<Result<Vec<_>>>()?;
        let batch = Batch::pack(&samples, &self.model.config)?;
        Ok((batch, self.seen(&samples)?))
    }

    fn seen(&mut self, samples: &[Sample]) -> Result<Seen> {
        if samples.iter().all(|sample| sample.images.is_empty()) {
            return Ok(Seen::Nothing);
        }
        let learns = self
            .model
            .variables
            .iter()
            .any(|(name, _)| name.contains("visual."));
        if learns {
            return Ok(pixel_values(samples, &self.model)?.map_or(Seen::Nothing, Seen::Pixels));
        }
        // Image by image, so that what is kept does not depend on what else was in the batch.
        let (model, mut all) = (&self.model, Vec::new());
        for image in samples.iter().flat_map(|sample| &sample.images) {
            let compute = || {
                let shape = (
                    image.pixel_values.len() / model.config.vision.patch_dim(),
                    (),
                );
                let pixels = Tensor::from_slice(&image.pixel_values, shape, model.device())?
                    .to_dtype(model.compute_type())?;
                model
                    .vision
                    .forward(&pixels, &[image.grid_thw], &model.config, Mode::Inference)
            };
            all.push(match &mut self.vision_cache {
                Some(cache) => cache.embeddings(&self.base, image, model.device(), compute)?,
                None => compute()?,
            });
        }
        Ok(Seen::Embeddings(Tensor::cat(&all, 0)?))
    }

    fn save(&self) -> Result<PathBuf> {
        let contents = Contents {
            state: State {
                position: self.position,
                settings: self.settings.clone(),
                base: self.base.clone(),
            },
            variables: &self.model.variables,
            optimizer: &self.optimizer,
            adapter_config: self.adapter_config.as_deref(),
        };
        contents.save(&self.run)
    }
}

impl StepReport {
    /// Adds a batch; the loss is a sum until [`Self::finish`].
    fn add(&mut self, numbers: &[usize], batch: &Batch, losses: &[f32]) {
        self.loss += losses.iter().copied().map(f64::from).sum::<f64>();
        self.n_tokens += batch.input_ids.len();
        self.n_labels += losses.len();
        self.samples
            .extend(numbers.iter().copied().zip(batch.by_sample(losses)));
    }

    /// Refuses what is no number, naming the samples it came from.
    fn finish(&mut self, gradients: &Gradients) -> Result<()> {
        let n_labels = self.n_labels.max(1) as f64;
        self.loss /= n_labels;
        self.grad_norm = gradients.norm()? / n_labels;
        if self.loss.is_finite() && self.grad_norm.is_finite() {
            return Ok(());
        }
        let broken = |loss: f64| self.loss.is_finite() || !loss.is_finite();
        let samples = self.samples.iter().filter(|(_, loss)| broken(*loss));
        Err(Error::NotFinite {
            step: self.step,
            samples: samples.map(|(number, _)| *number).collect(),
        })
    }
}

/// Tells base models apart without reading all of them: configuration, and size and beginning of each file
/// of weights.
fn fingerprint(base: &Path) -> Result<String> {
    let mut files = vec![base.join("config.json")];
    for entry in fs::read_dir(base).map_err(Error::read(base))? {
        let path = entry.map_err(Error::read(base))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "safetensors")
        {
            files.push(path);
        }
    }
    files.sort();
    let mut hash = Sha256::new();
    for path in files {
        let file = File::open(&path).map_err(Error::read(&path))?;
        hash.update(
            file.metadata()
                .map_err(Error::read(&path))?
                .len()
                .to_le_bytes(),
        );
        let mut beginning = Vec::new();
        file.take(FINGERPRINT_BYTES)
            .read_to_end(&mut beginning)
            .map_err(Error::read(&path))?;
        hash.update(&beginning);
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

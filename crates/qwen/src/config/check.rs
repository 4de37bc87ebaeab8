//! What the values of a configuration must satisfy, so that no later code divides by zero or allocates without bound.

use super::{Config, GenerationDefaults, VisionConfig};

/// Largest width, in values; the largest published model has 8,192 and an MLP of 29,568.
const MAX_WIDTH: usize = 1 << 17;
const MAX_LAYERS: usize = 1024;
const MAX_HEADS: usize = 1024;
const MAX_VOCAB: usize = 1 << 22;
const MAX_CONTEXT_TOKENS: usize = 1 << 24;
const MAX_PATCH_SIZE_PX: usize = 256;
const MAX_WINDOW_PX: usize = 1 << 14;

/// Checks the text tower and the ids; says what is wrong.
pub(super) fn config(config: &Config) -> Result<(), String> {
    in_range("hidden_size", config.hidden_size, MAX_WIDTH)?;
    in_range("intermediate_size", config.intermediate_size, MAX_WIDTH)?;
    in_range("num_hidden_layers", config.num_hidden_layers, MAX_LAYERS)?;
    in_range("num_attention_heads", config.num_attention_heads, MAX_HEADS)?;
    in_range("num_key_value_heads", config.num_key_value_heads, MAX_HEADS)?;
    in_range("vocab_size", config.vocab_size, MAX_VOCAB)?;
    in_range(
        "max_position_embeddings",
        config.max_position_embeddings,
        MAX_CONTEXT_TOKENS,
    )?;
    divides(
        ("num_attention_heads", config.num_attention_heads),
        ("hidden_size", config.hidden_size),
    )?;
    divides(
        ("num_key_value_heads", config.num_key_value_heads),
        ("num_attention_heads", config.num_attention_heads),
    )?;
    let head_dim = config.head_dim();
    let frequencies = config
        .mrope_section
        .iter()
        .fold(0, |sum: usize, &count| sum.saturating_add(count));
    if !head_dim.is_multiple_of(2) || frequencies != head_dim / 2 {
        return Err(format!(
            "`mrope_section` sums to {frequencies}, not to half of the head's {head_dim}"
        ));
    }
    if !(config.rms_norm_eps > 0.0 && config.rms_norm_eps < 1.0) {
        return Err("`rms_norm_eps` is not between 0 and 1".into());
    }
    if !(config.rope_theta.is_finite() && config.rope_theta > 1.0) {
        return Err("`rope_theta` is not above 1".into());
    }
    token_ids(config)?;
    vision(&config.vision)?;
    if config.vision.out_hidden_size != config.hidden_size {
        return Err(format!(
            "`out_hidden_size` {} of the vision tower is not `hidden_size` {}",
            config.vision.out_hidden_size, config.hidden_size
        ));
    }
    Ok(())
}

/// Checks the sampling defaults; says what is wrong.
pub(super) fn generation(defaults: &GenerationDefaults) -> Result<(), String> {
    let outside = |name: &str, value: Option<f64>, allowed: fn(f64) -> bool| match value
        .is_some_and(|value| !allowed(value))
    {
        true => Err(format!("`{name}` is out of range")),
        false => Ok(()),
    };
    outside("temperature", defaults.temperature, |t| {
        t.is_finite() && t >= 0.0
    })?;
    outside("top_p", defaults.top_p, |p| p > 0.0 && p <= 1.0)?;
    let penalty = defaults.repetition_penalty.map(f64::from);
    outside("repetition_penalty", penalty, |p| p.is_finite() && p > 0.0)
}

fn token_ids(config: &Config) -> Result<(), String> {
    let named = [
        ("image_token_id", Some(config.image_token_id)),
        ("video_token_id", Some(config.video_token_id)),
        ("vision_start_token_id", Some(config.vision_start_token_id)),
        ("vision_end_token_id", Some(config.vision_end_token_id)),
        ("bos_token_id", config.bos_token_id),
    ];
    let ends = config
        .eos_token_id
        .iter()
        .map(|&id| ("eos_token_id", Some(id)));
    for (name, id) in named.into_iter().chain(ends) {
        if id.is_some_and(|id| id as usize >= config.vocab_size) {
            return Err(format!("`{name}` is not below `vocab_size`"));
        }
    }
    Ok(())
}

fn vision(vision: &VisionConfig) -> Result<(), String> {
    in_range("vision_config.depth", vision.depth, MAX_LAYERS)?;
    in_range("vision_config.hidden_size", vision.hidden_size, MAX_WIDTH)?;
    in_range(
        "vision_config.intermediate_size",
        vision.intermediate_size,
        MAX_WIDTH,
    )?;
    in_range("vision_config.num_heads", vision.num_heads, MAX_HEADS)?;
    in_range("patch_size", vision.patch_size, MAX_PATCH_SIZE_PX)?;
    in_range("temporal_patch_size", vision.temporal_patch_size, 16)?;
    in_range("spatial_merge_size", vision.spatial_merge_size, 16)?;
    in_range("window_size", vision.window_size, MAX_WINDOW_PX)?;
    divides(
        ("vision_config.num_heads", vision.num_heads),
        ("vision_config.hidden_size", vision.hidden_size),
    )?;
    if vision.in_channels != 3 {
        return Err("`in_channels` is not 3".into());
    }
    if !vision.head_dim().is_multiple_of(4) {
        return Err("a head of the vision tower is not a multiple of 4 wide".into());
    }
    if vision.window_side_tokens() == 0 {
        return Err("`window_size` is smaller than one token".into());
    }
    if vision.fullatt_block_indexes.len() > vision.depth
        || vision
            .fullatt_block_indexes
            .iter()
            .any(|&index| index >= vision.depth)
    {
        return Err("`fullatt_block_indexes` names a block that there is not".into());
    }
    Ok(())
}

fn in_range(name: &str, value: usize, most: usize) -> Result<(), String> {
    match (1..=most).contains(&value) {
        true => Ok(()),
        false => Err(format!("`{name}` is {value}, not 1 to {most}")),
    }
}

fn divides(part: (&str, usize), whole: (&str, usize)) -> Result<(), String> {
    match whole.1.is_multiple_of(part.1) {
        true => Ok(()),
        false => Err(format!(
            "`{}` {} does not divide `{}` {}",
            part.0, part.1, whole.0, whole.1
        )),
    }
}

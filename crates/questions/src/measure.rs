//! Numbers with units, as people write them in both languages.

use unicode_normalization::UnicodeNormalization;

use crate::text::spaced;

/// What a number measures, and how many of its base the unit is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measure {
    kind: String,
    /// How many of the base one of it is.
    pub(crate) scale: f64,
}

/// Units whose case tells nothing.
const UNITS: [(&[&str], &str, f64); 26] = [
    (
        &["s", "sec", "secs", "second", "seconds", "秒", "秒钟"],
        "time",
        1.0,
    ),
    (
        &["ms", "msec", "millisecond", "milliseconds", "毫秒"],
        "time",
        1e-3,
    ),
    (
        &["us", "µs", "μs", "microsecond", "microseconds", "微秒"],
        "time",
        1e-6,
    ),
    (&["ns", "nanosecond", "nanoseconds", "纳秒"], "time", 1e-9),
    (
        &["min", "mins", "minute", "minutes", "分", "分钟"],
        "time",
        60.0,
    ),
    (&["h", "hr", "hrs", "hour", "hours", "小时"], "time", 3600.0),
    (&["d", "day", "days", "天", "日"], "time", 86_400.0),
    (&["hz", "hertz", "赫", "赫兹"], "frequency", 1.0),
    (&["khz", "千赫"], "frequency", 1e3),
    (&["mhz", "兆赫", "兆赫兹"], "frequency", 1e6),
    (&["ghz", "吉赫", "吉赫兹"], "frequency", 1e9),
    (&["mm", "毫米"], "length", 1e-3),
    (&["cm", "厘米"], "length", 1e-2),
    (
        &["m", "meter", "meters", "metre", "metres", "米"],
        "length",
        1.0,
    ),
    (
        &[
            "km",
            "kilometer",
            "kilometers",
            "kilometre",
            "kilometres",
            "公里",
            "千米",
        ],
        "length",
        1e3,
    ),
    (&["%", "percent", "per cent"], "share", 1.0),
    (&["db", "分贝"], "db", 1.0),
    (&["dbm"], "dbm", 1.0),
    (&["dbi"], "dbi", 1.0),
    (&["°", "度", "degree", "degrees"], "angle", 1.0),
    (&["比特每秒"], "rate", 1.0),
    (&["千比特每秒"], "rate", 1e3),
    (&["兆比特每秒"], "rate", 1e6),
    (&["吉比特每秒"], "rate", 1e9),
    // What is counted, where the two languages meet.
    (&["hop", "hops", "跳"], "count hop", 1.0),
    (&["step", "steps", "步"], "count step", 1.0),
];

/// Words that count without saying what.
const CLASSIFIERS: [&str; 12] = [
    "个", "台", "条", "次", "种", "层", "项", "根", "块", "位", "times", "pcs",
];

impl Measure {
    /// What a unit measures; one that is not known measures itself.
    pub(crate) fn of(unit: &str) -> Self {
        let plain = spaced(unit);
        let made = |kind: &str, scale: f64| Self {
            kind: kind.to_owned(),
            scale,
        };
        if plain.is_empty() || CLASSIFIERS.contains(&plain.as_str()) {
            return made("", 1.0);
        }
        if let Some((kind, scale)) = data(unit) {
            return made(kind, scale);
        }
        let known = UNITS
            .iter()
            .find(|(names, ..)| names.contains(&plain.as_str()));
        match known {
            Some((_, kind, scale)) => made(kind, *scale),
            // One or several of a thing are the same thing.
            None => made(&format!("count {}", plain.trim_end_matches('s')), 1.0),
        }
    }

    /// Whether nothing is said of what the number measures.
    pub(crate) fn is_none(&self) -> bool {
        self.kind.is_empty()
    }

    /// Whether it is the number of something, rather than a quantity.
    pub(crate) fn counts(&self) -> bool {
        self.is_none() || self.kind.starts_with("count ")
    }

    pub(crate) fn same_kind(&self, other: &Self) -> bool {
        self.kind == other.kind
    }

    /// Itself, or the other where it says nothing.
    pub(crate) fn or(&self, other: &Self) -> Self {
        if self.is_none() {
            other.clone()
        } else {
            self.clone()
        }
    }
}

/// Amounts and rates of data: `b` is a bit and `B` is a byte, so that here the case matters.
fn data(unit: &str) -> Option<(&'static str, f64)> {
    let plain: String = unit.nfkc().filter(|c| !c.is_whitespace()).collect();
    let lower = plain.to_lowercase().replace("persecond", "/s");
    let (is_rate, stem) = if let Some(stem) = lower.strip_suffix("/s") {
        (true, stem)
    } else if let Some(stem) = lower.strip_suffix("ps") {
        (true, stem)
    } else {
        (false, lower.as_str())
    };
    let mut letters = stem.chars();
    let power = match letters.next()? {
        'k' => 1,
        'm' => 2,
        'g' => 3,
        't' => 4,
        _ => {
            letters = stem.chars();
            0
        }
    };
    let rest = letters.as_str();
    let (rest, factor) = match rest.strip_prefix('i') {
        Some(rest) if power > 0 => (rest, 1024_f64.powi(power)),
        _ => (rest, 1000_f64.powi(power)),
    };
    let bits = match rest {
        "bit" | "bits" => 1.0,
        "byte" | "bytes" => 8.0,
        "b" => {
            let at = plain.char_indices().nth(stem.chars().count() - 1)?.0;
            // All in capitals is somebody who shouts, not somebody who means bytes.
            let shouted = is_rate && plain.ends_with("PS");
            if plain[at..].starts_with('B') && !shouted {
                8.0
            } else {
                1.0
            }
        }
        _ => return None,
    };
    Some((if is_rate { "rate" } else { "data" }, factor * bits))
}

/// A number at the beginning and the unit after it.
pub(crate) fn number(text: &str) -> Option<(f64, String)> {
    let plain: String = text.nfkc().collect::<String>().replace('−', "-");
    let mut plain = plain.trim();
    for lead in [
        "约为",
        "大约",
        "约",
        "about ",
        "approximately ",
        "approx. ",
        "≈",
        "~",
        "=",
    ] {
        let begins = plain
            .get(..lead.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(lead));
        if begins {
            plain = plain[lead.len()..].trim_start();
        }
    }
    let plain = without_thousands(plain);
    let end = plain
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && "+-".contains(*c))))
        .map_or(plain.len(), |(at, _)| at);
    let value: f64 = plain[..end].trim_end_matches('.').parse().ok()?;
    let unit = plain[end..].trim().trim_end_matches(['.', '。']).trim_end();
    Some((value, unit.to_owned()))
}

/// `12,500` without its comma; any other comma stays.
fn without_thousands(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let digit = |at: usize| letters.get(at).is_some_and(char::is_ascii_digit);
    let parts_thousands =
        |at: usize| at > 0 && digit(at - 1) && (1..=3).all(|by| digit(at + by)) && !digit(at + 4);
    letters
        .iter()
        .enumerate()
        .filter(|(at, c)| **c != ',' || !parts_thousands(*at))
        .map(|(_, c)| *c)
        .collect()
}

//! Control payloads that are right, and wrong ones with the fields at which they are. Tests of the page and of the proxy
//! send the same ones, and see that both refuse them alike.

use base::ids::MAX_ID_CHARS;
use serde_json::{Map, Value, json};
use wire::api::Limits;

/// A payload that must be refused.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongControl {
    /// The payload.
    pub body: Value,
    /// Fields that the refusal has to name, among others.
    pub fields: Vec<String>,
}

/// Returns `count` wrong payloads for a prompt, the same for the same seed. Every rule is broken once among the first
/// [`RULES`] of them, and several at a time now and then.
pub fn wrong_controls(seed: u64, prompt_id: &str, limits: &Limits, count: usize) -> Vec<WrongControl> {
    let mut random = Random(seed);
    (0..count).map(|index| wrong_control(&mut random, prompt_id, limits, index)).collect()
}

/// Returns `count` payloads of all kinds that hold to the rules, each with a session of its own; the same for the same
/// seed.
pub fn right_controls(seed: u64, prompt_id: &str, limits: &Limits, count: usize) -> Vec<Value> {
    let mut random = Random(seed);
    (0..count).map(|_| right_control(&mut random, prompt_id, limits)).collect()
}

/// The number of rules.
pub const RULES: usize = WHOLE.len() + PARTS.len();

/// Values that take the place of a whole payload.
const WHOLE: [fn() -> Value; 4] = [|| json!([]), || json!("main"), || Value::Null, || json!(true)];

/// A value that breaks a rule where it stands.
type Wrong = fn(&mut Random, &Limits) -> Value;

const MATRIX: &str = "playbackConfig.volumeMatrix";
const INTERRUPTIBILITY: &str = "playbackConfig.interruptibility";

/// The object that a field is in, the field, and what must not stand there.
const PARTS: [(&str, &str, Wrong); 36] = [
    ("", "sessionId", |_, _| Value::Null),
    ("", "sessionId", |random, _| too_long(random)),
    ("", "sessionId", |_, _| json!("two words")),
    ("", "promptId", |_, _| json!("")),
    ("", "promptId", |_, _| json!(7)),
    ("", "promptId", |_, _| json!("..")),
    ("", "promptId", |random, _| too_long(random)),
    ("", "promptId", |_, _| json!("bell\u{7}")),
    ("", "playbackConfig", |_, _| json!([1])),
    ("", "sessionMetadata", |_, _| Value::Null),
    ("", "extra", |_, _| json!(1)),
    ("playbackConfig", "volumeMatrix", |_, _| json!("loud")),
    (MATRIX, "baseGain", |random, _| json!(-random.unit_from(1_000))),
    (MATRIX, "baseGain", |random, _| json!(random.unit_from(11_000))),
    (MATRIX, "baseGain", |_, _| json!("-6 dB")),
    (MATRIX, "peakLimit", |random, _| json!(random.unit_from(11_000))),
    (MATRIX, "peakLimit", |_, _| json!(-0.5)),
    (MATRIX, "peakLimit", |_, _| Value::Null),
    (MATRIX, "compressionRatio", |random, _| json!(random.unit() / 16.0)),
    (MATRIX, "compressionRatio", |random, _| json!(random.unit_from(11_000))),
    (MATRIX, "compressionRatio", |_, _| json!("2:1")),
    (MATRIX, "makeUp", |_, _| json!(3)),
    ("playbackConfig", "interruptibility", |_, _| json!(true)),
    (INTERRUPTIBILITY, "allowDTMF", |_, _| json!("true")),
    (INTERRUPTIBILITY, "allowVoice", |_, _| json!(0)),
    (INTERRUPTIBILITY, "cutoffBehavior", |_, _| json!("abrupt")),
    ("playbackConfig", "codecPreference", |_, _| json!("g711u")),
    ("playbackConfig", "bufferPreload", |_, _| json!(false)),
    ("playbackConfig", "formatVerification", |_, _| Value::Null),
    ("playbackConfig", "silenceTrimMs", |random, _| json!(random.below(300))),
    ("playbackConfig", "silenceTrimMs", |_, _| json!(300.5)),
    ("sessionMetadata", "createdVia", |_, _| json!("  ")),
    ("sessionMetadata", "timestamp", |_, _| json!("2026-11-27 20:15")),
    ("sessionMetadata", "timestamp", |_, _| json!(1_795_800_000)),
    ("sessionMetadata", "maxConcurrentStreams", |random, limits| {
        json!(limits.media_streams + 1 + random.below(9))
    }),
    ("sessionMetadata", "maxConcurrentStreams", |_, _| json!(0)),
];

fn wrong_control(random: &mut Random, prompt_id: &str, limits: &Limits, index: usize) -> WrongControl {
    /// One more broken rule in so many payloads.
    const ANOTHER: usize = 3;
    let index = index % RULES;
    if let Some(whole) = WHOLE.get(index) {
        return WrongControl { body: whole(), fields: vec![String::new()] };
    }
    let mut body = right_control(random, prompt_id, limits);
    let mut broken = vec![PARTS[index - WHOLE.len()]];
    while random.below(ANOTHER) == 0 {
        let (parent, name, wrong) = PARTS[random.below(PARTS.len())];
        let path = joined(parent, name);
        // One rule of a field, and none within a part that is not there any more.
        let apart = |(parent, name, _): &(&str, &str, Wrong)| {
            let other = joined(parent, name);
            !other.starts_with(&path) && !path.starts_with(&other)
        };
        if broken.iter().all(apart) {
            broken.push((parent, name, wrong));
        }
    }
    let mut fields = Vec::new();
    for (parent, name, wrong) in broken {
        let value = wrong(random, limits);
        if let Some(object) = object(&mut body, parent) {
            object.insert(name.to_owned(), value);
        }
        fields.push(joined(parent, name));
    }
    WrongControl { body, fields }
}

fn joined(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

fn right_control(random: &mut Random, prompt_id: &str, limits: &Limits) -> Value {
    let base_gain = random.unit();
    // In four digits, which every reader of JSON reads alike.
    let rounded = |value: f64| (value * 10_000.0).round() / 10_000.0;
    let peak_limit = rounded(base_gain + (1.0 - base_gain) * random.unit());
    let compression_ratio = rounded(0.1 + 0.9 * random.unit());
    let mut body = json!({
        "sessionId": random.uuid(),
        "promptId": prompt_id,
        "playbackConfig": {
            "volumeMatrix": {
                "baseGain": base_gain, "peakLimit": peak_limit, "compressionRatio": compression_ratio,
            },
            "interruptibility": {
                "allowDTMF": random.below(2) == 0, "allowVoice": random.below(2) == 0,
                "cutoffBehavior": random.one_of(["immediate", "fade", "drain"]),
            },
            "codecPreference": random.one_of(["G711U", "G711A", "G729", "OPUS"]),
            "bufferPreload": true,
            "formatVerification": random.below(2) == 0,
        },
        "sessionMetadata": { "createdVia": "corpus", "timestamp": "2026-11-27T20:15:00.000Z" },
    });
    match random.below(3) {
        0 => body["playbackConfig"]["silenceTrimMs"] = json!(300 + random.below(700)),
        1 => body["playbackConfig"]["silenceTrimMs"] = Value::Null,
        _ => {}
    }
    if random.below(3) == 0 {
        body["sessionMetadata"]["maxConcurrentStreams"] =
            json!(1 + random.below(limits.media_streams.max(1)));
    }
    body
}

fn object<'a>(body: &'a mut Value, path: &str) -> Option<&'a mut Map<String, Value>> {
    let mut steps = path.split('.').filter(|step| !step.is_empty());
    steps.try_fold(body, |value, step| value.get_mut(step))?.as_object_mut()
}

fn too_long(random: &mut Random) -> Value {
    json!("x".repeat(MAX_ID_CHARS + 1 + random.below(9)))
}

/// `SplitMix64`: a seed is enough, and the core asks nobody for randomness.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let (first, second, third) = (high >> 32, high >> 16 & 0xffff, high & 0xfff);
        format!("{first:08x}-{second:04x}-4{third:03x}-8{:03x}-{:012x}", low >> 52, low & 0xffff_ffff_ffff)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_of<const N: usize>(&mut self, all: [&'static str; N]) -> &'static str {
        all[self.below(N)]
    }

    /// Returns a number from 0 to 1 with four digits, as a person types one.
    fn unit(&mut self) -> f64 {
        self.unit_from(0)
    }

    /// Returns a number that is up to 1 above `min` ten-thousandths, with four digits.
    fn unit_from(&mut self, min: usize) -> f64 {
        (min + self.below(10_001)) as f64 / 10_000.0
    }
}

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, PoisonError, RwLock},
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::AccessToken;
use crate::config::Service;

/// Text in the place of a secret.
const REDACTED: &str = "[redacted]";
/// Minimum length of a secret that is looked for; a shorter one would be found in ordinary words.
const MIN_SECRET_BYTES: usize = 6;
/// Minimum length of what is looked for in base64, which may hold any four letters.
const MIN_BASE64_CHARS: usize = 12;
/// Number of tokens of a service that are looked for, the newest: sockets live on with the token before.
const TOKENS_PER_SERVICE: usize = 3;

/// Remover of secrets from what CXone says: services have been seen to quote the token or the client secret that they were
/// sent. Clones know the same secrets.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    client_secrets: Vec<SecretString>,
    tokens: BTreeMap<Service, VecDeque<SecretString>>,
    finder: Option<Arc<AhoCorasick>>,
}

impl Redactor {
    /// Returns the remover of `client_secrets` and of the tokens that become known.
    pub(crate) fn new(client_secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut known = Known { client_secrets: client_secrets.into_iter().collect(), ..Known::default() };
        known.find_anew();
        Self(Arc::new(RwLock::new(known)))
    }

    /// Makes a token of `service` known.
    pub(super) fn add_token(&self, service: Service, token: &AccessToken) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let tokens = known.tokens.entry(service).or_default();
        tokens.truncate(TOKENS_PER_SERVICE - 1);
        tokens.push_front(token.text().clone());
        known.find_anew();
    }

    /// Returns `text` without secrets.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.finder() {
            Some(finder) if finder.is_match(text) => Cow::Owned(replaced(&finder, text)),
            Some(_) | None => Cow::Borrowed(text),
        }
    }

    /// Returns a JSON text without secrets, however its strings are escaped. Where there are none, it is the same to the
    /// letter.
    pub(crate) fn json<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(finder) = self.finder() else { return Cow::Borrowed(text) };
        // Any letter can be written as an escape: such strings are read before they are searched.
        if text.contains(r"\u")
            && let Ok(mut value) = serde_json::from_str::<Value>(text)
            && redact(&finder, &mut value)
        {
            return Cow::Owned(value.to_string());
        }
        self.text(text)
    }

    /// Returns a body without secrets.
    pub(crate) fn body(&self, body: Bytes) -> Bytes {
        let Some(finder) = self.finder() else { return body };
        let Ok(text) = str::from_utf8(&body) else {
            return if finder.is_match(&body) {
                replaced(&finder, &String::from_utf8_lossy(&body)).into()
            } else {
                body
            };
        };
        match self.json(text) {
            Cow::Borrowed(_) => body,
            Cow::Owned(text) => text.into(),
        }
    }

    fn finder(&self) -> Option<Arc<AhoCorasick>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).finder.clone()
    }
}

impl Known {
    fn find_anew(&mut self) {
        let secrets = self.client_secrets.iter().chain(self.tokens.values().flatten());
        let forms: BTreeSet<String> = secrets.flat_map(|secret| forms(secret.expose_secret())).collect();
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // Tokens are long: a full table of states would take tens of megabytes.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&forms);
        self.finder = match finder {
            Ok(finder) if !forms.is_empty() => Some(Arc::new(finder)),
            Ok(_) => None,
            Err(error) => {
                tracing::error!(%error, "secrets are too long to be looked for in what CXone says");
                None
            }
        };
    }
}

/// Replaces the secrets in every string of `value`, names included; false where there are none.
fn redact(finder: &AhoCorasick, value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let has_secret = finder.is_match(text.as_str());
            if has_secret {
                *text = replaced(finder, text);
            }
            has_secret
        }
        Value::Array(items) => items.iter_mut().fold(false, |any, item| redact(finder, item) | any),
        Value::Object(fields) => {
            let mut any = fields.values_mut().fold(false, |any, field| redact(finder, field) | any);
            if fields.keys().any(|name| finder.is_match(name.as_str())) {
                let old = std::mem::take(fields);
                fields.extend(old.into_iter().map(|(name, field)| (replaced(finder, &name), field)));
                any = true;
            }
            any
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn replaced(finder: &AhoCorasick, text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    finder.replace_all_with(text, &mut redacted, |_, _, redacted| {
        redacted.push_str(REDACTED);
        true
    });
    redacted
}

/// Returns the forms in which a secret may be quoted: as it is, in an address or a form, in JSON, in base64.
fn forms(secret: &str) -> Vec<String> {
    if secret.len() < MIN_SECRET_BYTES {
        return Vec::new();
    }
    let in_form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let in_address = in_form.replace('+', "%20");
    let in_json = serde_json::to_string(secret).expect("a text is always JSON");
    let in_json = in_json[1..in_json.len() - 1].to_owned();
    let mut forms: Vec<String> =
        [secret, &in_form].into_iter().flat_map(|text| in_base64(text.as_bytes())).collect();
    forms.extend([lowercase_escapes(&in_form), lowercase_escapes(&in_address), in_json.replace('/', r"\/")]);
    forms.extend([secret.to_owned(), in_form, in_address, in_json]);
    forms
}

/// Returns the letters by which `secret` shows within the base64 of a longer text, one form for each way in which it may lie
/// across the groups of three bytes, in both alphabets.
fn in_base64(secret: &[u8]) -> impl Iterator<Item = String> {
    (0..3_usize).flat_map(move |before| {
        let padded = [&[0; 3][..before], secret].concat();
        let encoded = STANDARD_NO_PAD.encode(&padded);
        // Letters at the ends hold bits of what stands around.
        let own = (before * 8).div_ceil(6)..padded.len() * 8 / 6;
        let own = encoded[own].to_owned();
        let url_safe = own.replace('+', "-").replace('/', "_");
        [own, url_safe].into_iter().filter(|letters| letters.len() >= MIN_BASE64_CHARS)
    })
}

/// Returns a text whose escapes, such as `%2F`, are written in lower case.
fn lowercase_escapes(text: &str) -> String {
    let mut escape_chars_left = 0;
    text.chars()
        .map(|char| {
            if char == '%' {
                escape_chars_left = 3;
            }
            let is_escape = escape_chars_left > 0;
            escape_chars_left -= i32::from(is_escape);
            if is_escape { char.to_ascii_lowercase() } else { char }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    const SECRET: &str = "s3cret/p&ss \"w+rd\"=ü";
    const TOKEN: &str = "eyJhbGciOiJub25lIn0.e30/abc+def.signature";

    fn redactor() -> Redactor {
        let redactor = Redactor::new([SECRET.into()]);
        redactor.add_token(Service::Voice, &AccessToken::new(TOKEN.into()));
        redactor
    }

    #[test]
    fn a_secret_is_found_in_every_form() {
        let redactor = redactor();
        let form = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let check = |quoted: &str| {
            let text = redactor.text(quoted).into_owned();
            assert_eq!(text, "before [redacted] after", "{quoted}");
        };
        for secret in [SECRET, TOKEN] {
            check(&format!("before {secret} after"));
            check(&format!("before {} after", form(secret)));
            check(&format!("before {} after", form(secret).replace('+', "%20")));
            check(&format!("before {} after", lowercase_escapes(&form(secret))));
            let json = json!(secret).to_string();
            check(&format!("before {} after", json.trim_matches('"')));
            for around in ["", "a", "ab", "abc"] {
                let text = format!("{around}{secret}{around}");
                for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    assert!(redactor.text(&encoded).contains(REDACTED), "{encoded}");
                }
            }
        }
        let basic = STANDARD.encode(format!("{}:{}", form("id"), form(SECRET)));
        assert!(redactor.text(&basic).contains(REDACTED));
    }

    #[test]
    fn json_is_searched_however_it_is_escaped_and_else_kept_to_the_letter() {
        let redactor = redactor();
        let escaped: Vec<String> = TOKEN.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let escaped = escaped.concat();
        let check = |json: &str, expect: &str| assert_eq!(redactor.json(json), expect, "{json}");
        check(&format!(r#"{{"a" : "x {escaped} y"}}"#), r#"{"a":"x [redacted] y"}"#);
        check(&format!(r#"{{"{escaped}":[1,["{escaped}"]]}}"#), r#"{"[redacted]":[1,["[redacted]"]]}"#);
        check(&format!(r#"{{"a" : "{}"}}"#, TOKEN.replace('/', r"\/")), r#"{"a" : "[redacted]"}"#);
        for kept in [r#"{"a" : 1.00, "b":"\u00fc"}"#, "no JSON \\u", ""] {
            check(kept, kept);
            assert!(matches!(redactor.json(kept), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_searched_too() {
        let redactor = redactor();
        let bytes = Bytes::from_static(b"\xff\x00 sound");
        assert_eq!(redactor.body(bytes.clone()), bytes);
        let quoting = [b"\xff ", TOKEN.as_bytes()].concat();
        assert_eq!(redactor.body(quoting.into()), "\u{fffd} [redacted]");
    }

    #[test]
    fn short_secrets_are_words_and_old_tokens_are_forgotten() {
        let redactor = Redactor::new(["a b".into()]);
        assert_eq!(redactor.text("a b c"), "a b c");
        for number in 0..10 {
            let token = AccessToken::new(format!("token-{number}").into());
            redactor.add_token(Service::Flow, &token);
        }
        assert_eq!(redactor.text("token-6, token-7, token-9"), "token-6, [redacted], [redacted]");
    }
}

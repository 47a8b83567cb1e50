use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::config::{SignatureScheme, WebhookConfig};

/// Greatest distance of a signature's time from now, in either direction: an event that was overheard cannot be replayed
/// for longer.
const TOLERANCE: Duration = Duration::from_mins(5);
/// Maximum number of signatures of an event that are looked at.
const MAX_SIGNATURES: usize = 16;

/// Checks who posted an event.
pub(crate) struct Verifier {
    keys: Vec<Hmac<Sha256>>,
    id_header: HeaderName,
    timestamp_header: HeaderName,
    signature_header: HeaderName,
    scheme: SignatureScheme,
}

/// Reason to refuse an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    #[error("the header {0} is missing")]
    Missing(HeaderName),
    #[error("the header {0} is no time in seconds since 1970")]
    NoTime(HeaderName),
    #[error("it was signed {distance_s} s from now, and {} s are allowed", TOLERANCE.as_secs())]
    Stale { distance_s: u64 },
    #[error("no signature of it is valid")]
    Forged,
}

impl Rejection {
    /// Returns the reason's name in the metrics.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Missing(_) => "unsigned",
            Self::NoTime(_) | Self::Stale { .. } => "stale",
            Self::Forged => "forged",
        }
    }
}

impl Verifier {
    pub(crate) fn new(config: &WebhookConfig) -> Self {
        let key = |key: &Vec<u8>| Hmac::new_from_slice(key).expect("a key may have any length");
        Self {
            keys: config.keys().iter().map(key).collect(),
            id_header: config.id_header.clone(),
            timestamp_header: config.timestamp_header.clone(),
            signature_header: config.signature_header.clone(),
            scheme: config.scheme,
        }
    }

    /// Returns true when events must be signed.
    pub(crate) fn is_needed(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Returns the event's identifier from its header, if there is one. Where secrets are configured, one of them must have
    /// signed identifier, time and body, not long before or after `now_s`, in seconds since 1970.
    pub(crate) fn verify<'a>(
        &self,
        headers: &'a HeaderMap,
        body: &[u8],
        now_s: i64,
    ) -> Result<Option<&'a str>, Rejection> {
        let text =
            |name| headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
        let id = text(&self.id_header);
        if !self.is_needed() {
            return Ok(id);
        }
        let missing = |name: &HeaderName| Rejection::Missing(name.clone());
        let id = id.ok_or_else(|| missing(&self.id_header))?;
        let timestamp = text(&self.timestamp_header).ok_or_else(|| missing(&self.timestamp_header))?;
        let signatures = text(&self.signature_header).ok_or_else(|| missing(&self.signature_header))?;
        let seconds: i64 = timestamp.parse().map_err(|_| Rejection::NoTime(self.timestamp_header.clone()))?;
        let distance_s = seconds.abs_diff(now_s);
        if distance_s > TOLERANCE.as_secs() {
            return Err(Rejection::Stale { distance_s });
        }
        let given: Vec<_> = self.signatures(signatures).take(MAX_SIGNATURES).collect();
        let is_genuine = self.keys.iter().any(|key| {
            let mut mac = key.clone();
            for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
                mac.update(part);
            }
            // In constant time.
            given.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
        });
        if is_genuine { Ok(Some(id)) } else { Err(Rejection::Forged) }
    }

    fn signatures<'a>(&self, header: &'a str) -> Box<dyn Iterator<Item = Vec<u8>> + 'a> {
        match self.scheme {
            SignatureScheme::Standard => Box::new(
                header
                    .split_whitespace()
                    .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok()),
            ),
            SignatureScheme::Hex => Box::new(header.split([' ', ',']).filter_map(|signature| {
                let digits = signature.strip_prefix("sha256=").unwrap_or(signature);
                HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of Standard Webhooks' reference implementation.
    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const TIME: i64 = 1_649_367_553;
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
    const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

    fn verifier(secrets: &[&str], scheme: SignatureScheme) -> Verifier {
        let secrets = secrets.iter().map(|secret| (*secret).into()).collect();
        Verifier::new(&WebhookConfig { secrets, scheme, ..WebhookConfig::default() })
    }

    fn headers(id: &str, time: &str, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)]
        {
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_reference_s_signature_is_valid_for_five_minutes() {
        let verifier = verifier(&["another", SECRET], SignatureScheme::Standard);
        let headers = headers(ID, "1649367553", SIGNATURE);
        for now in [TIME, TIME + 300, TIME - 300] {
            assert_eq!(verifier.verify(&headers, BODY, now), Ok(Some(ID)));
        }
        for now in [TIME + 301, TIME - 301] {
            assert_eq!(verifier.verify(&headers, BODY, now), Err(Rejection::Stale { distance_s: 301 }));
        }
    }

    #[test]
    fn one_valid_signature_of_several_is_enough() {
        let verifier = verifier(&[SECRET], SignatureScheme::Standard);
        let several = format!("v1,AAAA v2,{} v1a,x no {SIGNATURE}", &SIGNATURE[3..]);
        assert!(verifier.verify(&headers(ID, "1649367553", &several), BODY, TIME).is_ok());
        let too_many = format!("{}{SIGNATURE}", "v1,AAAA ".repeat(MAX_SIGNATURES));
        let headers = headers(ID, "1649367553", &too_many);
        let result = verifier.verify(&headers, BODY, TIME);
        assert_eq!(result, Err(Rejection::Forged));
    }

    #[test]
    fn every_changed_part_is_a_forgery() {
        let check = |secrets: &[&str], id: &str, time: &str, body: &[u8], signature: &str| {
            let verifier = verifier(secrets, SignatureScheme::Standard);
            let result = verifier.verify(&headers(id, time, signature), body, TIME).map(|_| ());
            assert_eq!(result, Err(Rejection::Forged), "{id} {time} {signature}");
        };
        check(&[SECRET], "msg_other", "1649367553", BODY, SIGNATURE);
        check(&[SECRET], ID, "1649367554", BODY, SIGNATURE);
        check(
            &[SECRET],
            ID,
            "1649367553",
            br#"{"email":"test@example.com","username":"other_user"}"#,
            SIGNATURE,
        );
        check(&["whsec_AAEC"], ID, "1649367553", BODY, SIGNATURE);
        check(&[SECRET], ID, "1649367553", BODY, &SIGNATURE[3..]);
        check(&[SECRET], ID, "1649367553", BODY, "v1,");
        check(&[SECRET], ID, "1649367553", BODY, "v1,tZ1I");
    }

    #[test]
    fn a_header_that_is_missing_is_named() {
        let verifier = verifier(&[SECRET], SignatureScheme::Standard);
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            let mut headers = headers(ID, "1649367553", SIGNATURE);
            headers.remove(name);
            let error = verifier.verify(&headers, BODY, TIME).unwrap_err();
            assert_eq!(error, Rejection::Missing(HeaderName::from_static(name)));
        }
        let error = verifier.verify(&headers(ID, "yesterday", SIGNATURE), BODY, TIME).unwrap_err();
        assert_eq!(error, Rejection::NoTime("webhook-timestamp".parse().unwrap()));
    }

    #[test]
    fn hex_digits_will_do_where_they_are_asked_for() {
        let digits = STANDARD.decode(&SIGNATURE[3..]).unwrap();
        let digits = HEXLOWER_PERMISSIVE.encode(&digits);
        let verifier = verifier(&[SECRET], SignatureScheme::Hex);
        for signature in [format!("sha256={digits}"), digits.to_ascii_uppercase(), format!("00,{digits}")] {
            assert!(
                verifier.verify(&headers(ID, "1649367553", &signature), BODY, TIME).is_ok(),
                "{signature}"
            );
        }
        assert!(verifier.verify(&headers(ID, "1649367553", SIGNATURE), BODY, TIME).is_err());
    }

    #[test]
    fn without_a_secret_an_identifier_is_all_that_is_read() {
        let verifier = verifier(&[], SignatureScheme::Standard);
        assert_eq!(verifier.verify(&headers(ID, "old", "none"), BODY, TIME), Ok(Some(ID)));
        assert_eq!(verifier.verify(&HeaderMap::new(), BODY, TIME), Ok(None));
    }
}

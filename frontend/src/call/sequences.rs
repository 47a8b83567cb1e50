//! Dial scripts that the browser keeps for later.

use base::dial_script::DialScript;

use crate::js::local_storage;

/// Key under which the browser keeps them, a line each.
const STORED_AS: &str = "dialbench.sequences";
/// Maximum number that is kept.
const MAX_SEQUENCES: usize = 50;

/// Returns the sequences that are kept, the newest first.
pub(super) fn stored() -> Vec<String> {
    let text =
        local_storage().and_then(|storage| storage.get_item(STORED_AS).ok().flatten()).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Keeps a sequence, or forgets it if it is kept already. Returns those that are kept then; an error says why it is no
/// sequence, or cannot be kept.
pub(super) fn toggle(text: &str) -> Result<Vec<String>, String> {
    let text = text.trim();
    text.parse::<DialScript>().map_err(|error| format!("{error}"))?;
    let mut sequences = stored();
    let count = sequences.len();
    sequences.retain(|kept| kept != text);
    if sequences.len() == count {
        if count == MAX_SEQUENCES {
            return Err(format!("{MAX_SEQUENCES} sequences are saved; forget one first"));
        }
        sequences.insert(0, text.to_owned());
    }
    let kept = local_storage().and_then(|storage| storage.set_item(STORED_AS, &sequences.join("\n")).ok());
    kept.map(|()| sequences).ok_or_else(|| "the browser keeps nothing for this page".to_owned())
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn sequences_are_kept_and_forgotten_and_what_is_none_is_refused() {
        let _ = local_storage().unwrap().remove_item(STORED_AS);
        assert_eq!(toggle(" 1,,2 ").unwrap(), ["1,,2"]);
        assert_eq!(toggle("2w2p1#").unwrap(), ["2w2p1#", "1,,2"]);
        assert_eq!(stored(), ["2w2p1#", "1,,2"]);
        assert_eq!(toggle("1,,2").unwrap(), ["2w2p1#"]);
        assert!(toggle("1x").unwrap_err().contains("position 2"));
        for number in 1..MAX_SEQUENCES {
            toggle(&"1".repeat(number)).unwrap();
        }
        assert!(toggle("99").unwrap_err().contains("forget one first"));
        let _ = local_storage().unwrap().remove_item(STORED_AS);
    }
}

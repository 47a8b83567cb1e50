//! The style sheet: all of them in one, without comments and needless white space. Compression does the rest, so nothing
//! is rewritten whose meaning would have to be understood.

use crate::inputs::File;

/// Joins style sheets in the order given.
pub(crate) fn join(files: &[File]) -> String {
    files.iter().map(|file| shrink(&String::from_utf8_lossy(&file.content))).collect()
}

/// Takes comments out, and white space where it separates nothing. Strings and `url(…)` stay as they are.
fn shrink(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let length = if rest.starts_with("/*") {
            push_space(&mut out);
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if next.is_ascii_whitespace() {
            push_space(&mut out);
            1
        } else {
            let length = match next {
                '"' | '\'' => string_length(rest, next),
                _ if rest.starts_with("url(") => rest.find(')').map_or(rest.len(), |end| end + 1),
                _ => next.len_utf8(),
            };
            if matches!(next, '{' | '}' | ';' | ',') && out.ends_with(' ') {
                out.pop();
            }
            if next == '}' && out.ends_with(';') {
                out.pop();
            }
            out.push_str(&rest[..length]);
            length
        };
        rest = &rest[length..];
    }
    out.truncate(out.trim_end().len());
    out
}

/// A space, unless what stands before needs none after it.
fn push_space(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '{', '}', ';', ',']) {
        out.push(' ');
    }
}

/// The length of the string that `text` begins with, with its quotes.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_nothing_is_left_out() {
        let check = |source: &str, expect: &str| assert_eq!(shrink(source), expect, "{source}");
        check("", "");
        check("a {\n  color: red;\n}\n\nb , c { }\n", "a{color: red}b,c{}");
        check("/* x */ a { b: c /* d */ e; }", "a{b: c e}");
        check("a :hover { }", "a :hover{}");
        check("a{width:calc(1px + 2px)}", "a{width:calc(1px + 2px)}");
        check("a { content: \"/* ; } \\\" */\" }", "a{content: \"/* ; } \\\" */\"}");
        check("a { b: url(data:x;,y ) }", "a{b: url(data:x;,y )}");
        check(
            "@media (width > 40rem) and (hover) { a { b: c } }",
            "@media (width > 40rem) and (hover){a{b: c}}",
        );
        check(":root { --empty: ; }", ":root{--empty:}");
        check("a { b: 'é' } /* open", "a{b: 'é'}");
    }

    #[test]
    fn sheets_follow_one_another_in_order() {
        let file = |content: &str| File { path: String::new(), content: content.as_bytes().to_vec() };
        assert_eq!(join(&[file("a { }"), file("b { }\n")]), "a{}b{}");
    }
}

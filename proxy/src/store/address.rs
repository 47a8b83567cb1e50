use std::fmt;

use reqwest::Url;

/// Address of a database: `sqlite:FILE`, or `postgres://USER:PASSWORD@HOST/NAME`.
#[derive(Clone)]
pub struct DatabaseUrl(Url);

/// Kind of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatabaseKind {
    Sqlite,
    Postgres,
}

impl DatabaseUrl {
    /// Reads an address. The error says what is wrong with it, and does not repeat a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let forms = "must begin with sqlite: or postgres://";
        let url = Url::parse(text).map_err(|error| format!("{forms} ({error})"))?;
        match url.scheme() {
            "sqlite" if url.path().trim_matches('/').is_empty() => {
                Err("names no file after sqlite:".to_owned())
            }
            "sqlite" | "postgres" | "postgresql" => Ok(Self(url)),
            scheme => Err(format!("{forms}, not with {scheme}:")),
        }
    }

    pub(super) fn kind(&self) -> DatabaseKind {
        if self.0.scheme() == "sqlite" { DatabaseKind::Sqlite } else { DatabaseKind::Postgres }
    }

    /// Returns true for a database of SQLite's that is kept nowhere.
    pub(super) fn is_in_memory(&self) -> bool {
        self.kind() == DatabaseKind::Sqlite
            && (self.0.path() == ":memory:"
                || self.0.query().is_some_and(|query| query.contains("mode=memory")))
    }

    /// Returns the address as the driver takes it: a file of SQLite's is made where there is none.
    pub(super) fn connectable(&self) -> String {
        let mut url = self.0.clone();
        let has_mode = url.query_pairs().any(|(name, _)| name == "mode");
        if self.kind() == DatabaseKind::Sqlite && !has_mode && !self.is_in_memory() {
            url.query_pairs_mut().append_pair("mode", "rwc");
        }
        url.into()
    }
}

/// The address without its password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        if shown.password().is_some() {
            let _ = shown.set_password(Some("***"));
        }
        // Parameters may hold a password as well.
        if self.kind() == DatabaseKind::Postgres {
            shown.set_query(None);
        }
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_checked_and_shows_no_password() {
        let url = DatabaseUrl::parse("postgres://bench:s3cret@db.example.com/bench?password=s3cret").unwrap();
        assert_eq!(url.to_string(), "postgres://bench:***@db.example.com/bench");
        assert!(!format!("{url:?}").contains("s3cret"));
        assert!(url.connectable().contains("s3cret"));

        let file = DatabaseUrl::parse("sqlite:dialbench.db").unwrap();
        assert_eq!(file.connectable(), "sqlite:dialbench.db?mode=rwc");
        let readable = DatabaseUrl::parse("sqlite:dialbench.db?mode=rw").unwrap();
        assert_eq!(readable.connectable(), "sqlite:dialbench.db?mode=rw");
        assert!(DatabaseUrl::parse("sqlite::memory:").unwrap().is_in_memory());
        assert!(!file.is_in_memory());

        for (text, part) in [
            ("mysql://u:pw@host/db", "not with mysql:"),
            ("dialbench.db", "must begin with sqlite:"),
            ("sqlite:", "names no file"),
            ("sqlite://", "names no file"),
            ("", "must begin with"),
        ] {
            let error = DatabaseUrl::parse(text).unwrap_err();
            assert!(error.contains(part) && !error.contains("pw"), "{text}: {error}");
        }
    }
}

//! OAuth 2.0 client credentials: the only module that sees a client's secret or a token's text.

mod cache;
mod error;
mod lifetime;
mod redactor;
mod request;
mod token;

pub use cache::TokenSource;
pub use error::{TokenError, TokenErrorKind};
pub(crate) use redactor::Redactor;
pub use token::AccessToken;

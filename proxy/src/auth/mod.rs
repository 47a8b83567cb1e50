//! OAuth 2.0 client credentials: the only module that sees a client's secret or a token's text.

mod cache;
mod error;
mod request;
mod token;

pub use cache::TokenSource;
pub use error::{TokenError, TokenErrorKind};
pub use token::AccessToken;

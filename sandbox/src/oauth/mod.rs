//! OAuth 2.0 client credentials: token requests in each service's style, and the tokens that are valid.

mod error;
mod form;
mod grant;
mod request;
mod tokens;

pub(crate) use error::TokenError;
pub(crate) use grant::granted_scopes;
pub(crate) use request::TokenRequest;
pub(crate) use tokens::Tokens;

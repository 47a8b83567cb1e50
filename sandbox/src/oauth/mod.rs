//! OAuth 2.0 client credentials, as each of the five services wants them.

mod denial;
mod form;
mod grant;
mod request;
mod tokens;

pub(crate) use denial::Denial;
pub(crate) use grant::decide;
pub(crate) use request::Ask;
pub(crate) use tokens::Tokens;

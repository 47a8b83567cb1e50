//! Request headers that the page and the proxy agree on.

/// Header that every request which changes something carries, with the value [`CHANGE_HEADER_VALUE`]. A form on another
/// site cannot send it.
pub const CHANGE_HEADER: &str = "x-dialbench";
/// Value of [`CHANGE_HEADER`].
pub const CHANGE_HEADER_VALUE: &str = "1";

/// Header that says who repeats a request that failed. With the value [`RETRY_BY_CLIENT`] the proxy asks CXone once and
/// passes status and `Retry-After` on; without the header the proxy repeats the request itself where that is safe.
pub const RETRY_HEADER: &str = "x-dialbench-retry";
/// Value of [`RETRY_HEADER`] from a client that repeats its requests itself.
pub const RETRY_BY_CLIENT: &str = "client";

//! The two documents of the sign-in, for browsers that another site's link has led here.

use axum::http::Uri;

/// Document that goes on to the page once its cookie is there.
pub(super) const GO_ON: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=/">
<title>Signed in · Dialbench</title>
<h1>Signed in</h1>
<p><a href="/">Go on to Dialbench</a></p>
</html>
"#;

/// Returns the document for a browser without a session at `uri`. One that has the cookie does not send it where another
/// site's link has led to; it does for the link in this document.
pub(crate) fn sign_in_page(uri: &Uri) -> String {
    let address = uri.path_and_query().map_or("/", |address| address.as_str());
    // An address that begins with two slashes would name another host.
    let address = format!("/{}", address.trim_start_matches('/'));
    let escaped = address.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sign in · Dialbench</title>
<h1>Another site's link has led here</h1>
<p>If you have signed in to Dialbench with this browser: <a href="{escaped}">open this page</a>.</p>
<p>Otherwise open the address that ends in <code>/?access_token=…</code>, which whoever runs Dialbench has.</p>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_leads_to_the_same_page_and_nowhere_else() {
        let check = |address: &str, link: &str| {
            let page = sign_in_page(&address.parse().unwrap());
            assert!(page.contains(&format!("href=\"{link}\"")), "{address}: {page}");
        };
        check("/flow", "/flow");
        check("/audit?a=1&b=%22", "/audit?a=1&amp;b=%22");
        check("//evil.example/x", "/evil.example/x");
        check("/x\"onclick=1", "/x&quot;onclick=1");
    }
}

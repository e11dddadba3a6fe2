//! What the page itself may do: nothing but what it is there for, whatever comes over the wire.
//!
//! ```text
//! content-security-policy: default-src 'self'; connect-src 'self' http://10.0.0.7:8080 ws://10.0.0.7:8080
//!     http://10.0.0.7:40123 ws://10.0.0.7:40123; base-uri 'none'; form-action 'none';
//!     frame-ancestors 'none'; object-src 'none'
//! x-content-type-options: nosniff
//! referrer-policy: no-referrer
//! ```
//!
//! It loads from where it came from, and connects to this server's own ports by the name by which it was asked
//! for: no script that somebody smuggles in could send anything elsewhere. A Worker obeys the policy of its own
//! file, not of the page (CSP level 3, section 4.2), so every file bears it.

use std::fmt::Write;

use hyper::HeaderMap;
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};

use super::authority::{Authority, Scheme};
use super::origins::WebOrigin;

/// Guards a file of the page that was asked for under `host`, on a server with this scheme and these ports, which the
/// world knows as `public`.
pub(super) fn guard(
    headers: &mut HeaderMap,
    host: Option<&HeaderValue>,
    scheme: Scheme,
    ports: &[u16],
    public: Option<&WebOrigin>,
) {
    let host = host.and_then(|host| host.to_str().ok()).and_then(Authority::read);
    let policy =
        HeaderValue::try_from(policy(host, scheme, ports, public)).expect("a host and numbers are ASCII");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Where the key once was, and what a scene says, is nobody's business.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

fn policy(host: Option<Authority<'_>>, scheme: Scheme, ports: &[u16], public: Option<&WebOrigin>) -> String {
    let Scheme { http, websocket, .. } = scheme;
    let mut policy = "default-src 'self'; connect-src 'self'".to_owned();
    if let Some(public) = public {
        policy += &format!(" {} {}", public.as_str(), public.websocket());
    }
    for (Authority { host, .. }, port) in host.iter().flat_map(|host| ports.iter().map(move |of| (host, of)))
    {
        // Safari takes `'self'` for HTTP only, so the page's own port is named, too.
        write!(policy, " {http}://{host}:{port} {websocket}://{host}:{port}")
            .expect("a String takes all that is written");
    }
    policy + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

    fn guarded(host: Option<&'static str>) -> String {
        let mut headers = HeaderMap::new();
        let host = host.map(HeaderValue::from_static);
        guard(&mut headers, host.as_ref(), Scheme::HTTP, &[8080, 40123], None);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        headers["content-security-policy"].to_str().unwrap().to_owned()
    }

    #[test]
    fn the_page_may_connect_to_every_port_of_its_server_and_nowhere_else() {
        assert_eq!(
            guarded(Some("wall.local:8080")),
            "default-src 'self'; connect-src 'self' http://wall.local:8080 ws://wall.local:8080 \
             http://wall.local:40123 ws://wall.local:40123"
                .to_owned()
                + REST
        );
    }

    #[test]
    fn over_tls_the_page_connects_over_tls_only() {
        let host = Authority::read("wall.local:8443");
        assert_eq!(
            policy(host, Scheme::HTTPS, &[8443], None),
            "default-src 'self'; connect-src 'self' https://wall.local:8443 wss://wall.local:8443".to_owned()
                + REST
        );
    }

    #[test]
    fn a_host_that_would_add_to_the_policy_is_left_out() {
        for host in [
            None,
            Some(""),
            Some("a; script-src *"),
            Some("a;script-src"),
            Some("*"),
            Some("a' 'unsafe-inline'"),
        ] {
            assert_eq!(guarded(host), "default-src 'self'; connect-src 'self'".to_owned() + REST, "{host:?}");
        }
    }
}

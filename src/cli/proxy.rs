//! Which proxy a client goes through: the one that was named, or the one that the environment names, as curl has it.
//!
//! | for | looked up in this order |
//! |---|---|
//! | `http://`, `ws://` | `http_proxy`, `HTTP_PROXY` |
//! | `https://`, `wss://` | `https_proxy`, `HTTPS_PROXY` |
//! | none of it | hosts in `no_proxy`, `NO_PROXY`, and this machine's own loopback |

use std::env;
use std::net::IpAddr;
use std::str::FromStr;

use clap::Args;

use super::usage;
use crate::client::{Proxy, Target};

#[derive(Args, Clone)]
pub(super) struct ProxyArguments {
    /// Go through this HTTP proxy, by CONNECT: `http://HOST:PORT`, `http://USER:PASSWORD@HOST:PORT`, or `none`
    /// [default: what HTTP_PROXY, HTTPS_PROXY and NO_PROXY say; never for this machine itself]
    #[arg(long, value_name = "URL")]
    proxy: Option<Choice>,
}

/// A proxy, or none whatever the environment says.
#[derive(Clone)]
struct Choice(Option<Proxy>);

impl FromStr for Choice {
    type Err = <Proxy as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" { Ok(Self(None)) } else { text.parse().map(|proxy| Self(Some(proxy))) }
    }
}

impl ProxyArguments {
    /// The proxy that was named.
    pub(super) fn named(&self) -> Option<Proxy> {
        self.proxy.as_ref()?.0.clone()
    }

    /// The proxy on the way to a target. Ends with a usage error where the environment names what is none.
    pub(super) fn to(&self, target: &Target) -> Option<Proxy> {
        match &self.proxy {
            Some(Choice(named)) => named.clone(),
            None => from_environment(target),
        }
    }
}

/// The first of these variables that is set, and says something.
fn variable<'a>(names: &[&'a str]) -> Option<(&'a str, String)> {
    let set = names.iter().filter_map(|name| Some((*name, env::var(name).ok()?)));
    set.into_iter().find(|(_, value)| !value.trim().is_empty())
}

fn from_environment(target: &Target) -> Option<Proxy> {
    let names = match target.is_secured() {
        true => ["https_proxy", "HTTPS_PROXY"],
        false => ["http_proxy", "HTTP_PROXY"],
    };
    let (name, url) = variable(&names)?;
    let (host, port) = target.address();
    let exempt = variable(&["no_proxy", "NO_PROXY"]).map(|(_, list)| list).unwrap_or_default();
    if is_loopback(host) || is_exempt(host, port, &exempt) {
        return None;
    }
    match url.trim().parse() {
        Ok(proxy) => Some(proxy),
        Err(wrong) => usage(&format!("`{name}`: {wrong}; or go without one, `--proxy none`")),
    }
}

/// No other machine can reach what this one means by these.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Whether a list as of `NO_PROXY` names a host, or a domain that it is in: `example.org`, `.example.org`,
/// `10.0.0.7`, `[::1]`, each perhaps with a port, a network as `10.0.0.0/8`, or `*`.
fn is_exempt(host: &str, port: u16, list: &str) -> bool {
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let (name, of_port) = parted(entry);
        let name = name.strip_prefix('.').unwrap_or(name);
        let is_within = || {
            let begins = host.len().checked_sub(name.len());
            begins.and_then(|at| host.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(name))
                && (host.len() == name.len() || host[..host.len() - name.len()].ends_with('.'))
        };
        entry == "*" || is_of_network(host, entry) || (of_port.is_none_or(|of| of == port) && is_within())
    })
}

/// Whether a host is an address whose first bits are those of the network, as many as it says (RFC 4632).
fn is_of_network(host: &str, network: &str) -> bool {
    let Some((prefix, bits)) = network.split_once('/') else { return false };
    let (Ok(host), Ok(prefix), Ok(bits)) = (host.parse(), prefix.parse(), bits.parse::<u32>()) else {
        return false;
    };
    let (differ, length) = match (host, prefix) {
        (IpAddr::V4(host), IpAddr::V4(prefix)) => (u128::from(host.to_bits() ^ prefix.to_bits()), 32_u32),
        (IpAddr::V6(host), IpAddr::V6(prefix)) => (host.to_bits() ^ prefix.to_bits(), 128),
        _ => return false,
    };
    length.checked_sub(bits).is_some_and(|rest| differ.checked_shr(rest).unwrap_or(0) == 0)
}

/// `name:port`, `[address]:port`, or no port; an address of IPv6 may come without its brackets.
fn parted(entry: &str) -> (&str, Option<u16>) {
    if let Some((address, port)) = entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (address, port.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match entry.split_once(':') {
        Some((name, port)) if !port.contains(':') => (name, port.parse().ok()),
        _ => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_domains_are_exempt_as_curl_has_it() {
        let list = "internal.example, .lan 10.0.0.7,[fe80::1]:8080 fe80::2,db:5432";
        for (host, port) in [
            ("internal.example", 80),
            ("deep.internal.example", 80),
            ("INTERNAL.example", 443),
            ("lan", 80),
            ("printer.lan", 80),
            ("10.0.0.7", 9),
            ("fe80::1", 8080),
            ("fe80::2", 1),
            ("db", 5432),
        ] {
            assert!(is_exempt(host, port, list), "`{host}:{port}` is in `{list}`");
        }
        for (host, port) in [
            ("notinternal.example", 80),
            ("example", 80),
            ("wlan", 80),
            ("110.0.0.7", 9),
            ("db", 80),
            ("fe80::1", 80),
        ] {
            assert!(!is_exempt(host, port, list), "`{host}:{port}` is not in `{list}`");
        }
        assert!(is_exempt("anything", 1, "*") && !is_exempt("anything", 1, ""));
    }

    #[test]
    fn a_network_exempts_the_addresses_in_it_and_no_name() {
        let list = "10.0.0.0/8,192.168.7.128/25, fe80::/10";
        for host in ["10.255.0.1", "192.168.7.200", "fe80::1", "febf::1"] {
            assert!(is_exempt(host, 80, list), "`{host}` is in `{list}`");
        }
        for host in ["11.0.0.1", "192.168.7.127", "fec0::1", "10.example", "0.0.0.10"] {
            assert!(!is_exempt(host, 80, list), "`{host}` is not in `{list}`");
        }
        assert!(is_exempt("1.2.3.4", 80, "0.0.0.0/0") && is_exempt("::2", 80, "::/0"));
        assert!(is_exempt("1.2.3.4", 80, "1.2.3.4/32"));
        assert!(!is_exempt("1.2.3.4", 80, "1.2.3.4/33") && !is_exempt("1.2.3.4", 80, "1.2.3.4/-1"));
    }

    #[test]
    fn nobody_elses_proxy_is_asked_for_this_machine() {
        assert!(["localhost", "127.0.0.1", "127.9.9.9", "::1"].into_iter().all(is_loopback));
        assert!(!["example.org", "10.0.0.7", "localhost.example.org"].into_iter().any(is_loopback));
    }
}

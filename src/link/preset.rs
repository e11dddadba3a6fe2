//! Networks and middleboxes that have a name.

/// A name for some items, and what it stands for.
#[derive(Debug, PartialEq)]
pub struct Preset {
    /// As it is typed.
    pub name: &'static str,
    /// Its items.
    pub spec: &'static str,
    /// What it stands for.
    pub stands_for: &'static str,
}

/// All presets. Networks first: of these, one can be chosen; the other two go with any of them.
///
/// - `lan`: half a millisecond is the round trip within a data centre of "Numbers everyone should know" (J. Dean,
///   2009); 1 Gbit/s is IEEE 802.3ab.
/// - `wifi`: the profile "Wi-Fi" of Apple's Network Link Conditioner: 40 Mbit/s down, 33 up, 1 ms each way.
/// - `4g`, `3g`: the profiles of these names of WebPageTest (`connectivity.ini.sample`).
/// - `satellite`: a geostationary hop takes 239.6 ms at least, so a round trip 558 ms (RFC 2488, section 2); rates
///   as they are sold for such links.
/// - `corporate-proxy`: Squid as it comes drops `Upgrade` (`http_upgrade_request_protocols`); nginx as it comes
///   reads answers into a buffer of one memory page, 4k or 8k, (`proxy_buffer_size`) and gives up after 60 s of
///   silence (`proxy_read_timeout`), as AWS' load balancers do (`idle_timeout.timeout_seconds`).
/// - `serverless`: API Gateway gives an answer 29 or 30 s (its quotas), Heroku's router 30 s to begin one (H12);
///   functions on Vercel, Netlify and Lambda cannot accept a WebSocket.
pub const PRESETS: [Preset; 7] = [
    Preset { name: "lan", spec: "rtt=500us,rate=1gbit", stands_for: "a wired network in one building" },
    Preset {
        name: "wifi",
        spec: "rtt=2ms,rate-up=33mbit,rate-down=40mbit",
        stands_for: "a good wireless network at home, and nothing behind it",
    },
    Preset {
        name: "4g",
        spec: "rtt=170ms,rate=9mbit",
        stands_for: "a telephone on a mobile network of the fourth generation",
    },
    Preset {
        name: "3g",
        spec: "rtt=300ms,rate-up=768kbit,rate-down=1600kbit",
        stands_for: "a telephone on a mobile network of the third generation",
    },
    Preset {
        name: "satellite",
        spec: "rtt=600ms,rate-up=3mbit,rate-down=25mbit",
        stands_for: "a geostationary satellite, 36,000 km up",
    },
    Preset {
        name: "corporate-proxy",
        spec: "buffer=8k,drop-upgrade,idle=60s",
        stands_for: "a forward proxy as it comes: it buffers, knows no WebSocket and closes what is silent",
    },
    Preset {
        name: "serverless",
        spec: "no-upgrade,cut=30s",
        stands_for: "functions behind a gateway: no WebSocket, and nothing lasts longer than 30 s",
    },
];

impl Preset {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }
}

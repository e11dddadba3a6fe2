//! Marks: what became of a request, and when.
//!
//! ```text
//! {"marks":[
//!    {"lane":"longpoll","n":17,"connection":5,"at_us":1763751234567890,"what":"arrived",
//!     "http":212,"body":0,"shown":"R0VU…"},
//!    {"lane":"longpoll","n":17,"connection":5,"at_us":1763751234567961,"what":"held","http":0,"body":0,"shown":""},
//!    {"lane":"longpoll","n":17,"connection":5,"at_us":1763751236012345,"what":"answered","status":200,
//!     "http":171,"body":103,"shown":"SFRU…"}],
//!  "unshown":0,
//!  "ledgers":{"longpoll":{"requests":12,"empty_answers":1,
//!     "up":{"http":3210,"body":0,"tls":0},"down":{"http":1720,"body":2040,"tls":0},"handshake":{"up":0,"down":0}}}}
//! ```
//!
//! Where all marks are shown, their bytes add up to `http` and `body` of the ledger: `arrived` and `heard` are its bytes
//! up, `answered`, `wrote` and `closed` its bytes down. What TLS adds belongs to connections, and no mark has it.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde::{Serialize, Serializer};

use crate::server::key::Key;
use crate::server::statistics::Booked;
use crate::wire::{Bytes, Counts, Sight, What, veil};

/// Which request it is.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::server) struct Request {
    pub(in crate::server) lane: &'static str,
    /// What the client calls it, if it does: `n` in its query.
    pub(in crate::server) n: Option<u64>,
    /// The number of its connection, in the order in which they were accepted.
    pub(in crate::server) connection: u64,
}

/// One thing that became of it.
#[derive(Serialize)]
pub(super) struct Mark {
    #[serde(flatten)]
    request: Request,
    at_us: u64,
    what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    http: u64,
    body: u64,
    #[serde(serialize_with = "base64")]
    shown: Box<[u8]>,
}

impl Mark {
    /// One that shows what was seen, but for tokens and a secret.
    pub(super) fn of(request: Request, sight: Sight<'_>, at_us: u64, secret: Option<&Key>) -> Self {
        let Sight { what, status, bytes, shown } = sight;
        let mut shown: Box<[u8]> = shown.into();
        veil(&mut shown);
        secret.into_iter().for_each(|key| key.veil(&mut shown));
        let Bytes { http, body, .. } = bytes;
        Self { request, at_us, what, status, http, body, shown }
    }
}

/// Marks that are told together.
#[derive(Default, Serialize)]
pub(super) struct Batch {
    pub(super) marks: Vec<Mark>,
    /// Marks that there were beyond these.
    pub(super) unshown: u64,
}

impl Batch {
    /// An event of a control topic: the marks, and of lanes that have changed what they have counted since the
    /// client's first request.
    pub(super) fn with(&self, ledgers: &BTreeMap<&'static str, Counts>) -> String {
        #[derive(Serialize)]
        struct News<'a> {
            #[serde(flatten)]
            batch: &'a Batch,
            ledgers: BTreeMap<&'static str, Booked>,
        }
        let ledgers = ledgers.iter().map(|(lane, counts)| (*lane, Booked::of(*counts))).collect();
        serde_json::to_string(&News { batch: self, ledgers }).expect("our own structs are JSON")
    }
}

fn base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&BASE64.encode_display(bytes))
}

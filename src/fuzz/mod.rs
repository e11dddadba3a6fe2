//! What strangers may say, taken by the code that reads it: one function for each, which any bytes may be given to.
//!
//! ```text
//! tests/fuzz/fuzz_targets/sse.rs ─┐
//! tests/fuzz/corpus/sse/*         ├─▶ fuzz::sse(bytes): panics where what must hold does not
//! src/fuzz/tests.rs, proptest    ─┘
//! ```
//!
//! They hold more than that nothing panics: what is read and written again is the same, and what comes in pieces is read
//! as it would be in one. Only tests and `cargo fuzz` build this module:
//!
//! ```text
//! cargo +nightly fuzz run --fuzz-dir tests/fuzz sse -- -max_total_time=60
//! ```

mod asked;
mod http2;
mod links;
mod streams;
#[cfg(test)]
mod tests;
mod tokens;
mod websocket;

pub use asked::{ask, commands};
pub use http2::http2;
pub use links::{link, trace};
pub use streams::{batch, sse};
pub use tokens::token;
pub use websocket::websocket;

/// Reads bytes, and panics where what must hold does not.
pub type Target = fn(&[u8]);

/// All of them, each under the name of its corpus.
pub const TARGETS: [(&str, Target); 9] = [
    ("ask", ask),
    ("batch", batch),
    ("commands", commands),
    ("http2", http2),
    ("link", link),
    ("sse", sse),
    ("token", token),
    ("trace", trace),
    ("websocket", websocket),
];

/// How runs of bytes are cut that were one before.
const CUTS: [usize; 4] = [1, 2, 7, 64];

//! What becomes of a reader that does not keep up, once it falls off the log's memory.
//!
//! ```text
//!          forgotten          │            retained
//!   … 38  39  40  41  42  43  │  44  45  46  47  48  49  50
//!         ▲ a reader stands here
//!                   gap         is told of 40 to 43, and goes on with 44
//!                   latest      is told of 40 to 49, and goes on with 50
//!                   disconnect  is closed; when it comes back, it is told as above with 44
//! ```

use std::fmt;

/// What becomes of a slow reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Slow {
    /// It is told what it missed, and goes on with the oldest event there is.
    #[default]
    Gap,
    /// It is told what it missed, and goes on with the newest.
    Latest,
    /// Its connection is closed, where it has one for as long as it reads: who polls is told as with `gap`.
    Disconnect,
}

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gap => "gap",
            Self::Latest => "latest",
            Self::Disconnect => "disconnect",
        })
    }
}

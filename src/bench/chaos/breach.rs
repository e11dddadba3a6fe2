//! What must not happen.

use crate::event::{EventId, Gap};

/// One thing that must not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// Events never came, and no gap said so.
    #[error("lost: `{first}` to `{last}` never came, and no gap said so")]
    Lost {
        /// The first of them.
        first: EventId,
        /// The last of them.
        last: EventId,
    },
    /// It had come before.
    #[error("doubled: `{id}` came again")]
    Doubled {
        /// Which.
        id: EventId,
    },
    /// It came although a gap had given it up.
    #[error("given up: `{id}` came, and a gap had said that it was lost")]
    GivenUp {
        /// Which.
        id: EventId,
    },
    /// It came after a later one.
    #[error("swapped: `{id}` came behind `{behind}`")]
    Swapped {
        /// Which.
        id: EventId,
        /// The latest that had come.
        behind: EventId,
    },
    /// A gap does not say what is missing.
    #[error("wrong gap: after `{}`, resumes `{}`, missed {missed}: {why}", gap.after, gap.resumes, missed = missed(gap))]
    WrongGap {
        /// What it says.
        gap: Gap,
        /// What is wrong with it.
        why: String,
    },
    /// A gap gives up what the server still had.
    #[error("unjustified gap: after `{}`, resumes `{}`, while the log still held `{held}`", gap.after, gap.resumes)]
    Unjustified {
        /// What it says.
        gap: Gap,
        /// The last of the events that it gives up.
        held: EventId,
    },
    /// The log began anew, and no gap said so.
    #[error("unannounced: `{id}` came behind `{behind}`, which is of another life, and no gap said so")]
    Unannounced {
        /// The first of another life.
        id: EventId,
        /// Where the client stood.
        behind: EventId,
    },
    /// It does not say what was published under its id.
    #[error("altered: `{id}` carries message {carries}, and {published}")]
    Altered {
        /// Which.
        id: EventId,
        /// The number it came with, in words.
        carries: String,
        /// What was published, in words.
        published: String,
    },
    /// It is neither an event nor a gap.
    #[error("strange: neither an event nor a gap came, but `{0}`")]
    Strange(String),
    /// Nobody published it.
    #[error("invented: nobody published `{id}`")]
    Invented {
        /// Which.
        id: EventId,
    },
    /// The client never came to the life of the log that is the last.
    #[error("left behind: the client stood at `{at}` when all was over, and the newest is `{newest}`")]
    LeftBehind {
        /// Where it stood.
        at: EventId,
        /// Where it should.
        newest: EventId,
    },
    /// The client does not come back any more.
    #[error("gave up: {0}")]
    GaveUp(String),
    /// Two messages got one id.
    #[error("given twice: two messages were published as `{id}`")]
    GivenTwice {
        /// Which.
        id: EventId,
    },
    /// A message was published into a life of the log that never was.
    #[error("no such life: a message was published as `{id}`, and no server began that log")]
    NoSuchLife {
        /// Which.
        id: EventId,
    },
    /// More ids were used than messages sent.
    #[error("skipped: {skipped} ids were used for no message, and only {unclear} answers were lost")]
    Skipped {
        /// Ids that belong to no acknowledged message, below one that does.
        skipped: u64,
        /// Messages that could have got them.
        unclear: u64,
    },
}

fn missed(gap: &Gap) -> String {
    gap.missed.map_or_else(|| "null".to_owned(), |missed| missed.to_string())
}

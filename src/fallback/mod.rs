//! A reader over the best transport that works here and now.
//!
//! ```text
//!  learn         search                          read                        every so often, beside it
//!  GET /poll ──▶ websocket ✗ sse ✗ longpoll ✓ ──▶ longpoll ────────────┬────▶ websocket ✗ sse ✓ ──▶ sse
//!  newest: 41    each asked for what follows 40                        └ cut, or silent: search again
//! ```
//!
//! # The rules
//!
//! A connection that opens proves nothing: a proxy that buffers opens it, and delivers nothing. A transport works
//! if **an event really arrived over it, in time**.
//!
//! **Learning.** One `GET /poll` without a position. Its answer carries the newest event's id, *n*, in
//! `Last-Event-ID`, and takes T = 2R: a connection and a request. Who reads from now on stands at *n*. Where polls
//! are refused for good, or not answered within 10 s, the search begins without: then an event, or a sign of life, is
//! waited for P = 10 s.
//!
//! **An event in time.** Each transport is asked for the position *one before* the place of the reader, so that the
//! event at that place is waiting and must come at once, within P = 3T, at least 2 s and at most 10 s. A gap counts
//! as well. Where the log is empty nothing waits: streams are asked for `heartbeat=1`, long polls for `hold=1`, and
//! within P + 1 s a sign of life must come: an empty answer, or bytes of a stream's body half a second after its
//! head (what comes with the head is no heartbeat).
//!
//! **Order.** The transport that was read over last; then websocket, sse, longpoll, poll; then those whose pause is
//! not over; and last the one that was just left for a fault of its own.
//! - `sequential`: the next is begun when the one before has failed: refused, cut, or P is over.
//! - `race`: the next is begun, beside those before, when the last one begun has had a head start of D = 2T, at
//!   least 250 ms and at most 2 s (RFC 8305), or at once when one fails. Whichever brings its event first wins; the
//!   others are left.
//!
//! Who cannot even connect ends the search: no other transport would find anybody there. Where all fail, the reader
//! rests as any client does that comes back (0.5 to 1 s, then up to 20 s; `Retry-After` is a minimum), and takes T
//! for twice as long the next time: the network may have become slower. Where all four are refused for good, the last
//! refusal is the end; and so is the first one that no other transport would be spared: no token that is good, a
//! certificate that is not trusted, a proxy that lets nobody through.
//!
//! **Reading.** Streams are asked for `heartbeat=5`, long polls for `hold=5`, so that silence means the same on all:
//! a transport over which nothing at all came for its heartbeat (a poller: its interval) and P is left, and the
//! search begins at once, this one last. Where its connection ends, the reader waits as it was asked to (`retry:`, or
//! 0.5 to 1 s), and the search begins, this one first; or last, where it held for less than its last pause, or for the
//! second time in a row less than 10 s. One that the server refuses while it is read rests as where all fail, and is
//! tried last.
//!
//! **Again.** When one wins, all better ones are set back: they are tried again after a pause of 10 s, and of twice
//! as long each time they fail, up to 10 min. That is done beside the one that works, one after another, under the
//! same rules; who brings its event takes over. Who is cut after it held for as long as its pause was begins anew
//! with 10 s, and so does who falls silent after 10 min; who ends before is set back further, so that one that works
//! for a moment at a time does not flap.
//!
//! **Lossless.** One place for all: the id of the last event that was handed on. Whatever is asked is asked from the
//! place, less one; so what comes begins with something that came already, and leaves nothing out. What came is
//! dropped by its id. A gap is told from the place on, once: another transport's word of it is dropped by where it
//! ends, and so is all that a life of the log says that is over, unless a gap leads back to it. The old transport is
//! left at the moment when the new one's event is there; what it had under way comes over the new one. Where nobody
//! knew the place, it is where the transport that was read said that it began.
//!
//! In reading order: `terms` (how long), [`Told`] (what is said), `place` (once and in order), `memory` (who won,
//! who is set back), `unheard` (that none says too much at once), `candidate` (a transport at work), `search` (judging
//! them), `auto` (the whole), `due` (what it does when, unasked), `spent` (what it all cost).

mod auto;
mod candidate;
mod due;
mod memory;
mod place;
mod search;
mod spent;
mod terms;
mod told;
mod unheard;

pub use auto::Auto;
pub use memory::Memory;
pub use spent::Spent;
pub use terms::{Strategy, Terms};
pub use told::{Proof, Told};

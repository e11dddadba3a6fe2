//! What is being played now, into the topic `demo`, and how it is replaced while others listen.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::feed::Feed;
use crate::server::Publishing;
use crate::source::{Played, Player, Source};

/// One player at a time, for all that have to do with it.
#[derive(Clone)]
pub(super) struct Stage {
    feed: Feed,
    playing: Arc<Mutex<Option<Playing>>>,
}

struct Playing {
    source: Source,
    player: Player,
}

impl Stage {
    /// Nothing is played yet.
    pub(super) fn new(feed: Feed) -> Self {
        Self { feed, playing: Arc::default() }
    }

    /// Plays a source from its beginning, instead of what was played. Once it returns, nothing of that is published
    /// any more.
    ///
    /// # Errors
    /// Where it cannot be played. Then what was played goes on.
    pub(super) fn play(&self, source: &Source) -> io::Result<()> {
        let into = self.feed.clone();
        let player = Player::start(source, self.feed.clock(), move |sent_us, data| {
            if let Err(full) = into.publish("demo", sent_us, data) {
                tracing::warn!("an event was not published: {full}");
            }
        })?;
        let before = self.playing().replace(Playing { source: source.clone(), player });
        before.map(|before| before.player.stop());
        Ok(())
    }

    /// How late its player was so far does not count.
    pub(super) fn forget_lag(&self) {
        if let Some(playing) = self.playing().as_ref() {
            playing.player.forget_lag();
        }
    }

    /// Plays nothing any more; what was played, where something was.
    pub(super) fn stop(&self) -> Option<Played> {
        let playing = self.playing().take();
        playing.map(|playing| playing.player.stop())
    }

    /// What is played, and whether it has come to its end.
    pub(super) fn source(&self) -> Option<(Source, bool)> {
        self.playing().as_ref().map(|playing| (playing.source.clone(), playing.player.is_finished()))
    }

    /// Tells how it goes, for `/stats`.
    pub(super) fn publishing(&self) -> Publishing {
        let stage = self.clone();
        Arc::new(move || {
            let progress = stage.playing().as_ref()?.player.progress();
            Some(serde_json::to_value(progress).expect("numbers are JSON"))
        })
    }

    fn playing(&self) -> MutexGuard<'_, Option<Playing>> {
        self.playing.lock().expect("no holder of this lock panics")
    }
}

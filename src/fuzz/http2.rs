//! What the books make of a conversation, in HTTP/1.1 or HTTP/2.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_util::task::noop_waker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::CUTS;
use crate::wire::{Account, Books, Counts, End, Ledger, Wire};

/// A conversation: before each run a byte, whose first bit says which way it goes and whose others how long it is. It
/// is booked alike however it is cut, and no byte twice.
pub fn http2(bytes: &[u8]) {
    let runs = runs(bytes);
    let (whole, requests) = book(&runs, usize::MAX);
    let passed = |up| runs.iter().filter(|(way, _)| *way == up).map(|(_, run)| run.len() as u64).sum::<u64>();
    assert!(whole.up.total() <= passed(true), "{whole:?} of {} up", passed(true));
    assert!(whole.down.total() <= passed(false), "{whole:?} of {} down", passed(false));
    assert_eq!(whole.requests, requests as u64, "each request has an account");
    for cut in CUTS {
        assert_eq!(book(&runs, cut).0, whole, "cut at {cut}");
    }
}

fn runs(mut bytes: &[u8]) -> Vec<(bool, &[u8])> {
    let mut runs = Vec::new();
    while let [first, rest @ ..] = bytes {
        let (run, rest) = rest.split_at(rest.len().min(usize::from(first & 0x7f)));
        runs.push((first & 0x80 == 0, run));
        bytes = rest;
    }
    runs
}

fn book(runs: &[(bool, &[u8])], cut: usize) -> (Counts, usize) {
    let accounts = Arc::new(Mutex::new(Vec::<Arc<Ledger>>::new()));
    let kept = accounts.clone();
    let choose = move |_: &str, _| {
        let transport = Arc::<Ledger>::default();
        kept.lock().expect("nobody panics with it").push(transport.clone());
        Account { transport, client: None }
    };
    let coming = Arc::new(Mutex::new(Vec::new()));
    let mut wire = Wire::new(Socket(coming.clone()), End::Server, Books::ByTarget(Arc::new(choose), 1));
    let waker = noop_waker();
    let mut cx = Context::from_waker(&waker);
    for (is_up, run) in runs {
        for part in run.chunks(cut.min(run.len().max(1))) {
            if *is_up {
                *coming.lock().expect("nobody panics with it") = part.to_vec();
                let mut buffer = vec![0; part.len()];
                let read = Pin::new(&mut wire).poll_read(&mut cx, &mut ReadBuf::new(&mut buffer));
                assert!(matches!(read, Poll::Ready(Ok(()))) && buffer == part, "all that comes is handed on");
            } else {
                let written = Pin::new(&mut wire).poll_write(&mut cx, part);
                assert!(matches!(written, Poll::Ready(Ok(length)) if length == part.len()));
            }
        }
    }
    let accounts = accounts.lock().expect("nobody panics with it");
    (accounts.iter().fold(Counts::default(), |sum, ledger| sum + ledger.counts()), accounts.len())
}

/// Gives what is put into it, and takes all.
struct Socket(Arc<Mutex<Vec<u8>>>);

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buffer.put_slice(&std::mem::take(&mut *self.0.lock().expect("nobody panics with it")));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

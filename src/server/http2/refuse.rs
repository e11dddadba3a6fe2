//! One answer for all that is asked, and the end: who speaks HTTP/2 in plain where TLS is spoken is told so in HTTP/2.

use std::io;

use bytes::{Buf, Bytes};
use hyper::Response;
use hyper::http::uri::Authority;
use tokio::io::{AsyncRead, AsyncWrite};

use super::limits;
use crate::transport::{Refusal, Reply};

/// Refuses the first request that comes, and what came with it, by what `why` makes of the authority that it names.
pub(in crate::server) async fn refuse<S>(line: S, why: impl Fn(Option<&str>) -> Refusal) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = limits::builder().handshake::<_, Bytes>(line).await.map_err(io::Error::other)?;
    while let Some(asked) = connection.accept().await {
        let (request, mut respond) = asked.map_err(io::Error::other)?;
        let authority = request.uri().authority().map(Authority::as_str);
        let (head, mut body) = Reply::from(why(authority)).into_parts();
        let body = body.copy_to_bytes(body.remaining());
        let sent = respond.send_response(Response::from_parts(head, ()), false);
        sent.and_then(|mut answer| answer.send_data(body, true)).map_err(io::Error::other)?;
        connection.graceful_shutdown();
    }
    Ok(())
}

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::patience::Wait;

/// Connection of a client that must take its answers: one that takes nothing for a while, or next to nothing all the time,
/// is cut off.
#[derive(Debug)]
pub(crate) struct ClientStream<S = TcpStream> {
    stream: S,
    wait: Wait,
}

impl<S> ClientStream<S> {
    /// Returns the connection of a client that may pause for as long as `write_timeout`.
    pub(super) fn new(stream: S, write_timeout: Duration) -> Self {
        Self { stream, wait: Wait::new(write_timeout) }
    }

    /// Returns the connection, which has become a socket with times of its own.
    pub(crate) fn into_upgraded(self) -> S {
        self.stream
    }

    /// Ends the wait for a client that took something, or fails where it was too long.
    fn watched(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(taken) => {
                self.wait.ended(*taken.as_ref().unwrap_or(&0));
                written
            }
            Poll::Pending => self.wait.poll_over(context).map(|()| {
                Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not take its answer"))
            }),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClientStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ClientStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.watched(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
        time::{Instant, sleep},
    };

    use super::*;

    const ANSWER_BYTES: usize = 100 << 10;

    async fn takes(client: &mut DuplexStream, bytes: usize, every: Duration) {
        let mut taken = vec![0; bytes];
        while client.read_exact(&mut taken).await.is_ok() {
            sleep(every).await;
        }
    }

    /// Returns what became of an answer to a client that takes so many bytes at such an interval, and the time it took.
    async fn answered(bytes: usize, every: Duration) -> (io::Result<()>, Duration) {
        let (server, mut client) = duplex(64);
        let mut server = ClientStream::new(server, Duration::from_secs(10));
        let began = Instant::now();
        let answer = vec![0; ANSWER_BYTES];
        let answer = async move { server.write_all(&answer).await };
        let (answered, ()) = tokio::join!(answer, takes(&mut client, bytes, every));
        (answered, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_drip_is_cut_off_and_a_slow_way_is_not() {
        let (answered, time) = answered(64, Duration::from_millis(50)).await;
        assert!(answered.is_ok() && time > Duration::from_mins(1), "{answered:?} {time:?}");
        let (cut_off, time) = self::answered(1, Duration::from_secs(1)).await;
        assert_eq!(cut_off.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(time < Duration::from_mins(2), "{time:?}");
    }
}

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::patience::Wait;

/// Body of a request whose sender has to go on with it.
#[derive(Debug)]
pub(super) struct PatientBody<B> {
    body: B,
    wait: Wait,
}

impl<B> PatientBody<B> {
    /// Returns a body whose sender may pause for as long as `most`.
    pub(super) fn new(body: B, most: Duration) -> Self {
        Self { body, wait: Wait::new(most) }
    }
}

impl<B> Body for PatientBody<B>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                let sent = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
                let bytes = sent.map_or(0, Bytes::len);
                self.wait.ended(bytes);
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => self.wait.poll_over(context).map(|()| Some(Err(BodyTooSlow.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// End of a body that did not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rest of the request's body did not come in time")]
pub(crate) struct BodyTooSlow;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::body::to_bytes;
    use futures_util::stream;
    use tokio::time::{Instant, sleep};

    use super::*;

    /// Returns what became of a body of which so many bytes come at such an interval, and the time it took.
    async fn read(bytes: usize, every: Duration) -> (Result<Bytes, axum::Error>, Duration) {
        let sent = stream::unfold(0, move |sent| async move {
            sleep(every).await;
            (sent < 10_000).then(|| (Ok::<_, Infallible>(vec![0; bytes]), sent + bytes))
        });
        let sent = axum::body::Body::from_stream(Box::pin(sent));
        let began = Instant::now();
        let body = axum::body::Body::new(PatientBody::new(sent, Duration::from_secs(10)));
        (to_bytes(body, usize::MAX).await, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_drip_is_cut_off_and_a_slow_way_is_not() {
        let (body, time) = read(100, Duration::from_millis(90)).await;
        assert_eq!(body.unwrap().len(), 10_000, "after {time:?}");
        let (cut_off, time) = read(1, Duration::from_secs(1)).await;
        let error = cut_off.unwrap_err();
        let error: &(dyn Error + 'static) = &error;
        let mut causes = std::iter::successors(Some(error), |error| (**error).source());
        assert!(causes.any(<dyn Error>::is::<BodyTooSlow>), "{error:?}");
        assert!(time < Duration::from_secs(12), "{time:?}");
    }
}

//! Other hosts, played by the test: what was sent to them is kept, and they answer as told.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cumulet_core::outbound::{Bounds, Outbound, Unreachable};
use cumulet_core::world::BoxFuture;
use http::{Request, Response, StatusCode};

/// Answers 200 to everything, unless told otherwise.
#[derive(Debug, Default)]
pub struct FakeOutbound(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sent: Vec<Request<Bytes>>,
    answers: VecDeque<Option<StatusCode>>,
}

impl FakeOutbound {
    /// The next requests get these statuses; `None` is a host that cannot be reached.
    pub fn answer(&self, statuses: impl IntoIterator<Item = Option<u16>>) {
        let status = |s: u16| StatusCode::from_u16(s).unwrap_or_default();
        self.state().answers.extend(statuses.into_iter().map(|s| s.map(status)));
    }

    /// What was sent since the last look.
    pub fn take(&self) -> Vec<Request<Bytes>> {
        std::mem::take(&mut self.state().sent)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbound for FakeOutbound {
    fn send(
        &self,
        request: Request<Bytes>,
        _bounds: Bounds,
    ) -> BoxFuture<Result<Response<Bytes>, Unreachable>> {
        let mut state = self.state();
        state.sent.push(request);
        let status = state.answers.pop_front().unwrap_or(Some(StatusCode::OK));
        Box::pin(async move {
            let status = status.ok_or_else(|| Unreachable("connection refused".to_owned()))?;
            let mut answer = Response::new(Bytes::new());
            *answer.status_mut() = status;
            Ok(answer)
        })
    }
}

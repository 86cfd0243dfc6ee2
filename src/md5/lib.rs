//! MD5 of bodies that come in pieces, on threads of its own while the next piece is on its way.
//!
//! Each step of MD5 waits for the one before, so one body leaves most of a processor idle; four of
//! them in lockstep ([`lockstep`]) take 40 % of the time that they take one after the other. So
//! pieces of all bodies queue up, and whoever hashes takes up to four at a time.

mod lockstep;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::available_parallelism;

use bytes::Bytes;
use md5::block_api::compress;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;

use crate::lockstep::LANES;

/// Bytes that MD5 takes at a time.
const BLOCK: usize = 64;
/// What is hashed at once: handing it to another thread takes longer than this saves.
const HERE_MAX: usize = 64 << 10;

/// A hash under way: the state after so many whole blocks.
#[derive(Clone, Copy, Debug)]
struct State {
    words: [u32; 4],
    len: u64,
}

impl State {
    const START: Self =
        Self { words: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476], len: 0 };

    fn update(&mut self, blocks: &[[u8; BLOCK]]) {
        compress(&mut self.words, blocks);
        self.len += blocks.as_flattened().len() as u64;
    }

    /// RFC 1321, sections 3.1 and 3.2: a one, zeros, and the length in bits fill the last block.
    fn finish(mut self, rest: &[u8]) -> [u8; 16] {
        let (blocks, tail) = rest.as_chunks();
        self.update(blocks);
        let bits = (self.len + tail.len() as u64) << 3;
        let zeros = (2 * BLOCK - 9 - tail.len()) % BLOCK;
        let end = [tail, &[0x80], &vec![0; zeros], &bits.to_le_bytes()].concat();
        self.update(end.as_chunks().0);
        let mut digest = [0; 16];
        let words = self.words.map(u32::to_le_bytes);
        digest.copy_from_slice(words.as_flattened());
        digest
    }
}

/// The pieces that wait to be hashed, and the threads that do it.
#[derive(Clone, Debug, Default)]
pub struct Hashers(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Job>,
    threads: usize,
}

/// A piece of a body.
#[derive(Debug)]
struct Job {
    state: State,
    piece: Bytes,
    /// Bytes of it that are hashed.
    at: usize,
    done: oneshot::Sender<State>,
}

impl Job {
    fn left(&self) -> &[[u8; BLOCK]] {
        self.piece.get(self.at..).unwrap_or_default().as_chunks().0
    }

    fn advance(&mut self, words: [u32; 4], blocks: usize) {
        self.at += blocks * BLOCK;
        self.state = State { words, len: self.state.len + (blocks * BLOCK) as u64 };
    }
}

/// Half of the processors: who receives bodies needs the others, and full lanes save more time than
/// a second thread.
fn threads_max() -> usize {
    static MAX: OnceLock<usize> = OnceLock::new();
    *MAX.get_or_init(|| available_parallelism().map_or(1, |all| all.get().div_ceil(2)))
}

impl Hashers {
    /// A hash of a new body.
    pub fn md5(&self) -> Md5 {
        Md5 { hashers: self.clone(), now: Now::Here(State::START) }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, job: Job) {
        let mut queue = self.queue();
        queue.waiting.push_back(job);
        if queue.threads < threads_max() {
            queue.threads += 1;
            let hashers = self.clone();
            drop(tokio::task::spawn_blocking(move || hashers.work()));
        }
    }

    fn work(&self) {
        let mut jobs = Vec::new();
        loop {
            {
                let mut queue = self.queue();
                while jobs.len() < LANES
                    && let Some(job) = queue.waiting.pop_front()
                {
                    jobs.push(job);
                }
                if jobs.is_empty() {
                    queue.threads -= 1;
                    return;
                }
            }
            hash(&mut jobs);
            for job in jobs.extract_if(.., |job| job.left().is_empty()) {
                // The body may have been given up.
                let _ = job.done.send(job.state);
            }
        }
    }
}

/// Takes all jobs as far as the shortest goes.
fn hash(jobs: &mut [Job]) {
    if let [job] = jobs {
        let mut state = job.state;
        state.update(job.left());
        return job.advance(state.words, job.left().len());
    }
    let Some(first) = jobs.first() else { return };
    let blocks = jobs.iter().map(|job| job.left().len()).min().unwrap_or_default();
    let mut words = [first.state.words; LANES];
    let mut texts = [first.left(); LANES];
    for ((words, text), job) in words.iter_mut().zip(&mut texts).zip(&*jobs) {
        (*words, *text) = (job.state.words, job.left());
    }
    lockstep::compress(&mut words, texts.map(|text| text.get(..blocks).unwrap_or_default()));
    for (job, words) in jobs.iter_mut().zip(words) {
        job.advance(words, blocks);
    }
}

/// The hash of one body.
#[derive(Debug)]
pub struct Md5 {
    hashers: Hashers,
    now: Now,
}

#[derive(Debug)]
enum Now {
    Here(State),
    Away(oneshot::Receiver<State>),
}

impl Md5 {
    /// Hashes the whole blocks of `piece`, once those before it are hashed; the rest of it.
    ///
    /// # Errors
    /// The runtime ends.
    pub async fn update(&mut self, mut piece: Bytes) -> Result<Bytes, RecvError> {
        let state = self.back().await?;
        let rest = piece.split_off(piece.len() - piece.len() % BLOCK);
        let (done, away) = oneshot::channel();
        self.hashers.add(Job { state, piece, at: 0, done });
        self.now = Now::Away(away);
        Ok(rest)
    }

    /// The hash with `rest` as the body's end.
    ///
    /// # Errors
    /// The runtime ends.
    pub async fn finish(mut self, mut rest: Bytes) -> Result<[u8; 16], RecvError> {
        if rest.len() > HERE_MAX {
            rest = self.update(rest).await?;
        }
        Ok(self.back().await?.finish(&rest))
    }

    async fn back(&mut self) -> Result<State, RecvError> {
        match &mut self.now {
            Now::Here(state) => Ok(*state),
            Now::Away(away) => {
                let state = away.await?;
                self.now = Now::Here(state);
                Ok(state)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use md5::Digest as _;
    use proptest::prelude::*;

    use super::*;

    fn known(bytes: &[u8]) -> [u8; 16] {
        md5::Md5::digest(bytes).into()
    }

    fn bytes(len: usize, seed: usize) -> Bytes {
        (0..len).map(|i| (i / 251 + i * seed).to_le_bytes()[0]).collect()
    }

    #[test]
    fn any_length_is_filled_up_as_it_must_be() {
        for len in 0..200 {
            let text = bytes(len, 7);
            assert_eq!(State::START.finish(&text), known(&text), "{len}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn bodies_that_come_at_once_have_each_its_own_hash() {
        let hashers = Hashers::default();
        let one = |seed: usize| {
            let hashers = hashers.clone();
            tokio::spawn(async move {
                let all = bytes(100_000 * seed + 17, seed);
                let mut md5 = hashers.md5();
                let mut rest = all.clone();
                while rest.len() > 3 * HERE_MAX {
                    let piece = rest.split_to(HERE_MAX);
                    assert!(md5.update(piece).await.unwrap().is_empty());
                }
                assert_eq!(md5.finish(rest).await.unwrap(), known(&all), "{seed}");
            })
        };
        let all: Vec<_> = (0..12).map(one).collect();
        for body in all {
            body.await.unwrap();
        }
    }

    proptest! {
        #[test]
        fn lockstep_is_one_after_the_other(lens in prop::collection::vec(1usize..30, 1..=LANES)) {
            let jobs = lens.iter().enumerate().map(|(seed, blocks)| {
                let (done, _) = oneshot::channel();
                Job { state: State::START, piece: bytes(blocks * BLOCK, seed), at: 0, done }
            });
            let mut jobs: Vec<_> = jobs.collect();
            while !jobs.is_empty() {
                hash(&mut jobs);
                for job in jobs.extract_if(.., |job| job.left().is_empty()) {
                    prop_assert_eq!(job.state.finish(b""), known(&job.piece));
                }
            }
        }
    }
}

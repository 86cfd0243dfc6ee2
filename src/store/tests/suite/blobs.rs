//! Bodies at rest.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cumulet_core::{AwsError, Body, Ids};
use cumulet_store::{Blob, Blobs};

/// Longer ones have a file.
const NEAR: usize = 16 << 20;

/// A folder that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("store-test-{}", Ids::default().hex(16)));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn open(&self) -> Blobs {
        Blobs::open(Some(&self.0.join("data")), &self.0).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// Bytes that differ from their neighbours in every piece.
fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i / 251 + i % 251).to_le_bytes()[0]).collect()
}

async fn write(blobs: &Blobs, content: &[u8]) -> Result<Blob, AwsError> {
    let mut writer = blobs.writer();
    let mut pieces = Vec::new();
    for mut part in content.chunks(100_000) {
        while let Some(piece) = writer.write(&mut part).await? {
            pieces.push(piece);
        }
    }
    assert_eq!(writer.len(), content.len() as u64);
    let (blob, last) = writer.finish().await?;
    pieces.push(last);
    assert_eq!(pieces.concat(), content, "the pieces are the body");
    Ok(blob)
}

/// Bodies that take all the memory there is beside files.
async fn filled(blobs: &Blobs) -> Vec<Blob> {
    let (mut all, content) = (Vec::new(), bytes(NEAR));
    while files(blobs.folder().unwrap()) == 0 {
        all.push(write(blobs, &content).await.unwrap());
    }
    all
}

async fn all(mut body: Body) -> Bytes {
    let len = body.len().unwrap();
    let all = body.collect(usize::MAX, || unreachable!()).await.unwrap();
    assert_eq!(len, all.len() as u64);
    all
}

/// Files are removed on blocking threads; the runtime's end waits for them.
fn in_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(work)
}

#[test]
fn small_bodies_stay_in_memory_and_large_ones_have_a_file() {
    let scratch = Scratch::new();
    let blobs = scratch.open();
    let folder = blobs.folder().unwrap().to_owned();
    in_runtime(async {
        for len in [0, 1, 2_000_000, NEAR, NEAR + 1] {
            let content = bytes(len);
            let blob = write(&blobs, &content).await.unwrap();
            assert_eq!((blob.len(), files(&folder)), (len as u64, usize::from(len > NEAR)));
            assert_eq!(all(blob.body()).await, content);
            let middle = all(blob.read(len as u64 / 3..len as u64 - len as u64 / 4)).await;
            assert_eq!(middle, content[len / 3..len - len / 4]);
            assert_eq!(all(blob.read(len as u64..u64::MAX)).await, "");
            let (clone, mut body) = (blob.clone(), blob.body());
            drop((blob, clone));
            tokio::task::spawn_blocking(|| ()).await.unwrap();
            let first = body.next().await.transpose().unwrap().unwrap_or_default();
            assert_eq!(first, content[..first.len()], "a reader keeps the file");
            tokio::task::spawn_blocking(move || drop(body)).await.unwrap();
            while files(&folder) > 0 {
                tokio::task::yield_now().await;
            }
        }
    });
}

#[tokio::test]
async fn memory_is_free_again_when_bodies_go() {
    let scratch = Scratch::new();
    let blobs = scratch.open();
    for _ in 0..2 {
        let all = filled(&blobs).await;
        assert_eq!(all.len(), 5);
        write(&blobs, &bytes(1000)).await.unwrap();
        assert_eq!(files(blobs.folder().unwrap()), 1, "small bodies never have a file");
        tokio::task::spawn_blocking(|| drop(all)).await.unwrap();
        while files(blobs.folder().unwrap()) > 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[test]
fn a_writer_that_is_given_up_leaves_nothing() {
    let scratch = Scratch::new();
    let blobs = scratch.open();
    in_runtime(async {
        let mut writer = blobs.writer();
        let content = bytes(NEAR + 3_000_000);
        let mut rest = &*content;
        while writer.write(&mut rest).await.unwrap().is_some() {}
        assert_eq!((writer.len(), rest.len()), (content.len() as u64, 0));
    });
    assert_eq!(files(blobs.folder().unwrap()), 0);
}

#[tokio::test]
async fn blobs_are_joined_and_cut_without_copies() {
    let scratch = Scratch::new();
    let blobs = scratch.open();
    let _full = filled(&blobs).await;
    let content = bytes(1_500_000);
    let cuts = [0, 7, 300_000, 300_000, 900_001, 1_500_000];
    let mut parts = Vec::new();
    for cut in cuts.windows(2) {
        parts.push(write(&blobs, &content[cut[0]..cut[1]]).await.unwrap());
    }
    let whole = Blob::concat(parts);
    assert_eq!(files(blobs.folder().unwrap()), 4);
    assert_eq!(all(whole.body()).await, content);
    for range in [0..7, 5..9, 299_999..900_002, 1_499_999..1_500_000, 8..8] {
        let want = &content[range.clone()];
        let range = range.start as u64..range.end as u64;
        assert_eq!(all(whole.read(range.clone())).await, want);
        let cut = Blob::concat([whole.slice(range), Blob::from(Bytes::from_static(b"!"))]);
        assert_eq!(all(cut.body()).await, [want, b"!"].concat());
    }
    assert_eq!(files(blobs.folder().unwrap()), 4);
}

#[tokio::test]
async fn memory_has_a_bound_and_says_so() {
    let blobs = Blobs::in_memory(1_000_000);
    let kept = write(&blobs, &bytes(700_000)).await.unwrap();
    let error = write(&blobs, &bytes(700_000)).await.unwrap_err();
    assert_eq!((error.code(), error.status().as_u16()), ("ServiceUnavailable", 503));
    let mut body = kept.body();
    drop(kept);
    assert!(write(&blobs, &bytes(700_000)).await.is_err(), "a reader holds it");
    while body.next().await.is_some() {}
    assert_eq!(all(write(&blobs, &bytes(1_000_000)).await.unwrap().body()).await, bytes(1_000_000));
}

#[test]
fn one_process_has_the_folder_and_a_start_sweeps_it() {
    let scratch = Scratch::new();
    let blobs = scratch.open();
    let folder = blobs.folder().unwrap().to_owned();
    let second = Blobs::open(Some(&scratch.0.join("data")), &scratch.0).unwrap_err();
    assert!(second.to_string().contains("in use by another process"), "{second}");
    fs::write(folder.join("0123456789abcdef0123456789abcdef"), "left over").unwrap();
    fs::write(folder.join("README"), "somebody else's").unwrap();
    drop(blobs);
    let blobs = scratch.open();
    assert_eq!(files(&folder), 1);
    drop(blobs);
    assert_eq!(files(&folder), 1, "a data directory stays");
}

#[test]
fn without_a_data_directory_there_is_a_temporary_one() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("file"), "").unwrap();
    let nowhere = scratch.0.join("file/data");
    let first = Blobs::open(Some(&nowhere), &scratch.0).unwrap();
    let second = Blobs::open(None, &scratch.0).unwrap();
    assert_ne!(first.folder(), second.folder());
    assert_eq!(files(&scratch.0), 3);
    let left_over = scratch.0.join("cumulet-0123456789abcdef0123456789abcdef");
    fs::create_dir(&left_over).unwrap();
    fs::write(left_over.join("lock"), "").unwrap();
    let third = Blobs::open(None, &scratch.0).unwrap();
    assert!(!left_over.exists() && first.folder().unwrap().exists());
    drop((first, second, third));
    assert_eq!(files(&scratch.0), 1);
    assert_eq!(Blobs::open(None, &nowhere).unwrap().folder(), None);
}

#[tokio::test]
async fn a_disk_that_fails_gives_an_error_and_leaves_nothing() {
    let scratch = Scratch::new();
    let blobs = scratch.open();
    let folder = blobs.folder().unwrap().to_owned();
    let _full = filled(&blobs).await;
    let sent_away = scratch.0.join("away");
    fs::rename(&folder, &sent_away).unwrap();
    let mut writer = blobs.writer();
    let content = bytes(500_000);
    let mut rest = &*content;
    let failed = loop {
        match writer.write(&mut rest).await {
            Ok(Some(_)) => {}
            Ok(None) => unreachable!("the body ends before the file fails"),
            Err(error) => break error,
        }
    };
    assert_eq!(failed.code(), "InternalFailure");
    assert!(failed.source().unwrap().contains("could not be written"));
    assert_eq!(writer.finish().await.unwrap_err().code(), "InternalFailure");
    fs::rename(&sent_away, &folder).unwrap();
    let blob = write(&blobs, &bytes(500_000)).await.unwrap();
    for file in fs::read_dir(&folder).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    assert_eq!(blob.body().next().await.unwrap().unwrap_err().code(), "InternalFailure");
}

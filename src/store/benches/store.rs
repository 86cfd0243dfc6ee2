//! What tables and bodies cost: `cargo bench -p cumulet-store`. Not a test: it asserts no time.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cumulet_core::{AwsError, Clock, Cloud, Cx, Ids, Kept, Origin, Timestamp, WorldId};
use cumulet_store::{Blob, Blobs, Store, Table, indexes, tables};

const ROWS: u64 = 1_000_000;
const GIB: u64 = 1 << 30;

/// As large as a message of SQS with a body of 100 bytes.
#[derive(Clone)]
struct Message {
    id: [u8; 16],
    queue: Arc<str>,
    body: Bytes,
    sent: Timestamp,
    visible: Timestamp,
    receives: u32,
}

indexes! {
    struct ByVisibility of u64 => Arc<Message> {
        visible: (Arc<str>, Timestamp) = |_key, m| Some((Arc::clone(&m.queue), m.visible));
    }
}

tables! {
    struct Messages {
        messages: Table<u64, Arc<Message>, ByVisibility>,
    }
}

tables! {
    struct Objects {
        objects: Table<Arc<str>, Arc<Blob>>,
    }
}

fn main() {
    // Kept, so that what follows cannot take its memory.
    let objects = objects();
    tables();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    match runtime {
        Ok(runtime) => runtime.block_on(bodies()),
        Err(error) => println!("no runtime: {error}"),
    }
    drop(objects);
}

fn tables() {
    let cloud = Cloud::new([], Clock::default(), Ids::default());
    let cx = Cx::new(&cloud, cloud.world(), Origin::local());
    let store = Store::<Messages>::new();
    let queue: Arc<str> = "queue".into();
    let before = resident();
    let put = |key: u64, at: u64| {
        let message = Message {
            id: cx.ids().bytes(),
            queue: Arc::clone(&queue),
            body: Bytes::copy_from_slice(&[b'x'; 100]),
            sent: Timestamp::default(),
            visible: Timestamp::default().plus(Duration::from_millis(at)),
            receives: 0,
        };
        write(&store, &cx, |tx| {
            tx.messages.insert(key, Arc::new(message));
        });
    };
    println!("{ROWS} messages of 100 bytes, with an index; one section per operation");
    each("insert, ascending", ROWS, |i| put(i, i));
    println!("{:>30} {:>9} bytes per row", "", (resident() - before) / ROWS);
    each("get, anywhere", ROWS, |i| {
        let row = store.read_here(&cx, |t| t.messages.get(&anywhere(i)).cloned());
        let _ = std::hint::black_box(row.map(|m| (m.id, m.body.len(), m.sent, m.receives)));
    });
    each("first of the index", ROWS, |_| {
        let first = store.read_here(&cx, |t| t.messages.by().visible.first().map(|(_, k)| *k));
        std::hint::black_box(first);
    });
    each("100 rows of a range", 10_000, |i| {
        let rows = |t: &Messages| t.messages.range(anywhere(i)..).take(100).count();
        std::hint::black_box(store.read_here(&cx, rows));
    });
    each("update, anywhere (new place)", ROWS, |i| {
        write(&store, &cx, |tx| {
            tx.messages.update(&anywhere(i), |m| {
                m.receives += 1;
                m.visible = m.visible.plus(Duration::from_secs(30));
            });
        });
    });
    snapshots(&store, &cx, put);
    each("remove, anywhere", ROWS, |i| {
        write(&store, &cx, |tx| {
            tx.messages.remove(&anywhere(i));
        });
    });
    each("insert, anywhere", ROWS, |i| put(anywhere(i), i));
    let time = timed(|| store.reset(cx.world().id()));
    println!("{:>30} {:>9} ns", "reset", time.as_nanos());
}

#[expect(clippy::indexing_slicing, reason = "times is not empty")]
fn snapshots(store: &Store<Messages>, cx: &Cx, put: impl Fn(u64, u64)) {
    let (mut forks, mut firsts, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..101 {
        forks.push(timed(|| store.fork(cx.world().id(), WorldId(1))));
        firsts.push(timed(|| put(anywhere(i), i)));
        seconds.push(timed(|| put(anywhere(i), i)));
    }
    for (name, mut times) in [
        ("snapshot", forks),
        ("first write after it", firsts),
        ("the next write to that place", seconds),
    ] {
        times.sort_unstable();
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        println!("{name:>30} {:>9} ns, {} at worst", median.as_nanos(), worst.as_nanos());
    }
    store.reset(WorldId(1));
}

fn objects() -> Store<Objects> {
    let cloud = Cloud::new([], Clock::default(), Ids::default());
    let cx = Cx::new(&cloud, cloud.world(), Origin::local());
    let store = Store::<Objects>::new();
    let before = resident();
    for i in 0..100_000 {
        let (key, body) = (format!("folder/{i:08}").into(), Bytes::copy_from_slice(&[b'x'; 1024]));
        let done = store.write_here(&cx, |tx| {
            tx.objects.insert(key, Arc::new(Blob::from(body)));
            Ok::<_, AwsError>(())
        });
        drop(done);
    }
    println!("{:>30} {:>9} bytes each", "100000 objects of 1 KiB", (resident() - before) / 100_000);
    store
}

async fn bodies() {
    let blobs = match Blobs::open(None, &std::env::temp_dir()) {
        Ok(blobs) => blobs,
        Err(error) => return println!("no bodies: {error}"),
    };
    for (name, len, times) in [("10 MiB", 10 << 20, 50), ("5 GiB", 5 * GIB, 1)] {
        let before = resident();
        if let Err(error) = body(&blobs, name, len, times).await {
            println!("{name}: {error}");
        }
        println!("{:>30} {:>9} KiB of memory more", "", resident().saturating_sub(before) >> 10);
    }
}

async fn body(blobs: &Blobs, name: &str, len: u64, times: u64) -> Result<(), AwsError> {
    let part = vec![b'x'; 64 * 1024];
    let (mut writing, mut reading) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..times {
        let start = Instant::now();
        let mut writer = blobs.writer();
        while writer.len() < len {
            let mut part = &*part;
            while writer.write(&mut part).await?.is_some() {}
        }
        let (blob, _) = writer.finish().await?;
        writing += start.elapsed();
        let start = Instant::now();
        let mut body = blob.body();
        let mut read = 0;
        while let Some(bytes) = body.next().await.transpose()? {
            read += bytes.len() as u64;
        }
        reading += start.elapsed();
        assert_eq!(read, len);
    }
    let rate = |time: Duration| u128::from((len * times) >> 20) * 1000 / time.as_millis().max(1);
    println!("{:>30} {:>9} MiB/s", format!("write a body of {name}"), rate(writing));
    println!("{:>30} {:>9} MiB/s", format!("read a body of {name}"), rate(reading));
    Ok(())
}

fn write(store: &Store<Messages>, cx: &Cx, act: impl FnOnce(&mut Messages)) {
    let done = store.write_here(cx, |tx| {
        act(tx);
        Ok::<_, AwsError>(())
    });
    drop(done);
}

/// A permutation of the keys that jumps about.
fn anywhere(i: u64) -> u64 {
    i * 611_953 % ROWS
}

fn each(name: &str, count: u64, mut act: impl FnMut(u64)) {
    let time = timed(|| (0..count).for_each(&mut act));
    println!("{name:>30} {:>9} ns", time.as_nanos() / u128::from(count));
}

fn timed(act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

/// Bytes of memory that this process has; 0 where the system does not say.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

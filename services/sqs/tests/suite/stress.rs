//! Many producers and consumers at once: nothing is lost, doubled or out of order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const WORKERS: usize = 64;
const EACH: usize = 25;
const ALL: usize = WORKERS * EACH;

/// Bodies in the order in which each consumer got them. A producer's messages are `PRODUCER:N`.
async fn run(url: String, cloud: Arc<TestCloud>, grouped: bool) -> Vec<Vec<String>> {
    let mut tasks = tokio::task::JoinSet::new();
    let left = Arc::new(AtomicUsize::new(ALL));
    for producer in 0..WORKERS {
        let (cloud, url) = (Arc::clone(&cloud), url.clone());
        tasks.spawn(async move {
            for n in 0..EACH {
                let group = if grouped { format!("{producer}").into() } else { Value::Null };
                let body = format!("{producer}:{n}");
                let asked = value!({"QueueUrl": (url.as_str()), "MessageBody": body,
                    "MessageGroupId": group});
                cloud.call("sqs.SendMessage", asked).await;
                tokio::task::yield_now().await;
            }
            Vec::new()
        });
    }
    for _ in 0..WORKERS {
        let (cloud, url, left) = (Arc::clone(&cloud), url.clone(), Arc::clone(&left));
        tasks.spawn(async move {
            let mut got = Vec::new();
            while left.load(Ordering::SeqCst) > 0 {
                let messages = receive_hiding(&cloud, &url, 3, None).await;
                tokio::task::yield_now().await;
                for message in &messages {
                    got.push(text(message, "Body").to_owned());
                    delete(&cloud, &url, message).await;
                    left.fetch_sub(1, Ordering::SeqCst);
                }
            }
            got
        });
    }
    tasks.join_all().await
}

fn check_once(got: &[Vec<String>]) {
    let bodies: Vec<&String> = got.iter().flatten().collect();
    assert_eq!(bodies.len(), ALL);
    assert_eq!(bodies.into_iter().collect::<BTreeSet<_>>().len(), ALL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_standard_queue_gives_every_message_to_one_consumer() {
    let cloud = Arc::new(cloud());
    let url = queue(&cloud, value!({})).await;
    check_once(&run(url.clone(), Arc::clone(&cloud), false).await);
    assert_eq!(count(&cloud, &url, "ApproximateNumberOfMessagesNotVisible").await, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fifo_queue_keeps_each_groups_order() {
    let cloud = Arc::new(cloud());
    let attributes = value!({"FifoQueue": "true", "ContentBasedDeduplication": "true"});
    let url = make(&cloud, "q.fifo", attributes).await;
    let got = run(url, cloud, true).await;
    check_once(&got);
    // What one consumer got of a group is in order; across consumers a group is handed over only
    // when it is free, so a message is never there before the one ahead of it was deleted.
    for bodies in &got {
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for (group, n) in bodies.iter().filter_map(|body| body.split_once(':')) {
            let n = n.parse().unwrap();
            assert!(last.insert(group, n).is_none_or(|before| before < n), "{group}: {n}");
        }
    }
}

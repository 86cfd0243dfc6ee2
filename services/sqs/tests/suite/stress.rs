//! Many producers and consumers at once: nothing is lost, doubled or out of order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::*;

const WORKERS: usize = 64;
const EACH: usize = 25;
const ALL: usize = WORKERS * EACH;

/// Sends `PRODUCER:N` in order, in a group of the producer's own if there are groups.
async fn produce(cloud: Arc<TestCloud>, url: String, producer: usize, grouped: bool) {
    for n in 0..EACH {
        let group = if grouped { format!("{producer}").into() } else { Value::Null };
        let body = format!("{producer}:{n}");
        let asked = value!({"QueueUrl": (url.as_str()), "MessageBody": body,
            "MessageGroupId": group});
        cloud.call("sqs.SendMessage", asked).await;
        tokio::task::yield_now().await;
    }
}

/// Receives and deletes until all have come, noting each before it is deleted.
async fn consume(cloud: Arc<TestCloud>, url: String, got: Arc<Mutex<Vec<String>>>) {
    while got.lock().unwrap().len() < ALL {
        let messages = receive_hiding(&cloud, &url, 3, None).await;
        got.lock().unwrap().extend(bodies_of(&messages));
        tokio::task::yield_now().await;
        for message in &messages {
            delete(&cloud, &url, message).await;
        }
    }
}

/// All bodies in the order in which they were received.
async fn run(cloud: TestCloud, url: String, grouped: bool) -> Vec<String> {
    let cloud = Arc::new(cloud);
    let got = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for producer in 0..WORKERS {
        tasks.spawn(produce(Arc::clone(&cloud), url.clone(), producer, grouped));
        tasks.spawn(consume(Arc::clone(&cloud), url.clone(), Arc::clone(&got)));
    }
    tasks.join_all().await;
    assert_eq!(count(&cloud, &url, "ApproximateNumberOfMessagesNotVisible").await, "0");
    let got = got.lock().unwrap().clone();
    assert_eq!((got.len(), got.iter().collect::<BTreeSet<_>>().len()), (ALL, ALL));
    got
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_standard_queue_gives_every_message_to_one_consumer() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    run(cloud, url, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fifo_queue_keeps_each_groups_order() {
    let cloud = cloud();
    let attributes = value!({"FifoQueue": "true", "ContentBasedDeduplication": "true"});
    let url = make(&cloud, "q.fifo", attributes).await;
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    for body in run(cloud, url, true).await {
        let (group, n) = body.split_once(':').unwrap();
        let n = n.parse().unwrap();
        assert!(last.insert(group.to_owned(), n).is_none_or(|before| before + 1 == n), "{body}");
    }
}

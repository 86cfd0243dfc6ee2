//! Queries and scans: ranges, pages, cursors.

use cumulet_core::Value;
use cumulet_testkit::{TestCloud, at, value};

use crate::{cloud, item, n, put, refusal, s, table};

async fn query(
    cloud: &TestCloud,
    condition: &str,
    values: Value,
    more: Vec<(&str, Value)>,
) -> Value {
    let mut asked = vec![
        ("TableName", "table".into()),
        ("KeyConditionExpression", condition.into()),
        ("ExpressionAttributeValues", values),
    ];
    asked.extend(more);
    cloud.call("dynamodb.Query", Value::map(asked)).await
}

fn sort_keys(page: &Value) -> Vec<i64> {
    let number =
        |item: &Value| at(item, "sk.N").as_str().expect("a number").parse().expect("whole");
    at(page, "Items").items().iter().map(number).collect()
}

async fn filled(numbers: impl IntoIterator<Item = i64>) -> TestCloud {
    let cloud = cloud();
    table(&cloud).await;
    for number in numbers {
        put(&cloud, item("a", number, vec![("odd", n(number.rem_euclid(2)))])).await;
        put(&cloud, item("b", number, vec![])).await;
    }
    cloud
}

#[tokio::test]
async fn a_partition_is_sorted_by_number() {
    let cloud = filled([10, 9, -1, 100, 0, -20]).await;
    let all = query(&cloud, "pk = :p", value!({":p": (s("a"))}), vec![]).await;
    assert_eq!(sort_keys(&all), [-20, -1, 0, 9, 10, 100]);
    assert_eq!(all.get("LastEvaluatedKey"), None);
    let cases = [
        ("sk < :a", vec![-20, -1, 0]),
        ("sk <= :a", vec![-20, -1, 0, 9]),
        ("sk > :a", vec![10, 100]),
        ("sk >= :a", vec![9, 10, 100]),
        ("sk = :a", vec![9]),
        ("sk BETWEEN :z AND :a", vec![-1, 0, 9]),
    ];
    for (range, expected) in cases {
        let mut values = vec![(":p", s("a")), (":a", n(9))];
        if range.contains(":z") {
            values.push((":z", n(-1)));
        }
        let condition = format!("pk = :p AND {range}");
        let page = query(&cloud, &condition, Value::map(values.clone()), vec![]).await;
        assert_eq!(sort_keys(&page), expected, "{range}");
        let backward = vec![("ScanIndexForward", false.into())];
        let mut page = sort_keys(&query(&cloud, &condition, Value::map(values), backward).await);
        page.reverse();
        assert_eq!(page, expected, "{range} backward");
    }
}

#[tokio::test]
async fn pages_end_with_a_cursor_also_on_the_last_item() {
    let cloud = filled(0..10).await;
    for forward in [true, false] {
        let (mut seen, mut start) = (Vec::new(), Value::Null);
        loop {
            let more = vec![
                ("Limit", 5.into()),
                ("ExclusiveStartKey", start),
                ("ScanIndexForward", forward.into()),
            ];
            let page = query(&cloud, "pk = :p", value!({":p": (s("a"))}), more).await;
            seen.push(sort_keys(&page).len());
            start = page.get("LastEvaluatedKey").cloned().unwrap_or_default();
            if start == Value::Null {
                break;
            }
        }
        assert_eq!(
            seen,
            [5, 5, 0],
            "the limit fell on the last item, which AWS answers like any other"
        );
    }
}

#[tokio::test]
async fn limit_counts_what_is_scanned_and_not_what_is_found() {
    let cloud = filled(0..10).await;
    let more = vec![("Limit", 4.into()), ("FilterExpression", "odd = :o".into())];
    let page = query(&cloud, "pk = :p", value!({":p": (s("a")), ":o": (n(1))}), more).await;
    assert_eq!(
        (at(&page, "Count").as_i64(), at(&page, "ScannedCount").as_i64()),
        (Some(2), Some(4))
    );
    assert_eq!(at(&page, "LastEvaluatedKey.sk"), &n(3));
    let count =
        query(&cloud, "pk = :p", value!({":p": (s("a"))}), vec![("Select", "COUNT".into())]).await;
    assert_eq!((at(&count, "Count").as_i64(), count.get("Items")), (Some(10), None));
}

#[tokio::test]
async fn a_page_has_a_megabyte_at_most() {
    let cloud = cloud();
    table(&cloud).await;
    for number in 0..6 {
        put(&cloud, item("a", number, vec![("data", s(&"x".repeat(300 << 10)))])).await;
    }
    let page = query(&cloud, "pk = :p", value!({":p": (s("a"))}), vec![]).await;
    assert_eq!(sort_keys(&page), [0, 1, 2]);
    assert_eq!(at(&page, "LastEvaluatedKey.sk"), &n(2));
}

#[tokio::test]
async fn segments_share_a_table_out() {
    let cloud = cloud();
    table(&cloud).await;
    for number in 0..200 {
        put(&cloud, item(&format!("p{number}"), 0, vec![])).await;
    }
    let mut counts = Vec::new();
    for segment in 0..4 {
        let asked = value!({"TableName": "table", "Segment": segment, "TotalSegments": 4});
        let page = cloud.call("dynamodb.Scan", asked).await;
        counts.push(at(&page, "Count").as_i64().expect("a count"));
    }
    assert_eq!(counts.iter().sum::<i64>(), 200);
    assert!(counts.iter().all(|count| (25..=75).contains(count)), "{counts:?}");
    let start = value!({"TableName": "table", "Limit": 1});
    let last =
        cloud.call("dynamodb.Scan", start).await.get("LastEvaluatedKey").cloned().expect("more");
    let asked = value!({"Segment": 3, "TotalSegments": 4, "ExclusiveStartKey": last});
    let (_, message) = refusal(&cloud, "Scan", asked).await;
    assert!(message.contains("Please use ExclusiveStartKey with correct Segment"), "{message}");
}

#[tokio::test]
async fn cursors_have_rules() {
    let cloud = filled(0..3).await;
    let asked = |start: Value| {
        value!({
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": (s("a"))},
            "ExclusiveStartKey": start,
        })
    };
    let (_, message) = refusal(&cloud, "Query", asked(value!({"pk": {"S": "a"}}))).await;
    assert!(message.starts_with("The provided starting key is invalid"), "{message}");
    let (_, message) = refusal(&cloud, "Query", asked(crate::key("b", 1))).await;
    assert!(
        message.starts_with("The provided starting key is outside query boundaries"),
        "{message}"
    );
}

//! Queue policies and permissions.

use super::*;

fn permission(url: &str, label: &str, accounts: Value) -> Value {
    value!({"QueueUrl": url, "Label": label, "AWSAccountIds": accounts,
        "Actions": ["ReceiveMessage"]})
}

#[tokio::test]
async fn permissions_are_statements_of_the_policy() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    let two = value!(["111111111111", "222222222222"]);
    cloud.call("sqs.AddPermission", permission(&url, "one", two)).await;
    let only = value!(["111111111111"]);
    cloud.call("sqs.AddPermission", permission(&url, "two", only.clone())).await;
    let policy = text(&attributes(&cloud, &url).await, "Policy").to_owned();
    for part in [
        r#""Id":"arn:aws:sqs:us-east-1:000000000000:q/SQSDefaultPolicy""#,
        r#""Principal":{"AWS":["arn:aws:iam::111111111111:root","arn:aws:iam::222222222222:root"]}"#,
        r#""Principal":{"AWS":"arn:aws:iam::111111111111:root"}"#,
        r#""Action":"SQS:ReceiveMessage""#,
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    let error = cloud.fail("sqs.AddPermission", permission(&url, "two", only)).await;
    assert_eq!(
        error.message(),
        "Value two for parameter Label is invalid. Reason: Already exists."
    );
    for label in ["one", "two"] {
        let asked = value!({"QueueUrl": (url.as_str()), "Label": label});
        cloud.call("sqs.RemovePermission", asked).await;
    }
    assert_eq!(attributes(&cloud, &url).await.get("Policy"), None);
    let asked = value!({"QueueUrl": (url.as_str()), "Label": "one"});
    let error = cloud.fail("sqs.RemovePermission", asked).await;
    assert!(error.message().ends_with("Reason: can't find label."), "{error}");
}

#[tokio::test]
async fn what_is_no_policy_is_refused() {
    let cloud = cloud();
    let url = queue(&cloud, value!({})).await;
    for policy in ["{not json}", "{}", r#"{"Statement":[{"Effect":"Perhaps"}]}"#] {
        let set = value!({"QueueUrl": (url.as_str()), "Attributes": {"Policy": policy}});
        let error = cloud.fail("sqs.SetQueueAttributes", set).await;
        assert_eq!(error.message(), "Invalid value for the parameter Policy.");
    }
}

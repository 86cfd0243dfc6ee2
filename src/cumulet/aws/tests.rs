//! Operations by their words, against the test's two services.

use super::*;
use crate::testing::cloud;

async fn answer(words: &[&str]) -> Json {
    let request = json!({"words": words, "region": "eu-west-1"});
    run(&cloud(), request.to_string().as_bytes()).await
}

#[tokio::test]
async fn an_operation_is_called_and_its_output_shown() {
    let output = answer(&["sqs", "echo", "--text", "hello"]).await;
    assert_eq!(output, json!({"output": {"Text": "000000000000 eu-west-1 hello"}}));
}

#[tokio::test]
async fn errors_have_code_message_and_operation() {
    let error = answer(&["sqs", "echo"]).await;
    let wanted = json!({"code": "MissingParameter", "message": "No text", "operation": "Echo"});
    assert_eq!(error["error"], wanted);
    assert_eq!(answer(&["sqs", "absent"]).await["error"]["operation"], "Absent");
}

#[tokio::test]
async fn words_without_sense_are_told_what_there_is() {
    for (words, told) in [
        (&["sqs"][..], "awslocal SERVICE"),
        (&["ec2", "x"], "s3, sqs"),
        (&["sqs", "x"], "operation x"),
    ] {
        let usage = answer(words).await;
        assert!(usage["usage"].as_str().unwrap().contains(told), "{usage}");
    }
}

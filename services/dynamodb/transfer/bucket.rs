//! Buckets that items come from and go to, through S3's own API.

use cumulet_core::{AwsError, Body, Cx, Value};

use super::Job;
use crate::stream::digest;

/// Bytes of an object that is read, packed and unpacked.
pub(super) const OBJECT_MAX: usize = 256 << 20;
/// Objects that one piece of work reads, as AWS has it.
const OBJECTS_MAX: usize = 50_000;

/// A bucket and, if given, what keys in it begin with.
#[derive(Clone, Debug, Default)]
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) owner: Option<String>,
    pub(super) prefix: Option<String>,
}

impl Bucket {
    pub(super) fn new(name: Option<String>, owner: Option<String>, prefix: Option<String>) -> Self {
        let prefix = prefix.filter(|prefix| !prefix.is_empty());
        Self { name: name.unwrap_or_default(), owner, prefix }
    }

    /// Calls S3 for the bucket, which is the caller's unless its owner is given.
    async fn call(
        &self,
        cx: &Cx,
        operation: &str,
        more: Vec<(&str, Value)>,
        body: Option<Body>,
    ) -> Result<(Value, Option<Body>), AwsError> {
        let owner = self.owner.clone().unwrap_or_else(|| cx.account().to_string());
        let mut input = vec![
            ("Bucket", self.name.as_str().into()),
            ("ExpectedBucketOwner", owner.as_str().into()),
        ];
        input.extend(more);
        let answer = cx.call_with("s3", operation, Value::map(input), body).await;
        answer.map_err(|error| {
            AwsError::new(format!("S3{}", error.code()), 400, error.message().to_owned())
        })
    }

    /// The keys and sizes of the objects behind the prefix.
    pub(super) async fn list(&self, cx: &Cx) -> Result<Vec<(String, usize)>, AwsError> {
        let mut objects = Vec::new();
        let mut token = Value::Null;
        loop {
            let prefix = self.prefix.as_deref().unwrap_or_default().into();
            let page = vec![("Prefix", prefix), ("ContinuationToken", token)];
            let (found, _) = self.call(cx, "ListObjectsV2", page, None).await?;
            for object in found.get("Contents").map(Value::items).unwrap_or_default() {
                let key = object.get("Key").and_then(Value::as_str).unwrap_or_default();
                let size = object.get("Size").and_then(Value::as_i64).unwrap_or_default();
                objects.push((key.to_owned(), usize::try_from(size).unwrap_or(0)));
            }
            if objects.len() > OBJECTS_MAX {
                let text = format!("There are more than {OBJECTS_MAX} objects");
                return Err(AwsError::new("TooManyObjects", 400, text));
            }
            token = found.get("NextContinuationToken").cloned().unwrap_or_default();
            if token == Value::Null {
                return Ok(objects);
            }
        }
    }

    pub(super) async fn get(&self, cx: &Cx, key: &str) -> Result<Vec<u8>, AwsError> {
        let (_, body) = self.call(cx, "GetObject", vec![("Key", key.into())], None).await?;
        let too_large = || AwsError::new("ObjectTooLarge", 400, "An object is too large");
        match body {
            Some(mut body) => Ok(body.collect(OBJECT_MAX, too_large).await?.to_vec()),
            None => Ok(Vec::new()),
        }
    }
}

/// Where files are written to, and how S3 shall encrypt them.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    pub(super) bucket: Bucket,
    pub(super) encryption: Option<String>,
    pub(super) key: Option<String>,
}

impl Target {
    /// What the keys of all files begin with.
    pub(super) fn folder(&self) -> String {
        let prefix = self.bucket.prefix.as_deref().map(|p| p.trim_end_matches('/'));
        prefix.map_or("AWSDynamoDB/".to_owned(), |prefix| format!("{prefix}/AWSDynamoDB/"))
    }

    pub(super) async fn put(&self, cx: &Cx, key: &str, bytes: Vec<u8>) -> Result<(), AwsError> {
        let mut input = vec![("Key", key.into())];
        if let Some(algorithm) = &self.encryption {
            let name = if algorithm == "KMS" { "aws:kms" } else { "AES256" };
            input.push(("ServerSideEncryption", name.into()));
        }
        if let Some(key) = &self.key {
            input.push(("SSEKMSKeyId", key.as_str().into()));
        }
        self.bucket.call(cx, "PutObject", input, Some(Body::from(bytes))).await.map(drop)
    }
}

/// A name that the n-th file of a job has, and no other.
pub(super) fn file_name(job: &Job, n: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
    let number = u128::from_be_bytes(digest(format!("{}/{n}", job.arn)));
    let letter = |i: u32| {
        let place = usize::try_from(number >> (5 * i) & 31).unwrap_or(0);
        LETTERS.get(place).map(|letter| char::from(*letter))
    };
    (0..26).filter_map(letter).collect()
}

//! What is asked for as encryption is told again, and customers' keys are checked.

use std::sync::LazyLock;

use cumulet_core::model::{Kind as ShapeKind, Member, OperationModel, Shape};
use cumulet_core::{AwsError, Description, Kept, Model, Operation, Run, Service, State, Value};
use cumulet_store::Platform;
use cumulet_testkit::{TestCloud, text, value};

use crate::calls::{cloud, get, member, object};

/// A key of 32 bytes and another, with their MD5s.
const KEY: (&str, &str) =
    ("MTIzNDU2Nzg5MGFiY2RlZjEyMzQ1Njc4OTBhYmNkZWY=", "JMwgiexXqwuPqIPjYFmIZQ==");
const OTHER: (&str, &str) =
    ("YWJjZGVmMTIzNDU2Nzg5MGFiY2RlZjEyMzQ1Njc4OTA=", "KoitZ78ZSAQHz4+gxDpJqQ==");

fn with((key, md5): (&str, &str)) -> [(&'static str, Value); 3] {
    [
        ("SSECustomerAlgorithm", "AES256".into()),
        ("SSECustomerKey", key.into()),
        ("SSECustomerKeyMD5", md5.into()),
    ]
}

fn refused<T>(outcome: Result<T, AwsError>) -> String {
    let error = outcome.err().unwrap();
    format!("{} {}", error.code(), error.message())
}

#[tokio::test]
async fn encryption_is_told_as_it_was_asked_for() {
    let cloud = cloud().await;
    let (plain, _) = cloud.send("s3.PutObject", object("a", &[]), "x").await.unwrap();
    assert_eq!(text(&plain, "ServerSideEncryption"), "AES256");
    let kms = ("ServerSideEncryption", Value::from("aws:kms"));
    let own =
        cloud.send("s3.PutObject", object("b", std::slice::from_ref(&kms)), "x").await.unwrap().0;
    assert!(text(&own, "SSEKMSKeyId").starts_with("arn:aws:kms:us-east-1:000000000000:key/"));
    let named = object("c", &[kms, ("SSEKMSKeyId", "some-key".into())]);
    cloud.send("s3.PutObject", named, "x").await.unwrap();
    let (got, _) = get(&cloud, "c", &[]).await.unwrap();
    assert_eq!(text(&got, "SSEKMSKeyId"), "arn:aws:kms:us-east-1:000000000000:key/some-key");
    let bare = object("d", &[("SSEKMSKeyId", "some-key".into())]);
    let error = cloud.send("s3.PutObject", bare, "x").await.unwrap_err();
    assert_eq!(member(&error, "ArgumentName"), Some("x-amz-server-side-encryption"));
}

#[tokio::test]
async fn a_customers_key_opens_what_it_closed() {
    let cloud = cloud().await;
    let (put, _) = cloud.send("s3.PutObject", object("k", &with(KEY)), "secret").await.unwrap();
    assert_eq!(text(&put, "SSECustomerKeyMD5"), KEY.1);
    assert_eq!(put.get("ServerSideEncryption"), None);
    assert_eq!(get(&cloud, "k", &with(KEY)).await.unwrap().1, "secret");
    let no_key = refused(get(&cloud, "k", &[]).await);
    assert!(no_key.starts_with("InvalidRequest The object was stored using a form"), "{no_key}");
    let wrong = refused(get(&cloud, "k", &with(OTHER)).await);
    assert!(
        wrong.starts_with("AccessDenied ") && wrong.ends_with("correct secret key."),
        "{wrong}"
    );
    let copy = [("CopySource", "bbb/k".into())];
    let copied = refused(cloud.try_call("s3.CopyObject", object("l", &copy)).await);
    assert_eq!(copied, no_key);
}

#[tokio::test]
async fn a_customers_key_is_checked() {
    let cloud = cloud().await;
    let put = async |more: &[(&str, Value)]| {
        refused(cloud.send("s3.PutObject", object("k", more), "x").await)
    };
    let [algorithm, key, md5] = with(KEY);
    let wrong = ("SSECustomerAlgorithm", Value::from("KMS"));
    assert!(
        put(&[wrong, key.clone(), md5.clone()]).await.starts_with("InvalidEncryptionAlgorithm")
    );
    assert!(put(&[key.clone(), md5.clone()]).await.ends_with("valid encryption algorithm."));
    assert!(put(&[algorithm.clone(), md5.clone()]).await.ends_with("appropriate secret key."));
    assert!(
        put(&with((KEY.0, OTHER.1))).await.ends_with("did not match the hash that was provided.")
    );
    assert!(put(&with(("c2hvcnQ=", KEY.1))).await.ends_with("for the specified algorithm."));
    let both = ("ServerSideEncryption", Value::from("AES256"));
    assert!(put(&[algorithm, key, md5, both]).await.contains("is incompatible with"));
}

#[tokio::test]
async fn parts_bring_the_key_of_their_upload() {
    let cloud = cloud().await;
    let upload = cloud.call("s3.CreateMultipartUpload", object("k", &with(KEY))).await;
    let id = text(&upload, "UploadId").to_owned();
    let part = async |key: &[(&'static str, Value)]| {
        let named = [("UploadId", id.as_str().into()), ("PartNumber", 1.into())];
        let members: Vec<_> = named.into_iter().chain(key.iter().cloned()).collect();
        cloud.send("s3.UploadPart", object("k", &members), "x").await
    };
    assert!(refused(part(&[]).await).contains("must include the appropriate encryption"));
    assert!(refused(part(&with(OTHER)).await).contains("did not match the ones used originally"));
    let (sent, _) = part(&with(KEY)).await.unwrap();
    assert_eq!(text(&sent, "SSECustomerKeyMD5"), KEY.1);
    let tag = text(&sent, "ETag");
    let parts = value!({"Parts": [{"PartNumber": 1, "ETag": tag}]});
    let more = [("UploadId", id.as_str().into()), ("MultipartUpload", parts)];
    let whole = cloud.call("s3.CompleteMultipartUpload", object("k", &more)).await;
    // Nobody asked for a checksum.
    assert_eq!((whole.get("ChecksumCRC64NVME"), whole.get("ChecksumType")), (None, None));
}

/// A KMS that has one key, which is disabled.
fn kms() -> Service {
    static MODEL: LazyLock<Model> = LazyLock::new(|| {
        let of = |name, shape| Member { name, shape, ..Member::default() };
        let one = |name, members| Shape { name, members, ..Shape::default() };
        let mut model = Model::default();
        model.shapes.push(Shape { name: "Text", kind: ShapeKind::String, ..Shape::default() });
        model.shapes.push(one("DescribeKeyRequest", vec![of("KeyId", 0)]));
        model.shapes.push(one("KeyMetadata", vec![of("KeyState", 0)]));
        model.shapes.push(one("DescribeKeyResponse", vec![of("KeyMetadata", 2)]));
        let (input, output) = (Some(1), Some(3));
        let operation =
            OperationModel { name: "DescribeKey", input, output, ..OperationModel::default() };
        model.operations.push(operation);
        model
    });
    static OPERATIONS: [Operation; 1] = [Operation {
        name: "DescribeKey",
        action: "DescribeKey",
        resource: None,
        input: || Box::new(Value::Null),
        run: Run::Sync(|_, _, input| {
            let input: Box<Value> = input.into_any().downcast().unwrap();
            if !text(&input, "KeyId").ends_with(":key/there") {
                return Err(AwsError::new("NotFoundException", 400, "Invalid keyId 'a'"));
            }
            Ok(Box::new(value!({"KeyMetadata": {"KeyState": "Disabled"}})))
        }),
    }];
    struct Nothing;
    impl State for Nothing {
        fn kept(&self) -> &dyn Kept {
            &()
        }
    }
    static DESCRIPTION: Description = Description::new("kms", || &MODEL, &OPERATIONS);
    Service::new(&DESCRIPTION, Nothing)
}

#[tokio::test]
async fn keys_of_kms_are_looked_up_where_that_is_asked_for() {
    let settings = [("S3_SKIP_KMS_KEY_VALIDATION", "0")].into_iter().collect();
    let platform = Platform { settings, ..Platform::default() };
    let cloud = TestCloud::new([cumulet_s3::service(&platform), kms()]);
    cloud.call("s3.CreateBucket", value!({"Bucket": "bbb"})).await;
    for (key, code) in [("a", "KMS.NotFoundException"), ("there", "KMS.DisabledException")] {
        let wish = [("ServerSideEncryption", "aws:kms".into()), ("SSEKMSKeyId", key.into())];
        for operation in ["s3.PutObject", "s3.CreateMultipartUpload"] {
            let error = cloud.fail(operation, object("k", &wish)).await;
            assert_eq!((error.code(), error.status().as_u16()), (code, 400));
        }
    }
    let managed = object("k", &[("ServerSideEncryption", "aws:kms".into())]);
    cloud.send("s3.PutObject", managed, "x").await.unwrap();
}

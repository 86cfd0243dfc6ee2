//! Server-side encryption as clients see it: what they ask for, with whose keys, and what is told
//! of it. Nothing is encrypted here; a customer's key is only compared with the one that wrote.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cumulet_core::{AwsError, Cx, Value, ids};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::errors;
use crate::intake::base64;
use crate::state::S3;

const SSE: &str = "x-amz-server-side-encryption";
const S3_KEYS: &str = "AES256";
/// Bytes of a customer's key.
const KEY_LEN: usize = 32;

/// How an object is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Encryption {
    pub(crate) algorithm: String,
    /// The ARN of a key of KMS.
    pub(crate) key: Option<String>,
    pub(crate) bucket_key: Option<bool>,
    /// The MD5 of a customer's key, in base64.
    pub(crate) customer_key: Option<String>,
}

impl Default for Encryption {
    /// S3 encrypts everything with its own keys since January 2023.
    fn default() -> Self {
        Self { algorithm: S3_KEYS.into(), key: None, bucket_key: None, customer_key: None }
    }
}

/// What a request asks for, as its headers have it.
pub(crate) struct Wish<'a> {
    pub(crate) algorithm: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) bucket_key: Option<bool>,
    pub(crate) customer: CustomerKey<'a>,
}

impl Encryption {
    /// What a request asks for; `by_default` is the bucket's, where one was set.
    pub(crate) fn parse(
        cx: &Cx,
        wish: Wish<'_>,
        by_default: Option<Self>,
    ) -> Result<Self, AwsError> {
        let Wish { algorithm, key, bucket_key, customer } = wish;
        if !customer.is_absent() {
            if let Some(algorithm) = algorithm {
                return Err(errors::invalid_argument(
                    "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
                    SSE,
                    algorithm,
                ));
            }
            return Ok(Self { customer_key: Some(customer.parse()?), ..Self::default() });
        }
        let is_kms = algorithm.as_deref().is_some_and(|a| a.starts_with("aws:kms"));
        if key.is_some() && !is_kms {
            let message = "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms";
            return Err(match algorithm {
                Some(algorithm) => errors::invalid_argument(message, SSE, algorithm),
                None => errors::invalid_argument_named(message, SSE),
            });
        }
        let Some(algorithm) = algorithm else {
            return Ok(by_default.unwrap_or_default().named(cx));
        };
        if !matches!(algorithm.as_str(), S3_KEYS | "aws:kms" | "aws:kms:dsse") {
            return Err(errors::invalid_argument(
                "The encryption method specified is not supported",
                SSE,
                algorithm,
            ));
        }
        let of_same = by_default.filter(|d| d.algorithm == algorithm);
        let bucket_key = bucket_key.or(of_same.and_then(|d| d.bucket_key));
        Ok(Self { algorithm, key, bucket_key, customer_key: None }.named(cx))
    }

    /// With the ARN of its key, where it has one of KMS.
    fn named(mut self, cx: &Cx) -> Self {
        if self.algorithm.starts_with("aws:kms") {
            let key = self.key.take().filter(|key| !key.is_empty());
            self.key = Some(key.map_or_else(|| managed_key(cx), |key| key_arn(cx, &key)));
        }
        self
    }

    /// Whether KMS, where it is here and asked, lets the key be used.
    pub(crate) async fn check_key(&self, s3: &S3, cx: &Cx) -> Result<(), AwsError> {
        let asks = s3.asks_kms && cx.cloud().service("kms").is_some();
        let key = self.key.as_ref().filter(|key| asks && **key != managed_key(cx));
        let Some(key) = key else { return Ok(()) };
        let refuse =
            |code: &str, message: &str| Err(AwsError::new(format!("KMS.{code}"), 400, message));
        let input = Value::map([("KeyId", key.as_str().into())]);
        let known = match cx.call("kms", "DescribeKey", input).await {
            Ok(known) => known,
            Err(error) => return refuse(error.code(), error.message()),
        };
        let state = known.get("KeyMetadata").and_then(|key| key.get("KeyState")?.as_str());
        match state {
            Some("Disabled") => refuse("DisabledException", &format!("{key} is disabled.")),
            Some("PendingDeletion") => {
                refuse("KMSInvalidStateException", &format!("{key} is pending deletion."))
            }
            _ => Ok(()),
        }
    }

    /// What is told as `x-amz-server-side-encryption`.
    pub(crate) fn told(&self) -> Option<String> {
        self.customer_key.is_none().then(|| self.algorithm.clone())
    }

    /// Whether a read brings the key that wrote.
    pub(crate) fn unlock(&self, given: &CustomerKey<'_>) -> Result<(), AwsError> {
        match (&self.customer_key, given.is_absent()) {
            (None, true) => Ok(()),
            (None, false) => Err(errors::invalid_request(
                "The encryption parameters are not applicable to this object.",
            )),
            (Some(_), true) => Err(errors::invalid_request(
                "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
            )),
            (Some(key), false) => {
                given.check_algorithm()?;
                if given.md5 == Some(key) && given.parse().is_ok() {
                    return Ok(());
                }
                Err(AwsError::new(
                    "AccessDenied",
                    403,
                    "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
                ))
            }
        }
    }

    /// Whether a part brings the key that its upload began with.
    pub(crate) fn continues(&self, given: &CustomerKey<'_>) -> Result<(), AwsError> {
        match &self.customer_key {
            None if given.is_absent() => Ok(()),
            Some(key) if !given.is_absent() => {
                if *key == given.parse()? {
                    return Ok(());
                }
                Err(errors::invalid_request(
                    "The provided encryption parameters did not match the ones used originally.",
                ))
            }
            _ => Err(errors::invalid_request(
                "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.",
            )),
        }
    }
}

/// A key as a request may name it: by its ARN, or by its id or alias in this account and region.
fn key_arn(cx: &Cx, key: &str) -> String {
    if key.starts_with("arn:") {
        return key.to_owned();
    }
    let resource = if key.starts_with("alias/") { "" } else { "key/" };
    let (partition, region, account) = (cx.region().partition(), cx.region(), cx.account());
    format!("arn:{partition}:kms:{region}:{account}:{resource}{key}")
}

/// The key that KMS keeps for S3 in an account and region (`aws/s3`): always the same.
fn managed_key(cx: &Cx) -> String {
    let digest = Sha256::digest(format!("aws/s3 {} {}", cx.account(), cx.region()));
    let mut id = [0; 16];
    id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    key_arn(cx, &ids::hyphenated(&id))
}

/// A customer's key in a request's headers.
#[derive(Clone, Copy)]
pub(crate) struct CustomerKey<'a> {
    pub(crate) algorithm: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) md5: Option<&'a str>,
}

impl CustomerKey<'_> {
    pub(crate) fn is_absent(&self) -> bool {
        self.algorithm.is_none() && self.key.is_none() && self.md5.is_none()
    }

    fn check_algorithm(&self) -> Result<(), AwsError> {
        match self.algorithm {
            Some(S3_KEYS) => Ok(()),
            Some(other) => Err(errors::invalid_encryption_algorithm(SSE, other)),
            None => Err(refused("must provide a valid encryption algorithm.")),
        }
    }

    /// The key's MD5 in base64, if the key is one.
    fn parse(&self) -> Result<String, AwsError> {
        self.check_algorithm()?;
        let key = self.key.ok_or_else(|| refused("must provide an appropriate secret key."))?;
        let said = self
            .md5
            .ok_or_else(|| refused("must provide the client calculated MD5 of the secret key."))?;
        let key =
            STANDARD.decode(key).ok().filter(|key| key.len() == KEY_LEN).ok_or_else(|| {
                let message = "The secret key was invalid for the specified algorithm.";
                errors::invalid_argument_named(message, SSE)
            })?;
        let md5 = base64(&Md5::digest(key));
        if md5 == said {
            return Ok(md5);
        }
        let message =
            "The calculated MD5 hash of the key did not match the hash that was provided.";
        Err(errors::invalid_argument_named(message, SSE))
    }
}

fn refused(wanted: &str) -> AwsError {
    let requests = "Requests specifying Server Side Encryption with Customer provided keys";
    errors::invalid_argument_named(format!("{requests} {wanted}"), SSE)
}

/// The customer's key in an input.
#[macro_export]
macro_rules! customer_key {
    ($input:expr) => {
        $crate::encryption::CustomerKey {
            algorithm: $input.sse_customer_algorithm.as_deref(),
            key: $input.sse_customer_key.as_deref(),
            md5: $input.sse_customer_key_md5.as_deref(),
        }
    };
}

/// Sets the members of an output that tell of encryption.
#[macro_export]
macro_rules! show_encryption {
    ($output:expr, $encryption:expr) => {
        $output.server_side_encryption = $encryption.told();
        $output.ssekms_key_id.clone_from(&$encryption.key);
        $output.bucket_key_enabled = $encryption.bucket_key.filter(|on| *on);
    };
}

/// The same, and those that tell of a customer's key.
#[macro_export]
macro_rules! show_encryption_and_key {
    ($output:expr, $encryption:expr) => {
        $crate::show_encryption!($output, $encryption);
        $output.sse_customer_key_md5.clone_from(&$encryption.customer_key);
        $output.sse_customer_algorithm =
            $encryption.customer_key.as_ref().map(|_| $encryption.algorithm.clone());
    };
}

//! Configurations of a bucket, each a row: what was put, checked against the model, is what is read.
//!
//! A row is a [`Value`] by the model's names, not the generated type, so it can be kept when the
//! model grows. What the model says (required members, allowed texts) is S3's published schema;
//! what only S3 knows is each configuration's own check.

use std::ops::Bound;
use std::sync::Arc;

use cumulet_core::codec::{Decode, Empty, Encode, ReadError, Reader, Schema, Writer};
use cumulet_core::dynamic::{from_value, to_value};
use cumulet_core::model::Kind;
use cumulet_core::{AwsError, Cx, Value};
use cumulet_store::{Comparable, Equivalent};

use crate::state::{At, Bucket, S3, Tables};
use crate::{api, errors};

/// Configurations of one kind that a bucket may have.
const CONFIGURATIONS_MAX: usize = 1000;

/// A generated type that is stored as a bucket's configuration, under its shape's name.
pub(crate) trait Configuration: Encode + Decode {
    const SHAPE: &'static str;
}

macro_rules! shapes {
    ($($shape:ident)*) => {$(
        impl Configuration for api::$shape {
            const SHAPE: &'static str = stringify!($shape);
        }
    )*};
}

shapes! {
    AccelerateConfiguration
    AccessControlPolicy
    AnalyticsConfiguration
    BucketLifecycleConfiguration
    BucketLoggingStatus
    CORSConfiguration
    IntelligentTieringConfiguration
    InventoryConfiguration
    MetricsConfiguration
    NotificationConfiguration
    OwnershipControls
    PublicAccessBlockConfiguration
    ReplicationConfiguration
    RequestPaymentConfiguration
    ServerSideEncryptionConfiguration
    WebsiteConfiguration
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $shape:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name(pub(crate) String);

        impl Encode for $name {
            fn encode(&self, w: &mut dyn Writer) {
                self.0.encode(w);
            }
        }

        impl Decode for $name {
            fn decode(r: &mut dyn Reader) -> Result<Self, ReadError> {
                String::decode(r).map(Self)
            }
        }

        impl Configuration for $name {
            const SHAPE: &'static str = $shape;
        }
    )*};
}

texts! {
    /// A bucket policy, as the text that was put.
    Policy = "Policy";
    /// From which size on objects change their storage class by lifecycle.
    MinimumSize = "TransitionDefaultMinimumObjectSize";
}

/// Names a configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConfigurationKey {
    bucket: Arc<str>,
    shape: &'static str,
    /// Empty where a bucket has at most one.
    id: Arc<str>,
}

impl Equivalent<ConfigurationKey> for At<'_, &str> {
    fn equivalent(&self, key: &ConfigurationKey) -> bool {
        self.compare(key).is_eq()
    }
}

impl Comparable<ConfigurationKey> for At<'_, &str> {
    fn compare(&self, key: &ConfigurationKey) -> std::cmp::Ordering {
        (self.0, self.1, self.2).cmp(&(&*key.bucket, key.shape, &*key.id))
    }
}

impl Tables {
    /// The configuration of which a bucket has one at most.
    pub(crate) fn configuration<T: Configuration>(&self, bucket: &str) -> Option<T> {
        self.configuration_called(bucket, "")
    }

    /// Whether a bucket has it.
    pub(crate) fn is_configured<T: Configuration>(&self, bucket: &str) -> bool {
        self.configurations.contains(&At(bucket, T::SHAPE, ""))
    }

    pub(crate) fn configuration_called<T: Configuration>(
        &self,
        bucket: &str,
        id: &str,
    ) -> Option<T> {
        typed(self.configurations.get(&At(bucket, T::SHAPE, id))?)
    }

    /// Those whose id comes after `after`, by id.
    pub(crate) fn configurations_after<'a, T: Configuration>(
        &'a self,
        bucket: &'a str,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'a str, T)> + use<'a, T> {
        let rows = self.configuration_rows::<T>(bucket, after);
        rows.filter_map(|(key, value)| Some((&*key.id, typed(value)?)))
    }

    fn configuration_rows<'a, T: Configuration>(
        &'a self,
        bucket: &'a str,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'a ConfigurationKey, &'a Arc<Value>)> + use<'a, T> {
        let start = match after {
            Some(id) => Bound::Excluded(At(bucket, T::SHAPE, id)),
            None => Bound::Included(At(bucket, T::SHAPE, "")),
        };
        self.configurations
            .range::<At<'_, &str>, _>((start.as_ref(), Bound::Unbounded))
            .take_while(move |(key, _)| &*key.bucket == bucket && key.shape == T::SHAPE)
    }

    /// Sets a configuration without looking at it.
    pub(crate) fn configure<T: Configuration>(&mut self, bucket: &Arc<str>, id: &str, given: &T) {
        let value = kept(given);
        let key = ConfigurationKey { bucket: Arc::clone(bucket), shape: T::SHAPE, id: id.into() };
        self.configurations.insert(key, Arc::new(value));
    }

    /// Takes a configuration away; whether it was there.
    pub(crate) fn unconfigure<T: Configuration>(&mut self, bucket: &str, id: &str) -> bool {
        self.configurations.remove(&At(bucket, T::SHAPE, id)).is_some()
    }

    /// Takes all configurations of a bucket away.
    pub(crate) fn forget_configurations(&mut self, bucket: &str) {
        let rows = self
            .configurations
            .range::<At<'_, &str>, _>((Bound::Included(&At(bucket, "", "")), Bound::Unbounded));
        let keys = rows.map(|(key, _)| key).take_while(|key| &*key.bucket == bucket);
        let keys: Vec<_> = keys.cloned().collect();
        for key in &keys {
            self.configurations.remove(key);
        }
    }
}

/// The bucket that an operation names, and the owner that it expects.
pub(crate) type Named<'a> = (&'a str, Option<&'a str>);

#[macro_export]
macro_rules! named {
    ($input:expr) => {
        (&*$input.bucket, $input.expected_bucket_owner.as_deref())
    };
}

/// Stores a configuration, if it passes its own check and has the model's form.
pub(crate) fn put<T: Configuration>(
    s3: &S3,
    cx: &Cx,
    (bucket, owner): Named<'_>,
    id: &str,
    given: Option<T>,
    check: impl FnOnce(&Tables, &Bucket, &mut T) -> Result<(), AwsError>,
) -> Result<Empty, AwsError> {
    s3.write(cx, |t| {
        let bucket = Arc::clone(t.bucket(bucket, owner)?);
        let mut given = given.ok_or_else(errors::missing_request_body)?;
        check(t, &bucket, &mut given)?;
        if !conforms(&given) {
            return Err(errors::malformed_xml());
        }
        let is_new = !t.configurations.contains(&At(&bucket.name, T::SHAPE, id));
        let count = t.configuration_rows::<T>(&bucket.name, None).count();
        if is_new && count >= CONFIGURATIONS_MAX {
            return Err(errors::too_many_configurations());
        }
        t.configure(&bucket.name, id, &given);
        Ok(Empty {})
    })
}

/// A bucket's configuration.
pub(crate) fn get<T: Configuration>(
    s3: &S3,
    cx: &Cx,
    (bucket, owner): Named<'_>,
) -> Result<Option<T>, AwsError> {
    s3.read(cx, |t| Ok(t.configuration(&t.bucket(bucket, owner)?.name)))
}

/// Takes a bucket's configuration away; no harm if there is none.
pub(crate) fn delete<T: Configuration>(
    s3: &S3,
    cx: &Cx,
    (bucket, owner): Named<'_>,
) -> Result<Empty, AwsError> {
    s3.write(cx, |t| {
        t.bucket(bucket, owner)?;
        t.unconfigure::<T>(bucket, "");
        Ok(Empty {})
    })
}

/// The handlers of a configuration of which a bucket has one at most.
#[macro_export]
macro_rules! configuration {
    (
        $shape:ident
        $(put $put:ident $Put:ident $member:ident $check:expr;)?
        $(get $get:ident $Get:ident |$found:ident, $bucket:ident| $shown:expr;)?
        $(delete $delete:ident $Delete:ident;)?
    ) => {
        $(pub(crate) fn $put(
            s3: &$crate::state::S3,
            cx: &cumulet_core::Cx,
            input: $crate::api::input::$Put,
        ) -> Result<cumulet_core::codec::Empty, cumulet_core::AwsError> {
            $crate::bucket::stored::put(s3, cx, $crate::named!(input), "", input.$member, $check)
        })?
        $(pub(crate) fn $get(
            s3: &$crate::state::S3,
            cx: &cumulet_core::Cx,
            input: $crate::api::input::$Get,
        ) -> Result<$crate::api::output::$Get, cumulet_core::AwsError> {
            let $bucket = &input.bucket;
            let $found =
                $crate::bucket::stored::get::<$crate::api::$shape>(s3, cx, $crate::named!(input))?;
            Ok($shown)
        })?
        $(pub(crate) fn $delete(
            s3: &$crate::state::S3,
            cx: &cumulet_core::Cx,
            input: $crate::api::input::$Delete,
        ) -> Result<cumulet_core::codec::Empty, cumulet_core::AwsError> {
            $crate::bucket::stored::delete::<$crate::api::$shape>(s3, cx, $crate::named!(input))
        })?
    };
}

/// A value of a shape as rows keep it.
pub(crate) fn kept<T: Configuration>(given: &T) -> Value {
    to_value(schema::<T>(), given)
}

fn schema<T: Configuration>() -> Schema {
    let model = api::model();
    let shape = model.shapes.iter().position(|s| s.name == T::SHAPE);
    Schema { model, shape: shape.unwrap_or(usize::MAX) }
}

pub(crate) fn typed<T: Configuration>(value: &Value) -> Option<T> {
    from_value(schema::<T>(), value).ok()
}

/// Whether a value has what its shape requires and only texts that its shape allows.
pub(crate) fn conforms<T: Configuration>(given: &T) -> bool {
    let schema = schema::<T>();
    fits(schema, &to_value(schema, given))
}

fn fits(schema: Schema, value: &Value) -> bool {
    let shape = schema.shape();
    match value {
        Value::Map(_) if shape.kind == Kind::Structure => {
            shape.members.iter().all(|member| match value.get(member.name) {
                None | Some(Value::Null) => !member.required,
                Some(value) => fits(schema.of(member), value),
            })
        }
        Value::List(items) => {
            shape.value.iter().all(|item| items.iter().all(|value| fits(schema.of(item), value)))
        }
        // S3 takes permissions of log files that its own schema does not have.
        Value::String(text) => {
            shape.values.is_empty()
                || shape.name == "BucketLogsPermission"
                || shape.values.contains(&text.as_str())
        }
        _ => true,
    }
}

//! Configurations of a bucket, each a row: what was put, checked against the model, is what is read.
//!
//! A row is a [`Value`] by the model's names, not the generated type, so it can be kept when the
//! model grows. What the model says (required members, allowed texts) is S3's published schema;
//! what only S3 knows is each configuration's own check.

use std::ops::Bound;
use std::sync::Arc;

use cumulet_core::codec::{Decode, Empty, Encode, Schema};
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
    AccessControlPolicy
    BucketLifecycleConfiguration
    BucketLoggingStatus
    CORSConfiguration
    NotificationConfiguration
    ReplicationConfiguration
    WebsiteConfiguration
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
        typed(self.kept(bucket, T::SHAPE, "")?)
    }

    /// Whether a bucket has it.
    pub(crate) fn is_configured<T: Configuration>(&self, bucket: &str) -> bool {
        self.kept(bucket, T::SHAPE, "").is_some()
    }

    /// The same without its type.
    pub(crate) fn kept(&self, bucket: &str, shape: &str, id: &str) -> Option<&Value> {
        self.configurations.get(&At(bucket, shape, id)).map(|value| &**value)
    }

    /// A bucket's configurations of a shape whose id comes after `after`, by id.
    pub(crate) fn kept_after<'a>(
        &'a self,
        bucket: &'a str,
        shape: &str,
        after: Option<&str>,
    ) -> impl ExactSizeIterator<Item = (&'a str, &'a Value)> + use<'a> {
        // No id is as great as that.
        let end = At(bucket, shape, "\u{10FFFF}");
        let start = match after {
            Some(id) => Bound::Excluded(At(bucket, shape, id)),
            None => Bound::Included(At(bucket, shape, "")),
        };
        let rows =
            self.configurations.range::<At<'_, &str>, _>((start.as_ref(), Bound::Excluded(&end)));
        rows.map(|(key, value)| (&*key.id, &**value))
    }

    /// Sets a configuration without looking at it.
    pub(crate) fn configure<T: Configuration>(&mut self, bucket: &Arc<str>, id: &str, given: &T) {
        self.keep(bucket, T::SHAPE, id, kept(given));
    }

    /// The same without its type.
    pub(crate) fn keep(&mut self, bucket: &Arc<str>, shape: &'static str, id: &str, given: Value) {
        let key = ConfigurationKey { bucket: Arc::clone(bucket), shape, id: id.into() };
        self.configurations.insert(key, Arc::new(given));
    }

    /// Takes a configuration away; whether it was there.
    pub(crate) fn unconfigure(&mut self, bucket: &str, shape: &str, id: &str) -> bool {
        self.configurations.remove(&At(bucket, shape, id)).is_some()
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

/// Text of a dynamic input.
pub(crate) fn text<'a>(input: &'a Value, name: &str) -> Option<&'a str> {
    input.get(name).and_then(Value::as_str)
}

/// The bucket that a dynamic input names.
pub(crate) fn named(input: &Value) -> Named<'_> {
    (text(input, "Bucket").unwrap_or_default(), text(input, "ExpectedBucketOwner"))
}

/// Looks at what is given, and completes it.
pub(crate) type Check<'a> = &'a dyn Fn(&Tables, &Bucket, &mut Value) -> Result<(), AwsError>;

/// A check of the typed form.
pub(crate) fn checked<T: Configuration>(
    check: impl Fn(&Tables, &Bucket, &mut T) -> Result<(), AwsError>,
) -> impl Fn(&Tables, &Bucket, &mut Value) -> Result<(), AwsError> {
    move |t, bucket, value| {
        let mut given = typed(value).ok_or_else(errors::malformed_xml)?;
        check(t, bucket, &mut given)?;
        *value = kept(&given);
        Ok(())
    }
}

/// Stores a configuration, if it passes its own check and has the model's form.
pub(crate) fn put<T: Configuration>(
    s3: &S3,
    cx: &Cx,
    named: Named<'_>,
    given: Option<&T>,
    check: impl Fn(&Tables, &Bucket, &mut T) -> Result<(), AwsError>,
) -> Result<Empty, AwsError> {
    put_value(s3, cx, named, (T::SHAPE, ""), given.map(kept), &checked(check))
}

/// The same without its type: the configuration of a shape and id.
pub(crate) fn put_value(
    s3: &S3,
    cx: &Cx,
    (bucket, owner): Named<'_>,
    (shape, id): (&'static str, &str),
    given: Option<Value>,
    check: Check<'_>,
) -> Result<Empty, AwsError> {
    s3.write(cx, |t| {
        let bucket = Arc::clone(t.bucket(bucket, owner)?);
        let mut given = given.ok_or_else(errors::missing_request_body)?;
        check(t, &bucket, &mut given)?;
        if !fits(schema(shape), &given) {
            return Err(errors::malformed_xml());
        }
        let is_new = t.kept(&bucket.name, shape, id).is_none();
        if is_new && t.kept_after(&bucket.name, shape, None).len() >= CONFIGURATIONS_MAX {
            return Err(errors::too_many_configurations());
        }
        t.keep(&bucket.name, shape, id, given);
        Ok(Empty {})
    })
}

/// A bucket's configuration.
pub(crate) fn get<T: Configuration>(
    s3: &S3,
    cx: &Cx,
    named: Named<'_>,
) -> Result<Option<T>, AwsError> {
    Ok(get_value(s3, cx, named, (T::SHAPE, ""))?.as_ref().and_then(typed))
}

/// The same without its type.
pub(crate) fn get_value(
    s3: &S3,
    cx: &Cx,
    (bucket, owner): Named<'_>,
    (shape, id): (&str, &str),
) -> Result<Option<Value>, AwsError> {
    s3.read(cx, |t| Ok(t.kept(&t.bucket(bucket, owner)?.name, shape, id).cloned()))
}

/// Takes a bucket's configuration away; whether it was there.
pub(crate) fn delete(
    s3: &S3,
    cx: &Cx,
    (bucket, owner): Named<'_>,
    (shape, id): (&str, &str),
) -> Result<bool, AwsError> {
    s3.write(cx, |t| {
        t.bucket(bucket, owner)?;
        Ok(t.unconfigure(bucket, shape, id))
    })
}

/// The handlers of a configuration of which a bucket has one at most; all are dynamic. What is put
/// is the member that is named as its shape is, and passes a [`Check`]; what is got is that member
/// again, or all `members` of the configuration. Where there is none, `missing` says what is answered.
#[macro_export]
macro_rules! configuration {
    (
        $shape:ident
        $(put $put:ident $check:expr;)?
        $(get $get:ident $shown:ident, missing $missing:expr;)?
        $(delete $delete:ident;)?
    ) => {
        $(pub(crate) fn $put(
            s3: &$crate::state::S3,
            cx: &cumulet_core::Cx,
            input: cumulet_core::Value,
        ) -> Result<cumulet_core::codec::Empty, cumulet_core::AwsError> {
            use $crate::bucket::stored;
            let given = input.get(stringify!($shape)).cloned();
            let kind = (stringify!($shape), "");
            stored::put_value(s3, cx, stored::named(&input), kind, given, &$check)
        })?
        $(pub(crate) fn $get(
            s3: &$crate::state::S3,
            cx: &cumulet_core::Cx,
            input: cumulet_core::Value,
        ) -> Result<cumulet_core::Value, cumulet_core::AwsError> {
            use $crate::bucket::stored;
            let named = stored::named(&input);
            let found = stored::get_value(s3, cx, named, (stringify!($shape), ""))?;
            let missing: fn(&str) -> Result<cumulet_core::Value, cumulet_core::AwsError> = $missing;
            let found = found.map_or_else(|| missing(named.0), Ok)?;
            Ok($crate::configuration!(@$shown $shape found))
        })?
        $(pub(crate) fn $delete(
            s3: &$crate::state::S3,
            cx: &cumulet_core::Cx,
            input: cumulet_core::Value,
        ) -> Result<cumulet_core::codec::Empty, cumulet_core::AwsError> {
            use $crate::bucket::stored;
            stored::delete(s3, cx, stored::named(&input), (stringify!($shape), ""))?;
            Ok(cumulet_core::codec::Empty {})
        })?
    };
    (@whole $shape:ident $found:expr) => { cumulet_core::Value::map([(stringify!($shape), $found)]) };
    (@members $shape:ident $found:expr) => { $found };
}

/// What a configuration passes that has no check but the model's.
#[expect(clippy::unnecessary_wraps, reason = "as every check")]
pub(crate) fn unchecked(_: &Tables, _: &Bucket, _: &mut Value) -> Result<(), AwsError> {
    Ok(())
}

/// A value of a shape as rows keep it.
pub(crate) fn kept<T: Configuration>(given: &T) -> Value {
    to_value(schema(T::SHAPE), given)
}

fn schema(shape: &str) -> Schema {
    let model = api::model();
    let shape = model.shapes.iter().position(|s| s.name == shape);
    Schema { model, shape: shape.unwrap_or(usize::MAX) }
}

pub(crate) fn typed<T: Configuration>(value: &Value) -> Option<T> {
    from_value(schema(T::SHAPE), value.clone()).ok()
}

/// Whether a value has what its shape requires and only texts that its shape allows.
pub(crate) fn conforms<T: Configuration>(given: &T) -> bool {
    fits(schema(T::SHAPE), &kept(given))
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

//! Names of tables, which callers may also write as ARNs.

use cumulet_core::world::Scope;
use cumulet_core::{AccountId, Arn, AwsError, Cx, Region};

use crate::errors;

/// Which table a caller means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TableRef<'a> {
    pub(crate) scope: Scope,
    pub(crate) name: &'a str,
}

impl<'a> TableRef<'a> {
    /// A name in the caller's scope, or an ARN.
    pub(crate) fn parse(cx: &Cx, text: &'a str) -> Result<Self, AwsError> {
        if text.starts_with("arn:") {
            return Self::of_arn(cx, text).ok_or_else(|| errors::arn_format(text));
        }
        check(text, "tableName", "TableName")?;
        Ok(Self { scope: cx.scope(), name: text })
    }

    /// The table of `TableName`, which validation has seen to be there.
    pub(crate) fn of(cx: &Cx, name: Option<&'a String>) -> Result<Self, AwsError> {
        Self::parse(cx, name.map_or("", String::as_str))
    }

    /// The table whose ARN this is, or the ARN of something of it.
    pub(crate) fn of_arn(cx: &Cx, arn: &'a str) -> Option<Self> {
        let arn = Arn::parse(arn).filter(|arn| arn.service == "dynamodb")?;
        let name = arn.resource.strip_prefix("table/")?.split('/').next()?;
        let (account, region) = (AccountId::parse(arn.account)?, Region::parse(arn.region)?);
        Some(Self { scope: Scope { world: cx.world().id(), account, region }, name })
    }

    pub(crate) fn arn(&self) -> String {
        let Scope { account, region, .. } = self.scope;
        let partition = region.partition();
        format!("arn:{partition}:dynamodb:{region}:{account}:table/{}", self.name)
    }
}

/// Whether a text can be the name of a table or index.
pub(crate) fn check(text: &str, path: &str, member: &str) -> Result<(), AwsError> {
    if !(3..=255).contains(&text.len()) {
        return Err(errors::name_length(member));
    }
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b"_.-".contains(&c);
    if text.bytes().all(allowed) { Ok(()) } else { Err(errors::name_pattern(text, path)) }
}

/// The ARN of a table by `TableName`.
pub(crate) fn arn_of_table(cx: &Cx, values: &[String]) -> String {
    let name = values.first().map_or("", String::as_str);
    TableRef::parse(cx, name).map_or_else(|_| name.to_owned(), |table| table.arn())
}

/// The ARN of a global table of the version of 2017, which is in no region.
pub(crate) fn arn_of_global(cx: &Cx, values: &[String]) -> String {
    let name = values.first().map_or("", String::as_str);
    format!("arn:{}:dynamodb::{}:global-table/{name}", cx.region().partition(), cx.account())
}

/// The ARN of an index by `TableName` and `IndexName`.
pub(crate) fn arn_of_index(cx: &Cx, values: &[String]) -> String {
    let index = values.get(1).map_or("", String::as_str);
    format!("{}/index/{index}", arn_of_table(cx, values))
}

/// A `ResourceArn`.
pub(crate) fn arn_of_resource(_: &Cx, values: &[String]) -> String {
    values.first().cloned().unwrap_or_default()
}

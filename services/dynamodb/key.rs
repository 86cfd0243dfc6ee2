//! The keys of rows: where an item stands in a table or an index.
//!
//! A key is the space's number and a hash of the partition (four bytes each), the attributes that
//! make the partition, then those that sort within it; in an index the base row's key follows,
//! without its space. Every attribute tells its own end and sorts as DynamoDB sorts
//! ([`AttributeValue::push_key`]), so bytes compare as keys do.

use cumulet_core::AwsError;

use crate::errors::{self, invalid, validation};
use crate::schema::{Index, KeyPart, Kind, Schema};
use crate::space::{RowKey, SpaceId};
use crate::state::TableRow;
use crate::stored::Stored;
use crate::value::{AttributeValue, Item};

/// Bytes before the attributes.
const HEAD: usize = 8;
/// Bytes of what makes a partition, and of what sorts in it.
const HASH_MAX: usize = 2048;
const RANGE_MAX: usize = 1024;

/// Where all keys of a space begin.
pub(crate) fn space(space: SpaceId) -> Vec<u8> {
    space.to_be_bytes().to_vec()
}

/// The key of the same item in the space of another table of the same schema.
pub(crate) fn moved(at: &[u8], space: SpaceId) -> RowKey {
    base(at, 4, space)
}

/// The base row's key, of that of a row in an index whose own attributes end somewhere.
pub(crate) fn base(at: &[u8], end: usize, space: SpaceId) -> RowKey {
    let mut out = space.to_be_bytes().to_vec();
    out.extend_from_slice(at.get(end..).unwrap_or_default());
    out.into()
}

/// Where all keys of a part of a space begin, of `parts` of about the same size.
pub(crate) fn segment(space: SpaceId, part: u32, parts: u32) -> Vec<u8> {
    let hash = (u64::from(part) << 32).div_ceil(u64::from(parts.max(1)));
    let mut out = space.to_be_bytes().to_vec();
    match u32::try_from(hash) {
        Ok(hash) => out.extend_from_slice(&hash.to_be_bytes()),
        Err(_) => return after(&out),
    }
    out
}

/// Where all keys of a partition begin.
pub(crate) fn partition<'a>(
    space: SpaceId,
    values: impl IntoIterator<Item = &'a AttributeValue>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    out.extend_from_slice(&space.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    for value in values {
        value.push_key(&mut out);
    }
    let hash = hash(out.get(HEAD..).unwrap_or_default());
    if let Some(place) = out.get_mut(4..HEAD) {
        place.copy_from_slice(&hash.to_be_bytes());
    }
    out
}

/// The first key after all that begin with `prefix`; there always is one, as spaces are few.
pub(crate) fn after(prefix: &[u8]) -> Vec<u8> {
    let mut out = prefix.to_vec();
    while let Some(last) = out.pop() {
        if last < u8::MAX {
            out.push(last + 1);
            break;
        }
    }
    out
}

/// FNV-1a, mixed: partitions stand in this order, and segments of a Scan are parts of it.
fn hash(bytes: &[u8]) -> u32 {
    let mut hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    u32::try_from(hash >> 32).unwrap_or(0)
}

fn of_values<'a>(
    space: SpaceId,
    schema: &Schema,
    mut value: impl FnMut(&KeyPart) -> Option<&'a AttributeValue>,
) -> Option<Vec<u8>> {
    let hash: Option<Vec<&AttributeValue>> = schema.hash.iter().map(&mut value).collect();
    let mut out = partition(space, hash?);
    for part in &schema.range {
        value(part)?.push_key(&mut out);
    }
    Some(out)
}

/// The key of a `Key`, which has a table's key attributes and nothing else.
pub(crate) fn of_key(table: &TableRow, given: &Item) -> Result<RowKey, AwsError> {
    if given.len() != table.key.parts().count() {
        return Err(errors::key_schema());
    }
    for part in table.key.parts() {
        let value = given.get(&part.name).ok_or_else(errors::key_schema)?;
        check_valid(value)?;
        if !is_of(value, part.kind) {
            return Err(errors::key_schema());
        }
    }
    check_sizes(&table.key, given)?;
    let key = of_values(table.space, &table.key, |part| given.get(&part.name));
    key.map(RowKey::from).ok_or_else(errors::key_schema)
}

/// The key of an item that is put.
pub(crate) fn of_item(table: &TableRow, item: &Item) -> Result<RowKey, AwsError> {
    for part in table.key.parts() {
        let name = &part.name;
        let Some(value) = item.get(name) else {
            return Err(invalid(format!("Missing the key {name} in the item")));
        };
        if !is_of(value, part.kind) {
            let (wanted, found) = (part.kind.name(), value.type_name());
            return Err(invalid(format!(
                "Type mismatch for key {name} expected: {wanted} actual: {found}"
            )));
        }
    }
    check_sizes(&table.key, item)?;
    let key = of_values(table.space, &table.key, |part| item.get(&part.name));
    key.map(RowKey::from).ok_or_else(errors::key_schema)
}

/// Whether an item or key has a table's key attributes.
pub(crate) fn is_in(table: &TableRow, given: &Item) -> bool {
    table.key.parts().all(|part| given.get(&part.name).is_some_and(|v| is_of(v, part.kind)))
}

/// Whether an item can stand in the indexes that it has attributes for.
pub(crate) fn check_indexes(table: &TableRow, item: &Item) -> Result<(), AwsError> {
    for index in table.every_index() {
        for part in index.key.parts() {
            let Some(value) = item.get(&part.name) else { continue };
            check_type(value, part, index)?;
            let (name, index) = (&part.name, &index.name);
            if let Some(what) = empty(value) {
                return Err(validation(format!(
                    "One or more parameter values are not valid. A value specified for a \
                     secondary index key is not supported. The AttributeValue for a key attribute \
                     cannot contain an empty {what} value. IndexName: {index}, IndexKey: {name}"
                )));
            }
        }
    }
    for vector in &table.vectors {
        for part in &vector.filters {
            if let Some(value) = item.get(&part.name) {
                check_type(value, part, &vector.index)?;
            }
        }
        if let Some(value) = item.get(&vector.attribute) {
            vector.check(value)?;
        }
    }
    Ok(())
}

fn check_type(value: &AttributeValue, part: &KeyPart, index: &Index) -> Result<(), AwsError> {
    if is_of(value, part.kind) {
        return Ok(());
    }
    let (wanted, found) = (part.kind.name(), value.type_name());
    let (name, index) = (&part.name, &index.name);
    Err(invalid(format!(
        "Type mismatch for Index Key {name} Expected: {wanted} Actual: {found} IndexName: {index}"
    )))
}

/// Where an item stands in an index; nowhere without all of its key attributes.
pub(crate) fn in_index(index: &Index, item: &Stored, base: &RowKey) -> Option<RowKey> {
    let values: Option<Vec<_>> = index
        .key
        .parts()
        .map(|part| {
            let value = item.get(&part.name)?.decode();
            (is_of(&value, part.kind) && empty(&value).is_none()).then_some(value)
        })
        .collect();
    let values = values?;
    let mut each = values.iter();
    let mut out = of_values(index.space, &index.key, |_| each.next())?;
    out.extend_from_slice(base.get(4..).unwrap_or_default());
    Some(out.into())
}

/// The row of an index after which a caller wants to go on: index keys and table keys, no more.
pub(crate) fn of_start(
    table: &TableRow,
    index: Option<&Index>,
    given: &Item,
) -> Result<RowKey, AwsError> {
    let schemas = [Some(&table.key), index.map(|index| &index.key)];
    let schemas = || schemas.iter().flatten();
    let known = |name: &String| schemas().any(|schema| schema.has(name));
    let mut parts = schemas().flat_map(|schema| schema.parts());
    let fits = parts.all(|part| given.get(&part.name).is_some_and(|v| is_of(v, part.kind)));
    if !fits || !given.keys().all(known) {
        return Err(errors::starting_key());
    }
    let of = |space, schema| of_values(space, schema, |part| given.get(&part.name));
    let base = of(table.space, &table.key).ok_or_else(errors::starting_key)?;
    let Some(index) = index else { return Ok(base.into()) };
    let mut key = of(index.space, &index.key).ok_or_else(errors::starting_key)?;
    key.extend_from_slice(base.get(4..).unwrap_or_default());
    Ok(key.into())
}

/// The attributes of an item that say where it stands.
pub(crate) fn attributes(table: &TableRow, index: Option<&Index>, item: &Stored) -> Item {
    let parts = table.key.parts().chain(index.into_iter().flat_map(|index| index.key.parts()));
    parts.filter_map(|part| Some((part.name.clone(), item.get(&part.name)?.decode()))).collect()
}

pub(crate) fn is_of(value: &AttributeValue, kind: Kind) -> bool {
    value.type_name() == kind.name()
}

fn check_valid(value: &AttributeValue) -> Result<(), AwsError> {
    value.check().map_err(validation)
}

fn empty(value: &AttributeValue) -> Option<&'static str> {
    match value {
        AttributeValue::S(text) if text.is_empty() => Some("string"),
        AttributeValue::B(bytes) if bytes.is_empty() => Some("binary"),
        _ => None,
    }
}

fn check_sizes(schema: &Schema, item: &Item) -> Result<(), AwsError> {
    for part in schema.parts() {
        if let Some(what) = item.get(&part.name).and_then(empty) {
            return Err(validation(format!(
                "One or more parameter values are not valid. The AttributeValue for a key \
                 attribute cannot contain an empty {what} value. Key: {}",
                part.name
            )));
        }
    }
    let size = |parts: &[KeyPart]| -> usize {
        parts.iter().filter_map(|part| item.get(&part.name)).map(AttributeValue::size).sum()
    };
    if size(&schema.hash) > HASH_MAX {
        // The missing blank is AWS's.
        let text = "Size of hashkey has exceeded the maximum size limit of";
        return Err(invalid(format!("{text}{HASH_MAX} bytes")));
    }
    if size(&schema.range) > RANGE_MAX {
        let text = "Aggregated size of all range keys has exceeded the size limit of";
        return Err(invalid(format!("{text} {RANGE_MAX} bytes")));
    }
    Ok(())
}

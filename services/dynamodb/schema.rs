//! What a table or index is keyed by, and what an index holds: parsed and checked once.

use cumulet_core::AwsError;

use crate::api;
use crate::errors::{invalid, validation};
use crate::name;
use crate::space::SpaceId;
use crate::state::Capacity;
use crate::vector::VectorIndex;

/// The type of a key's attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    S,
    N,
    B,
}

impl Kind {
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "N" => Self::N,
            "B" => Self::B,
            _ => Self::S,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::N => "N",
            Self::B => "B",
        }
    }
}

/// An attribute of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyPart {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What a table or index is keyed by. A global index may have up to four attributes of either sort,
/// all others have one to hash by and at most one to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schema {
    pub(crate) hash: Vec<KeyPart>,
    pub(crate) range: Vec<KeyPart>,
}

/// Attributes of either sort in a global index's key.
const PARTS_MAX: usize = 4;

impl Schema {
    pub(crate) fn parts(&self) -> impl Iterator<Item = &KeyPart> {
        self.hash.iter().chain(&self.range)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.parts().any(|part| part.name == name)
    }

    /// Checks a key's form and looks its types up.
    pub(crate) fn parse(
        elements: &[api::KeySchemaElement],
        attributes: &[(String, Kind)],
        parts_max: usize,
    ) -> Result<Self, AwsError> {
        let mut schema = Self { hash: Vec::new(), range: Vec::new() };
        for (at, element) in elements.iter().enumerate() {
            let name = element.attribute_name.clone().unwrap_or_default();
            if schema.has(&name) {
                let text = "Both the Hash Key and the Range Key element in the KeySchema have \
                            the same name";
                return Err(validation(format!("Invalid KeySchema: {text}")));
            }
            let found = attributes.iter().find(|(known, _)| *known == name);
            let kind =
                found.map(|(_, kind)| *kind).ok_or_else(|| undefined(elements, attributes))?;
            let part = KeyPart { name, kind };
            if element.key_type.as_deref() == Some("HASH") {
                if !schema.range.is_empty() || schema.hash.len() == parts_max {
                    return Err(wrong_element(at, "RANGE"));
                }
                schema.hash.push(part);
            } else {
                if schema.hash.is_empty() {
                    return Err(wrong_element(at, "HASH"));
                }
                schema.range.push(part);
            }
        }
        if schema.range.len() > parts_max || schema.hash.is_empty() {
            let text = "1 validation error detected: Value at 'keySchema' failed to satisfy \
                        constraint: Member must have length less than or equal to";
            return Err(validation(format!("{text} {}", parts_max * 2)));
        }
        Ok(schema)
    }

    pub(crate) fn describe(&self) -> Vec<api::KeySchemaElement> {
        let element = |part: &KeyPart, key_type: &str| api::KeySchemaElement {
            attribute_name: Some(part.name.clone()),
            key_type: Some(key_type.to_owned()),
        };
        let hash = self.hash.iter().map(|part| element(part, "HASH"));
        hash.chain(self.range.iter().map(|part| element(part, "RANGE"))).collect()
    }
}

fn wrong_element(at: usize, wanted: &str) -> AwsError {
    let which = if at == 0 { "first" } else { "second" };
    validation(format!(
        "Invalid KeySchema: The {which} KeySchemaElement is not a {wanted} key type"
    ))
}

fn undefined(elements: &[api::KeySchemaElement], attributes: &[(String, Kind)]) -> AwsError {
    let keys: Vec<_> = elements.iter().filter_map(|e| e.attribute_name.as_deref()).collect();
    let names: Vec<_> = attributes.iter().map(|(name, _)| name.as_str()).collect();
    let (keys, names) = (keys.join(", "), names.join(", "));
    invalid(format!(
        "Some index key attributes are not defined in AttributeDefinitions. \
         Keys: [{keys}], AttributeDefinitions: [{names}]"
    ))
}

/// What an index holds of its items, beside the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Projection {
    All,
    KeysOnly,
    Include(Vec<String>),
}

impl Projection {
    pub(crate) fn parse(given: Option<&api::Projection>) -> Result<Self, AwsError> {
        let kind = given.and_then(|p| p.projection_type.as_deref());
        let others = given.and_then(|p| p.non_key_attributes.clone());
        let but = |is: &str, kind: &str| {
            invalid(format!("ProjectionType is {kind}, but NonKeyAttributes is {is}"))
        };
        match (kind, others) {
            (Some(kind @ ("ALL" | "KEYS_ONLY")), Some(_)) => Err(but("specified", kind)),
            (Some("ALL"), None) => Ok(Self::All),
            (Some("KEYS_ONLY"), None) => Ok(Self::KeysOnly),
            (Some("INCLUDE"), Some(names)) => Ok(Self::Include(names)),
            (Some("INCLUDE"), None) => Err(but("not specified", "INCLUDE")),
            _ => Err(invalid("Unknown ProjectionType: null")),
        }
    }

    pub(crate) fn describe(&self) -> api::Projection {
        let (kind, names) = match self {
            Self::All => ("ALL", None),
            Self::KeysOnly => ("KEYS_ONLY", None),
            Self::Include(names) => ("INCLUDE", Some(names.clone())),
        };
        api::Projection { projection_type: Some(kind.to_owned()), non_key_attributes: names }
    }
}

/// A secondary index.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    pub(crate) name: String,
    /// Where its entries are.
    pub(crate) space: SpaceId,
    pub(crate) key: Schema,
    pub(crate) projection: Projection,
    /// A global index has this; a local one shares its table's.
    pub(crate) capacity: Option<Capacity>,
    /// Items from before the index are still being put in.
    pub(crate) is_backfilling: bool,
}

impl Index {
    pub(crate) fn is_global(&self) -> bool {
        self.capacity.is_some()
    }

    pub(crate) fn local(
        given: &api::LocalSecondaryIndex,
        table: &Schema,
        attributes: &[(String, Kind)],
    ) -> Result<Self, AwsError> {
        let index_name = checked_name(given.index_name.as_deref())?;
        let elements = given.key_schema.as_deref().unwrap_or_default();
        let key = Schema::parse(elements, attributes, 1)?;
        if table.range.is_empty() {
            return Err(invalid(
                "Table KeySchema does not have a range key, which is required when specifying a \
                 LocalSecondaryIndex",
            ));
        }
        if key.range.is_empty() {
            let text = "Index KeySchema does not have a range key for index";
            return Err(invalid(format!("{text}: {index_name}")));
        }
        if key.hash != table.hash {
            let name = |schema: &Schema| schema.hash.first().map(|p| p.name.clone());
            let (ours, its) = (name(&key).unwrap_or_default(), name(table).unwrap_or_default());
            return Err(invalid(format!(
                "Index KeySchema does not have the same leading hash key as table KeySchema for \
                 index: {index_name}. index hash key: {ours}, table hash key: {its}"
            )));
        }
        let projection = Projection::parse(given.projection.as_ref())?;
        let (space, capacity) = (0, None);
        Ok(Self { name: index_name, space, key, projection, capacity, is_backfilling: false })
    }

    pub(crate) fn global(
        given: &api::GlobalSecondaryIndex,
        attributes: &[(String, Kind)],
        capacity: Capacity,
    ) -> Result<Self, AwsError> {
        let elements = given.key_schema.as_deref().unwrap_or_default();
        Ok(Self {
            name: checked_name(given.index_name.as_deref())?,
            space: 0,
            key: Schema::parse(elements, attributes, PARTS_MAX)?,
            projection: Projection::parse(given.projection.as_ref())?,
            capacity: Some(capacity),
            is_backfilling: false,
        })
    }
}

pub(crate) fn checked_name(given: Option<&str>) -> Result<String, AwsError> {
    let given = given.unwrap_or_default();
    name::check(given, "indexName", "IndexName")?;
    Ok(given.to_owned())
}

/// Attributes are defined for keys only, and all of them are used.
pub(crate) fn check_definitions(
    attributes: &[(String, Kind)],
    key: &Schema,
    indexes: &[Index],
    vectors: &[VectorIndex],
) -> Result<(), AwsError> {
    let parts = || {
        let indexes = indexes.iter().flat_map(|index| index.key.parts());
        key.parts().chain(indexes).chain(vectors.iter().flat_map(VectorIndex::parts))
    };
    if attributes.iter().all(|(name, _)| parts().any(|part| part.name == *name)) {
        return Ok(());
    }
    if indexes.is_empty() && vectors.is_empty() {
        return Err(invalid(
            "Number of attributes in KeySchema does not exactly match number of attributes \
             defined in AttributeDefinitions",
        ));
    }
    let names: Vec<_> = attributes.iter().map(|(name, _)| name.as_str()).collect();
    let mut keys: Vec<&str> = Vec::new();
    for part in parts() {
        if !keys.contains(&part.name.as_str()) {
            keys.push(&part.name);
        }
    }
    let (names, keys) = (names.join(", "), keys.join(", "));
    Err(invalid(format!(
        "Some AttributeDefinitions are not used. AttributeDefinitions: [{names}], keys used: [{keys}]"
    )))
}

pub(crate) fn describe_definitions(attributes: &[(String, Kind)]) -> Vec<api::AttributeDefinition> {
    let definition = |(name, kind): &(String, Kind)| api::AttributeDefinition {
        attribute_name: Some(name.clone()),
        attribute_type: Some(kind.name().to_owned()),
    };
    attributes.iter().map(definition).collect()
}

pub(crate) fn definitions(given: Option<&[api::AttributeDefinition]>) -> Vec<(String, Kind)> {
    let pair = |a: &api::AttributeDefinition| {
        let kind = Kind::parse(a.attribute_type.as_deref().unwrap_or_default());
        (a.attribute_name.clone().unwrap_or_default(), kind)
    };
    given.unwrap_or_default().iter().map(pair).collect()
}

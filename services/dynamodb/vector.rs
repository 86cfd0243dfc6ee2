//! Vector indexes: what they are, what they ask of items, and what they hold. `search` looks through
//! them.
//!
//! A row of a vector index is an item with one attribute, the vector as 32-bit floats: what a search
//! reads of every item. The rest of the item is read from the table, for those that are found.

use cumulet_core::AwsError;

use crate::api;
use crate::consumed;
use crate::errors::{self, invalid, validation};
use crate::schema::{self, Index, KeyPart, Kind, Projection, Schema};
use crate::state::{TableRow, Tables};
use crate::stored::{Names, Stored};
use crate::value::{AttributeValue, Item};

/// AWS's bounds: indexes of a table, numbers of a vector, attributes that an index filters by.
const INDEXES_MAX: usize = 5;
const DIMENSIONS_MAX: usize = 4096;
const FILTERS_MAX: usize = 18;

/// How unlike two vectors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distance {
    Cosine,
    Euclidean,
    DotProduct,
}

impl Distance {
    fn parse(text: &str) -> Self {
        match text {
            "EUCLIDEAN" => Self::Euclidean,
            "DOT_PRODUCT" => Self::DotProduct,
            _ => Self::Cosine,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Cosine => "COSINE",
            Self::Euclidean => "EUCLIDEAN",
            Self::DotProduct => "DOT_PRODUCT",
        }
    }
}

/// A vector index.
#[derive(Clone, Debug)]
pub(crate) struct VectorIndex {
    /// What it has in common with others. Its key is the attribute that parts it, if one does.
    pub(crate) index: Index,
    /// Where an item's vector is.
    pub(crate) attribute: String,
    /// How long vectors are.
    pub(crate) dimensions: usize,
    pub(crate) distance: Distance,
    /// What a search may filter by.
    pub(crate) filters: Vec<KeyPart>,
}

impl VectorIndex {
    pub(crate) fn parse(
        given: &api::VectorIndex,
        attributes: &[(String, Kind)],
    ) -> Result<Self, AwsError> {
        let mut key = Schema { hash: Vec::new(), range: Vec::new() };
        let mut filters: Vec<KeyPart> = Vec::new();
        for element in given.search_schema.iter().flatten() {
            let name = element.attribute_name.clone().unwrap_or_default();
            let found = attributes.iter().find(|(known, _)| *known == name);
            let (_, kind) = found.ok_or_else(|| {
                invalid("One element in SearchSchema is not defined in attribute definitions")
            })?;
            if key.has(&name) || filters.iter().any(|part| part.name == name) {
                return Err(invalid(format!("SearchSchema has an attribute twice: {name}")));
            }
            let part = KeyPart { name, kind: *kind };
            match element.search_schema_element_type.as_deref() {
                Some("HASH") if key.hash.is_empty() => key.hash.push(part),
                Some("HASH") => return Err(invalid("SearchSchema has more than one HASH element")),
                _ => filters.push(part),
            }
        }
        if filters.len() > FILTERS_MAX {
            let text = "Number of INLINE_FILTER elements exceeds the per-index limit of";
            return Err(invalid(format!("{text} {FILTERS_MAX}")));
        }
        let dimensions = given.dimensions.and_then(|number| usize::try_from(number).ok());
        let dimensions =
            dimensions.filter(|number| *number <= DIMENSIONS_MAX).ok_or_else(|| {
                invalid(format!("Dimensions must be between 1 and {DIMENSIONS_MAX} inclusive"))
            })?;
        let attribute = given.vector_attribute.as_ref().and_then(|a| a.attribute_name.clone());
        Ok(Self {
            index: Index {
                name: schema::checked_name(given.index_name.as_deref())?,
                space: 0,
                key,
                projection: Projection::parse(given.projection.as_ref())?,
                capacity: None,
                is_backfilling: false,
            },
            attribute: attribute.unwrap_or_default(),
            dimensions,
            distance: Distance::parse(given.distance_function.as_deref().unwrap_or_default()),
            filters,
        })
    }

    pub(crate) fn describe(&self) -> api::VectorIndex {
        let element = |part: &KeyPart, kind: &str| api::SearchSchemaElement {
            attribute_name: Some(part.name.clone()),
            search_schema_element_type: Some(kind.to_owned()),
        };
        let hash = self.index.key.hash.iter().map(|part| element(part, "HASH"));
        let filters = self.filters.iter().map(|part| element(part, "INLINE_FILTER"));
        let elements: Vec<_> = hash.chain(filters).collect();
        api::VectorIndex {
            index_name: Some(self.index.name.clone()),
            vector_attribute: Some(api::VectorAttributeDefinition {
                attribute_name: Some(self.attribute.clone()),
            }),
            search_schema: Some(elements).filter(|elements| !elements.is_empty()),
            projection: Some(self.index.projection.describe()),
            dimensions: i64::try_from(self.dimensions).ok(),
            distance_function: Some(self.distance.name().to_owned()),
        }
    }

    /// The attributes of its search schema.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &KeyPart> {
        self.index.key.parts().chain(&self.filters)
    }

    /// The attributes that it has; all where it is `None`.
    pub(crate) fn names(&self, table: &TableRow) -> Option<Names> {
        let names = consumed::names(table, &self.index)?;
        let own = self.filters.iter().map(|part| &part.name).chain([&self.attribute]);
        Some(names.iter().chain(own).cloned().collect())
    }

    /// Refuses a value that is no vector of this index.
    pub(crate) fn check(&self, value: &AttributeValue) -> Result<(), AwsError> {
        self.read(value).map(drop)
    }

    fn read(&self, value: &AttributeValue) -> Result<Vec<f32>, AwsError> {
        let (name, index) = (&self.attribute, &self.index.name);
        let wrong = |text: String| invalid(format!("{text}. IndexName: {index}"));
        let AttributeValue::L(list) = value else {
            let actual = value.type_name();
            let text = format!("Invalid type for parameter {name}, Expected: L, Actual: {actual}");
            return Err(wrong(text));
        };
        if list.len() != self.dimensions {
            let (wanted, actual) = (self.dimensions, list.len());
            return Err(wrong(format!(
                "Invalid size for parameter {name}, Expected: {wanted}, Actual: {actual}"
            )));
        }
        floats(name, list).map_err(wrong)
    }

    /// What it holds of an item, if that has a vector.
    pub(crate) fn row(&self, item: &Stored) -> Option<Item> {
        let vector = self.read(&item.get(&self.attribute)?.decode()).ok()?;
        let bytes: Vec<u8> = vector.into_iter().flat_map(f32::to_le_bytes).collect();
        Some(Item::from([(self.attribute.clone(), AttributeValue::B(bytes.into()))]))
    }
}

/// The numbers of a list as an index holds them, or what is wrong with them.
pub(crate) fn floats(name: &str, list: &[AttributeValue]) -> Result<Vec<f32>, String> {
    let float = |(at, value): (usize, &AttributeValue)| match value {
        AttributeValue::N(number) => number.to_f32().ok_or_else(|| {
            format!("Invalid value for parameter {name}[{at}], Expected: a 32-bit float")
        }),
        other => Err(format!(
            "Invalid type for parameter {name}[{at}], Expected: N, Actual: {}",
            other.type_name()
        )),
    };
    list.iter().enumerate().map(float).collect()
}

/// The vector indexes that a table is to be made with.
pub(crate) fn parse_all(
    given: Option<&[api::VectorIndex]>,
    attributes: &[(String, Kind)],
) -> Result<Vec<VectorIndex>, AwsError> {
    if given.is_some_and(<[_]>::is_empty) {
        return Err(invalid("List of VectorIndexes is empty"));
    }
    given.unwrap_or_default().iter().map(|given| VectorIndex::parse(given, attributes)).collect()
}

/// The vector indexes of a table as they were asked for.
pub(crate) fn describe_all(table: &TableRow) -> Option<Vec<api::VectorIndex>> {
    let vectors: Vec<_> = table.vectors.iter().map(VectorIndex::describe).collect();
    Some(vectors).filter(|vectors| !vectors.is_empty())
}

/// Refuses vector indexes that cannot be together in a table, or not in this one.
pub(crate) fn check_table(table: &TableRow) -> Result<(), AwsError> {
    if table.vectors.is_empty() {
        return Ok(());
    }
    if table.capacity.provisioned.is_some() {
        return Err(invalid("Vector indexes are only supported on tables in PAY_PER_REQUEST mode"));
    }
    if table.vectors.len() > INDEXES_MAX {
        let text = "VectorIndex count exceeds the per-table limit of";
        return Err(invalid(format!("{text} {INDEXES_MAX}")));
    }
    for (i, vector) in table.vectors.iter().enumerate() {
        let (name, attribute) = (&vector.index.name, &vector.attribute);
        let mut before = table.vectors.iter().take(i);
        if table.index(name).is_some() || before.clone().any(|other| other.index.name == *name) {
            return Err(invalid(format!("Duplicate index name: {name}")));
        }
        let is_other = |other: &VectorIndex| {
            other.attribute == *attribute && other.dimensions != vector.dimensions
        };
        if table.attributes.iter().any(|(known, _)| known == attribute) || before.any(is_other) {
            return Err(invalid(
                "Attributes cannot be redefined. All vector indexes on the same vector attribute \
                 must use the same dimensions.",
            ));
        }
    }
    Ok(())
}

/// `UpdateTable`'s `VectorIndexUpdates`. `others` of the request's changes make or delete a global
/// index.
pub(crate) fn change(
    tx: &mut Tables,
    table: &mut TableRow,
    updates: &[api::VectorIndexUpdate],
    others: usize,
) -> Result<(), AwsError> {
    let actions = updates.iter().flat_map(|update| {
        [update.create.is_some(), update.delete.is_some()].into_iter().filter(|given| *given)
    });
    let actions = actions.count();
    if actions == 0 {
        return Err(invalid("VectorIndexUpdates must have one of Create and Delete"));
    }
    if actions + others > 1 || table.every_index().any(|index| index.is_backfilling) {
        return Err(errors::one_index_at_a_time());
    }
    for update in updates {
        if let Some(create) = &update.create {
            let name = create.index_name.as_deref().unwrap_or_default();
            if table.every_index().any(|index| index.name == name) {
                return Err(validation("Attempting to create an index which already exists"));
            }
            let mut vector = VectorIndex::parse(&definition(create), &table.attributes)?;
            vector.index.space = tx.new_space();
            vector.index.is_backfilling = true;
            table.vectors.push(vector);
        }
        if let Some(delete) = &update.delete {
            let name = delete.index_name.as_deref().unwrap_or_default();
            let place = table.vectors.iter().position(|vector| vector.index.name == name);
            table.vectors.remove(place.ok_or_else(errors::not_found)?);
        }
    }
    Ok(())
}

impl Tables {
    /// Gives a table the vector indexes of its like in another region.
    pub(crate) fn follow_vectors(&mut self, theirs: &mut TableRow, after: &TableRow) {
        let has = |table: &TableRow, vector: &VectorIndex| {
            table.vectors.iter().any(|other| other.index.name == vector.index.name)
        };
        theirs.vectors.retain(|vector| has(after, vector));
        for vector in &after.vectors {
            if !has(theirs, vector) {
                let mut vector = vector.clone();
                vector.index.space = self.new_space();
                vector.index.is_backfilling = true;
                theirs.vectors.push(vector);
            }
        }
    }
}

fn definition(create: &api::CreateVectorIndexAction) -> api::VectorIndex {
    let create = create.clone();
    api::VectorIndex {
        index_name: create.index_name,
        vector_attribute: create.vector_attribute,
        search_schema: create.search_schema,
        projection: create.projection,
        dimensions: create.dimensions,
        distance_function: create.distance_function,
    }
}

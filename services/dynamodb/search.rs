//! `SearchVectors`: the items of a vector index whose vectors are nearest to a given one. Where AWS
//! follows a graph to most of them, this looks at all.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Bound;
use std::sync::Arc;

use cumulet_core::{AwsError, Cx};

use crate::api::{self, input, output};
use crate::consumed::Report;
use crate::errors::{self, invalid, validation};
use crate::expression::{Comparison, Condition, Kind, Operand, Placeholders};
use crate::name::TableRef;
use crate::number::Number;
use crate::space::{RowKey, Rows};
use crate::state::TableRow;
use crate::stored::{Names, Stored};
use crate::throttle::Access;
use crate::value::{self, AttributeValue, Item};
use crate::vector::{self, Distance, VectorIndex};
use crate::view::View;
use crate::{DynamoDb, consumed, encoded, key};

/// Results of a search.
const TOP_MAX: i32 = 100;
/// Bytes of an answer.
const BYTES_MAX: usize = 16 << 20;
/// Sums that are made side by side, so that the processor can.
const LANES: usize = 8;

pub(crate) fn search_vectors(
    db: &DynamoDb,
    cx: &Cx,
    input: input::SearchVectors,
) -> Result<output::SearchVectors, AwsError> {
    db.admit(cx, Access::Read)?;
    let (condition, view) = parse_expressions(&input)?;
    let vector = input.search_vector.unwrap_or_default();
    vector.iter().try_for_each(AttributeValue::check).map_err(validation)?;
    let vector = vector::floats("SearchVector", &vector).map_err(invalid)?;
    let top = top(input.top_k)?;
    let at = TableRef::of(cx, input.table_name.as_ref())?;
    // Looking through many vectors must not hold up those who write: it is done on a snapshot.
    let (table, rows) = db.store.read(cx, at.scope, |tx| {
        Ok::<_, AwsError>((Arc::clone(tx.table(at.name)?), tx.rows.clone()))
    })?;
    let index = table.searched(input.index_name.as_deref().unwrap_or_default())?;
    if vector.len() != index.dimensions {
        let (given, wanted) = (vector.len(), index.dimensions);
        return Err(validation(format!(
            "Input search vector dimension {given} does not match vector index dimension {wanted}"
        )));
    }
    let (hash, filters) = bind(index, condition)?;
    let vector = vector.into_iter().map(f32::to_le_bytes).collect();
    let search = Search { table: &table, index, rows: &rows, vector, filters };
    let (found, seen) = search.nearest(&hash, top);
    let names = index.names(&table);
    let mut bytes = 0;
    let mut results = Vec::with_capacity(found.len());
    for found in found {
        let item = shown(index, names.as_ref(), &view, &found.item);
        bytes += value::item_size(&item);
        results.push(api::SearchResultItem { item: Some(item.into()), score: Some(found.score) });
    }
    if bytes > BYTES_MAX {
        return Err(validation("The results of the search exceed the limit of 16 MB"));
    }
    let read = seen * index.dimensions * size_of::<f32>() + bytes;
    let report = Report::parse(input.return_consumed_capacity.as_deref());
    let consumed = (report != Report::Nothing).then_some(api::VectorCapacity {
        vector_search_request_bytes: Some(consumed::metered(read)),
        vector_write_request_bytes: None,
    });
    Ok(output::SearchVectors { search_results: Some(results), consumed_capacity: consumed })
}

fn parse_expressions(input: &input::SearchVectors) -> Result<(Option<Condition>, View), AwsError> {
    let condition = input.search_condition_expression.as_deref();
    let view = input.projection_expression.as_deref();
    let names = input.expression_attribute_names.as_ref();
    let values = input.expression_attribute_values.as_ref();
    let takes = [(Kind::Search, condition), (Kind::Projection, view)];
    let mut placeholders = Placeholders::new(names, values, &takes)?;
    let parsed = condition.map(|text| placeholders.condition(Kind::Search, text)).transpose()?;
    let view = View::of_expression(&mut placeholders, view)?;
    placeholders.finish()?;
    Ok((parsed, view))
}

fn top(given: Option<i32>) -> Result<usize, AwsError> {
    let given = given.unwrap_or_default();
    let top = usize::try_from(given).ok().filter(|_| (1..=TOP_MAX).contains(&given));
    top.ok_or_else(|| {
        validation(format!(
            "Provided TopK value '{given}' is out of valid range. The value must be between 1 and \
             {TOP_MAX} inclusive"
        ))
    })
}

impl TableRow {
    /// The index, for a search.
    fn searched(&self, name: &str) -> Result<&VectorIndex, AwsError> {
        if self.index(name).is_some() {
            return Err(errors::wrong_index("SearchVectors"));
        }
        let found = self.vectors.iter().find(|vector| vector.index.name == name);
        let found = found.ok_or_else(|| errors::no_index(name))?;
        if found.index.is_backfilling {
            return Err(validation(format!("Cannot search backfilling vector index: {name}")));
        }
        Ok(found)
    }
}

/// Which part of an index a condition is about, and what it asks beyond that.
fn bind(
    index: &VectorIndex,
    condition: Option<Condition>,
) -> Result<(Vec<AttributeValue>, Vec<Condition>), AwsError> {
    let wrong = |text: &str| validation(format!("Invalid SearchConditionExpression: {text}"));
    let hash = index.index.key.hash.first();
    let is_hash = |name: &str| hash.is_some_and(|part| part.name == name);
    let (mut values, mut rest) = (Vec::new(), Vec::new());
    let mut open: Vec<Condition> = condition.into_iter().collect();
    while let Some(next) = open.pop() {
        match next {
            Condition::And(two) => open.extend(*two),
            Condition::Compare(Comparison::Equal, two) => match *two {
                [Operand::Path(path), Operand::Value(value)]
                | [Operand::Value(value), Operand::Path(path)]
                    if is_hash(&path.root) && path.steps.is_empty() && values.is_empty() =>
                {
                    values.push(value);
                }
                two => rest.push(Condition::Compare(Comparison::Equal, Box::new(two))),
            },
            other => rest.push(other),
        }
    }
    for path in rest.iter().flat_map(Condition::paths) {
        let root = &path.root;
        if is_hash(root) {
            return Err(wrong("Invalid comparator used in SearchConditionExpression"));
        }
        if !path.steps.is_empty() || !index.filters.iter().any(|part| part.name == *root) {
            return Err(wrong(&format!("Attribute is not in the SearchSchema: {path}")));
        }
    }
    match (hash, values.first()) {
        (Some(_), None) => Err(validation(
            "SearchConditionExpression must be provided when SearchSchema has a HASH key",
        )),
        (Some(part), Some(value)) if !key::is_of(value, part.kind) => {
            Err(invalid("Condition parameter type does not match schema type"))
        }
        _ => Ok((values, rest)),
    }
}

struct Search<'a> {
    table: &'a TableRow,
    index: &'a VectorIndex,
    rows: &'a Rows,
    vector: Vec<Float>,
    filters: Vec<Condition>,
}

/// A row that may be among the nearest.
struct Near<'a> {
    /// The score, or what is less where that is more.
    rank: f64,
    score: f64,
    at: &'a RowKey,
}

impl Ord for Near<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.total_cmp(&other.rank).then_with(|| self.at.cmp(other.at))
    }
}

impl PartialOrd for Near<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Near<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Near<'_> {}

struct Found {
    item: Stored,
    score: f64,
}

impl Search<'_> {
    /// The nearest items of a part of the index, the first one first, and how many were looked at.
    fn nearest(&self, hash: &[AttributeValue], top: usize) -> (Vec<Found>, usize) {
        let prefix = key::partition(self.index.index.space, hash);
        let end = key::after(&prefix);
        let bounds = (Bound::Included(&*prefix), Bound::Excluded(&*end));
        let base = |at: &[u8]| self.rows.get(&*key::base(at, prefix.len(), self.table.space));
        let norm = sum(&self.vector, &self.vector, |a, b| a * b);
        let (mut heap, mut seen) = (BinaryHeap::with_capacity(top + 1), 0);
        for (at, row) in self.rows.range::<[u8], _>(bounds) {
            let Some(row) = row.get(&self.index.attribute) else { continue };
            seen += 1;
            if !self.filters.is_empty() {
                let Some(item) = base(at) else { continue };
                if !self.filters.iter().all(|filter| filter.matches(item.bytes())) {
                    continue;
                }
            }
            let score = self.score(norm, row.bytes());
            let rank = if self.index.distance == Distance::DotProduct { -score } else { score };
            heap.push(Near { rank, score, at });
            if heap.len() > top {
                heap.pop();
            }
        }
        let nearest = heap.into_sorted_vec().into_iter();
        let found = nearest
            .filter_map(|near| Some(Found { item: base(near.at)?.clone(), score: near.score }));
        (found.collect(), seen)
    }

    /// What AWS calls the score of a row.
    fn score(&self, norm: f64, row: &[u8]) -> f64 {
        let (mine, (row, _)) = (&*self.vector, row.as_chunks());
        match self.index.distance {
            Distance::DotProduct => sum(mine, row, |a, b| a * b),
            Distance::Euclidean => sum(mine, row, |a, b| (a - b) * (a - b)).sqrt(),
            Distance::Cosine => {
                let lengths = (norm * sum(row, row, |a, b| a * b)).sqrt();
                // Nothing has no direction: it is as far from all.
                let cosine =
                    if lengths > 0.0 { sum(mine, row, |a, b| a * b) / lengths } else { 0.0 };
                (1.0 - cosine).clamp(0.0, 2.0)
            }
        }
    }
}

/// A 32-bit float as rows have it.
type Float = [u8; 4];

/// The sum of what `step` makes of each pair, in several lanes.
fn sum(a: &[Float], b: &[Float], step: impl Fn(f64, f64) -> f64) -> f64 {
    let ((many_a, few_a), (many_b, few_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let wide = |float: &Float| f64::from(f32::from_le_bytes(*float));
    let mut lanes = [0.0; LANES];
    for (a, b) in many_a.iter().zip(many_b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += step(wide(a), wide(b));
        }
    }
    for ((lane, a), b) in lanes.iter_mut().zip(few_a).zip(few_b) {
        *lane += step(wide(a), wide(b));
    }
    lanes.iter().sum()
}

/// What a search shows of an item: what the index has, its vector only if it is asked for, and then
/// as the index has it.
fn shown(index: &VectorIndex, names: Option<&Names>, view: &View, item: &Stored) -> Item {
    let wanted = view.roots();
    let is_shown = |name: &str| {
        names.is_none_or(|names| names.iter().any(|has| has == name))
            && wanted.as_ref().map_or(name != index.attribute, |wanted| wanted.contains(&name))
    };
    let attributes = encoded::attributes(item.bytes()).filter(|(name, _)| is_shown(name));
    let mut item: Item = attributes.map(|(name, v)| (name.to_owned(), v.decode())).collect();
    if let Some(AttributeValue::L(vector)) = item.get_mut(&index.attribute) {
        for element in vector {
            if let AttributeValue::N(number) = element {
                *number = rounded(*number);
            }
        }
    }
    match view {
        View::Paths(projection) => projection.project(&item),
        View::Whole | View::Names(_) => item,
    }
}

fn rounded(number: Number) -> Number {
    number.to_f32().and_then(|float| Number::parse(&float.to_string()).ok()).unwrap_or(number)
}

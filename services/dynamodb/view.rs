//! What a reader wants to see of items: all, some attributes, or what a projection names.

use std::collections::BTreeMap;

use cumulet_core::AwsError;

use crate::expression::{Kind, Placeholders, Projection, legacy};
use crate::stored::{Attributes, Names, Stored};

/// What is shown of an item.
#[derive(Clone, Debug)]
pub(crate) enum View {
    Whole,
    /// Some attributes.
    Names(Names),
    /// Some places inside of attributes.
    Paths(Projection),
}

impl View {
    /// `ProjectionExpression` or `AttributesToGet`, alone with its names.
    pub(crate) fn parse(
        text: Option<&str>,
        attributes: Option<Vec<String>>,
        names: Option<&BTreeMap<String, String>>,
    ) -> Result<Self, AwsError> {
        if let Some(attributes) = legacy::attributes_to_get(attributes, text)? {
            return Ok(Self::Names(attributes.into()));
        }
        let mut placeholders = Placeholders::new(names, None, &[(Kind::Projection, text)])?;
        let view = Self::of_expression(&mut placeholders, text)?;
        placeholders.finish()?;
        Ok(view)
    }

    pub(crate) fn of_expression(
        placeholders: &mut Placeholders<'_>,
        text: Option<&str>,
    ) -> Result<Self, AwsError> {
        let Some(text) = text else { return Ok(Self::Whole) };
        let projection = placeholders.projection(text)?;
        let plain = projection.names();
        Ok(plain.map_or(Self::Paths(projection), |names| Self::Names(names.into())))
    }

    /// The item as it is seen.
    pub(crate) fn of(&self, item: Stored) -> Attributes {
        match self {
            Self::Whole => Attributes::Whole(item),
            Self::Names(names) => Attributes::Part(item, names.clone()),
            Self::Paths(projection) => Attributes::Item(projection.project(item.bytes())),
        }
    }

    /// The attributes that it is about; all where it is `None`.
    pub(crate) fn roots(&self) -> Option<Vec<&str>> {
        match self {
            Self::Whole => None,
            Self::Names(names) => Some(names.iter().map(String::as_str).collect()),
            Self::Paths(projection) => Some(projection.roots().into_iter().collect()),
        }
    }
}

//! What a service is built from: the settings it may ask for, and room for large bodies.

use std::collections::BTreeMap;

use crate::blobs::Blobs;

/// Given to every service when it is made. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Platform {
    /// The settings.
    pub settings: Settings,
    /// Room for large bodies.
    pub blobs: Blobs,
}

impl Default for Platform {
    /// No setting; bodies stay in memory: for tests.
    fn default() -> Self {
        Self { settings: Settings::default(), blobs: Blobs::in_memory(Blobs::MEMORY_TOTAL) }
    }
}

/// The environment as the program read it: names and values. Services never read it themselves.
#[derive(Clone, Debug, Default)]
pub struct Settings(std::sync::Arc<BTreeMap<String, String>>);

impl Settings {
    /// The value of a setting, white space around it cut off; `None` if it is not set or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A setting that is on or off, written as LocalStack reads it: `1` and `true` are on, `0` and
    /// `false` off, in any case; anything else is `default`.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        match self.get(name).map(str::to_ascii_lowercase).as_deref() {
            Some("1" | "true") => true,
            Some("0" | "false") => false,
            _ => default,
        }
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Settings {
    fn from_iter<P: IntoIterator<Item = (N, V)>>(pairs: P) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(std::sync::Arc::new(pairs.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_localstack_does() {
        let settings: Settings =
            [("A", "1"), ("B", " True "), ("C", "0"), ("D", "FALSE"), ("E", "yes"), ("F", "")]
                .into_iter()
                .collect();
        let flags =
            |default| ["A", "B", "C", "D", "E", "F", "G"].map(|n| settings.flag(n, default));
        assert_eq!(flags(true), [true, true, false, false, true, true, true]);
        assert_eq!(flags(false), [true, true, false, false, false, false, false]);
        assert_eq!((settings.get("B"), settings.get("F")), (Some("True"), None));
    }
}

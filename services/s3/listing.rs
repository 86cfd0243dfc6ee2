//! One page of names out of many, as all of S3's listings cut it: a prefix, common prefixes up to
//! a delimiter, a start. Its cost is that of the page: it never walks over what it leaves out.

use std::borrow::Cow;
use std::ops::Bound;

use cumulet_core::{AwsError, paging};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::errors;

/// Entries of a page, at most and if nothing is said.
pub(crate) const PAGE_MAX: i32 = 1000;

/// What a listing asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Query<'a> {
    pub(crate) prefix: &'a str,
    /// Empty for none.
    pub(crate) delimiter: &'a str,
    /// Entries, common prefixes included.
    pub(crate) max: usize,
}

impl<'a> Query<'a> {
    /// What a request asks for; `most` is how it calls the number of entries.
    pub(crate) fn asked(
        prefix: Option<&'a str>,
        delimiter: Option<&'a str>,
        most: &str,
        entries: Option<i32>,
    ) -> Result<Self, AwsError> {
        let max = limit(most, entries)?;
        let (prefix, delimiter) = (prefix.unwrap_or_default(), delimiter.unwrap_or_default());
        Ok(Self { prefix, delimiter, max })
    }
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) prefixes: Vec<String>,
    /// The last name or common prefix, if more would follow.
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    pub(crate) fn len(&self) -> usize {
        self.items.len() + self.prefixes.len()
    }
}

/// Cuts a page. `rows` gives the rows from a name on, in order; the first call is for `start` or
/// where the prefix begins, whichever is later.
pub(crate) fn page<'a, T: 'a, I: Iterator<Item = (&'a str, T)>>(
    query: Query<'a>,
    start: Bound<&str>,
    rows: impl Fn(Bound<&str>) -> I,
) -> Page<T> {
    let mut page = Page { items: Vec::with_capacity(query.max), prefixes: Vec::new(), next: None };
    if query.max == 0 {
        return page;
    }
    let first = first(query, start);
    let Some(first) = &first else { return page };
    let mut at = rows(as_ref(first));
    let mut last = "";
    while let Some((name, row)) = at.next() {
        // Comparing no bytes at all takes as long as all else where the pointer to them dangles:
        // a masked vector load faults silently.
        let rest =
            if query.prefix.is_empty() { Some(name) } else { name.strip_prefix(query.prefix) };
        let Some(rest) = rest else { break };
        if page.len() == query.max {
            page.next = Some(last.to_owned());
            break;
        }
        match common_prefix(name, rest, query.delimiter) {
            None => {
                last = name;
                page.items.push(row);
            }
            Some(prefix) => {
                last = prefix;
                page.prefixes.push(prefix.to_owned());
                match after_all(prefix) {
                    Some(next) => at = rows(Bound::Included(&next)),
                    None => break,
                }
            }
        }
    }
    page
}

/// Where a page begins; `None` if nothing can follow. A start inside a common prefix is behind all
/// of it.
fn first(query: Query<'_>, start: Bound<&str>) -> Option<Bound<String>> {
    let (Bound::Included(name) | Bound::Excluded(name)) = start else {
        return Some(Bound::Included(query.prefix.to_owned()));
    };
    if name < query.prefix {
        return Some(Bound::Included(query.prefix.to_owned()));
    }
    let rest = name.strip_prefix(query.prefix);
    match rest.and_then(|rest| common_prefix(name, rest, query.delimiter)) {
        Some(prefix) => after_all(prefix).map(Bound::Included),
        None => Some(start.map(str::to_owned)),
    }
}

fn as_ref(bound: &Bound<String>) -> Bound<&str> {
    bound.as_ref().map(String::as_str)
}

fn common_prefix<'a>(name: &'a str, rest: &str, delimiter: &str) -> Option<&'a str> {
    if delimiter.is_empty() {
        return None;
    }
    let end = rest.find(delimiter)? + delimiter.len();
    name.get(..name.len() - rest.len() + end)
}

/// The first name behind everything that begins with `prefix`; `None` if nothing can be.
fn after_all(prefix: &str) -> Option<String> {
    let mut name = prefix.to_owned();
    while let Some(last) = name.pop() {
        // Names are ordered by their bytes, which in UTF-8 is the order of characters.
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            name.push(next);
            return Some(name);
        }
    }
    None
}

/// The entries that a request asks for: `max-keys`, `max-parts`, `max-uploads`. More than the most
/// is the most.
pub(crate) fn limit(name: &str, asked: Option<i32>) -> Result<usize, AwsError> {
    let asked = asked.unwrap_or(PAGE_MAX);
    usize::try_from(asked.min(PAGE_MAX)).map_err(|_| {
        let message = format!("Argument {name} must be an integer between 0 and 2147483647");
        errors::invalid_argument(message, name, asked)
    })
}

/// Where a page begins that is asked for by a token.
pub(crate) fn position(token: &str) -> Result<String, AwsError> {
    paging::position(token).filter(|p| !p.is_empty()).ok_or_else(|| {
        let message = "The continuation token provided is incorrect";
        errors::invalid_argument_named(message, "continuation-token")
    })
}

/// How names in an answer are written: `encoding-type=url` or as they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoding(bool);

/// What stays as it is in a URL-encoded name, beside letters and digits.
const KEPT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');

impl Encoding {
    pub(crate) fn parse(asked: Option<&str>) -> Result<Self, AwsError> {
        match asked {
            None => Ok(Self(false)),
            Some("url") => Ok(Self(true)),
            Some(other) => Err(errors::invalid_argument(
                "Invalid Encoding Method specified in Request",
                "encoding-type",
                other,
            )),
        }
    }

    pub(crate) fn name(self) -> Option<String> {
        self.0.then(|| "url".to_owned())
    }

    pub(crate) fn show(self, name: &str) -> String {
        self.shown(name).into_owned()
    }

    pub(crate) fn shown(self, name: &str) -> Cow<'_, str> {
        if !self.0 {
            return name.into();
        }
        match Cow::from(percent_encode(name.as_bytes(), KEPT)) {
            Cow::Owned(encoded) if encoded.contains("%20") => encoded.replace("%20", "+").into(),
            plain => plain,
        }
    }

    /// A key as it stands in a URL's path.
    pub(crate) fn path(key: &str) -> String {
        percent_encode(key.as_bytes(), KEPT).to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeSet;

    use super::*;

    const NAMES: [&str; 8] =
        ["a/1", "a/2", "a/b/3", "a0", "b", "c/\u{10ffff}", "c/\u{10ffff}x", "d"];

    fn listed(
        query: Query<'static>,
        start: Bound<&str>,
    ) -> (Vec<&'static str>, Vec<String>, Option<String>) {
        let names = BTreeSet::from(NAMES);
        let page = page(query, start, |from| {
            let rows = names.range::<str, _>((from, Bound::Unbounded));
            rows.map(|name| (*name, *name)).collect::<Vec<_>>().into_iter()
        });
        (page.items, page.prefixes, page.next)
    }

    fn query(prefix: &'static str, delimiter: &'static str, max: usize) -> Query<'static> {
        Query { prefix, delimiter, max }
    }

    #[test]
    fn a_page_has_names_and_common_prefixes() {
        let (items, prefixes, next) = listed(query("", "/", 100), Bound::Unbounded);
        assert_eq!(items, ["a0", "b", "d"]);
        assert_eq!(prefixes, ["a/", "c/"]);
        assert_eq!(next, None);
        let (items, prefixes, _) = listed(query("a/", "/", 100), Bound::Unbounded);
        assert_eq!((items, prefixes), (vec!["a/1", "a/2"], vec!["a/b/".to_owned()]));
        let (items, ..) = listed(query("c/", "", 100), Bound::Unbounded);
        assert_eq!(items, ["c/\u{10ffff}", "c/\u{10ffff}x"]);
    }

    #[test]
    fn pages_follow_each_other() {
        let mut start: Option<String> = None;
        let mut all = Vec::new();
        loop {
            let from = start.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let (items, prefixes, next) = listed(query("", "/", 1), from);
            all.extend(items.into_iter().map(str::to_owned).chain(prefixes));
            match next {
                Some(next) => start = Some(next),
                None => break,
            }
        }
        assert_eq!(all, ["a/", "a0", "b", "c/", "d"]);
    }

    #[test]
    fn a_start_inside_a_common_prefix_is_behind_it() {
        let (items, prefixes, _) = listed(query("", "/", 100), Bound::Excluded("a/1"));
        assert_eq!((items, prefixes), (vec!["a0", "b", "d"], vec!["c/".to_owned()]));
        let (items, ..) = listed(query("a/", "", 100), Bound::Excluded("a/1"));
        assert_eq!(items, ["a/2", "a/b/3"]);
        assert_eq!(listed(query("a/", "", 100), Bound::Excluded("b")).0, Vec::<&str>::new());
    }

    #[test]
    fn a_page_reads_no_more_than_it_shows() {
        let names: BTreeSet<String> = (0..1000).map(|i| format!("{:02}/{i:04}", i % 10)).collect();
        let read = Cell::new(0);
        let page = page(query("", "/", 10), Bound::Unbounded, |from| {
            let rows = names.range::<str, _>((from, Bound::Unbounded));
            rows.map(|name| (name.as_str(), ())).inspect(|_| read.set(read.get() + 1))
        });
        assert_eq!((page.prefixes.len(), read.get()), (10, 10));
    }

    #[test]
    fn names_are_encoded_as_aws_does() {
        let show = |name: &str| Encoding(true).show(name);
        assert_eq!(show("a/😀 b%2F+~*"), "a/%F0%9F%98%80+b%252F%2B%7E*");
        assert_eq!(Encoding(false).show("a b"), "a b");
        assert_eq!(Encoding::parse(Some("x")).unwrap_err().code(), "InvalidArgument");
    }
}

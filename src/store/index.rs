//! Secondary indexes: ordered sets of (index key, row key).
//!
//! An index holds a row at most once, and not at all where its extractor gives `None`. Indexes are
//! part of snapshots; they are rebuilt from rows, so no commit record speaks of them.

use std::cmp::Ordering;
use std::fmt;
use std::iter;
use std::ops::{Bound, RangeBounds};

use equivalent::{Comparable, Equivalent};

use crate::map::{Map, Rows};

/// All secondary indexes of a table; written by [`indexes!`](crate::indexes). `()` is none.
pub trait Indexes<K, V>: Clone + Default {
    /// Brings every index up to date when the row of `key` goes from `old` to `new`.
    fn update(&mut self, key: &K, old: Option<&V>, new: Option<&V>);
}

impl<K, V> Indexes<K, V> for () {
    fn update(&mut self, _key: &K, _old: Option<&V>, _new: Option<&V>) {}
}

/// One secondary index: which rows (`K`) stand under an index key (`IK`).
#[derive(Clone)]
pub struct Index<IK, K>(Map<(IK, K), ()>);

impl<IK, K> Default for Index<IK, K> {
    fn default() -> Self {
        Self(Map::default())
    }
}

impl<IK, K> fmt::Debug for Index<IK, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({} entries)", self.0.len())
    }
}

impl<IK: Ord + Clone, K: Ord + Clone> Index<IK, K> {
    /// How many rows stand in the index.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if no row stands in the index.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The smallest index key, with its first row.
    pub fn first(&self) -> Option<(&IK, &K)> {
        self.iter().next()
    }

    /// The largest index key, with its last row.
    pub fn last(&self) -> Option<(&IK, &K)> {
        self.iter().next_back()
    }

    /// All entries by index key, then row key, from either end.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&IK, &K)> + Clone {
        self.0.iter().map(|((ik, k), ())| (ik, k))
    }

    /// The entries of a range of index keys, from either end.
    pub fn range<Q, R>(&self, range: R) -> Entries<'_, IK, K>
    where
        Q: Comparable<IK> + ?Sized,
        R: RangeBounds<Q>,
    {
        let start = match range.start_bound() {
            Bound::Included(key) => Bound::Included(Edge(key, Ordering::Less)),
            Bound::Excluded(key) => Bound::Included(Edge(key, Ordering::Greater)),
            Bound::Unbounded => Bound::Unbounded,
        };
        let end = match range.end_bound() {
            Bound::Included(key) => Bound::Included(Edge(key, Ordering::Greater)),
            Bound::Excluded(key) => Bound::Included(Edge(key, Ordering::Less)),
            Bound::Unbounded => Bound::Unbounded,
        };
        Entries(self.0.range((start, end)))
    }

    /// The rows under one index key, by row key.
    pub fn of<'a, Q>(&'a self, key: &Q) -> RowKeys<'a, IK, K>
    where
        Q: Comparable<IK> + ?Sized,
    {
        let only = (Bound::Included(key), Bound::Included(key));
        self.range::<Q, _>(only).map(|(_, k)| k)
    }

    /// The first row under an index key: the only one where the key is unique.
    pub fn get<Q: Comparable<IK> + ?Sized>(&self, key: &Q) -> Option<&K> {
        self.of(key).next()
    }

    /// Moves a row from one place in the index to another; `None` is no place.
    pub fn update(&mut self, key: &K, old: Option<IK>, new: Option<IK>) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.0.remove(&(old, key.clone()));
        }
        if let Some(new) = new {
            self.0.insert((new, key.clone()), ());
        }
    }
}

/// Entries of a range of index keys, from either end.
#[derive(Clone)]
pub struct Entries<'a, IK, K>(Rows<'a, (IK, K), ()>);

/// Keys of the rows under one index key.
pub type RowKeys<'a, IK, K> = iter::Map<Entries<'a, IK, K>, fn((&'a IK, &'a K)) -> &'a K>;

impl<'a, IK, K> Iterator for Entries<'a, IK, K> {
    type Item = (&'a IK, &'a K);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|((ik, k), ())| (ik, k))
    }
}

impl<IK, K> DoubleEndedIterator for Entries<'_, IK, K> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|((ik, k), ())| (ik, k))
    }
}

/// A place before (`Less`) or after (`Greater`) all rows under an index key.
struct Edge<'a, Q: ?Sized>(&'a Q, Ordering);

impl<IK, K, Q: Comparable<IK> + ?Sized> Equivalent<(IK, K)> for Edge<'_, Q> {
    fn equivalent(&self, _key: &(IK, K)) -> bool {
        false
    }
}

impl<IK, K, Q: Comparable<IK> + ?Sized> Comparable<(IK, K)> for Edge<'_, Q> {
    fn compare(&self, key: &(IK, K)) -> Ordering {
        self.0.compare(&key.0).then(self.1)
    }
}

/// Declares the indexes of a table. Each row of the declaration names an index, the type of its
/// key, and says under which key (`Some`) a row stands in it, if at all.
///
/// ```
/// use std::sync::Arc;
/// use cumulet_core::Timestamp;
/// use cumulet_store::{Table, indexes};
///
/// pub struct Message { hidden_until: Option<Timestamp>, group: String }
///
/// indexes! {
///     /// How messages are found.
///     #[derive(Debug)]
///     pub struct MessageIndexes of u64 => Arc<Message> {
///         /// Hidden ones, by the moment they show again.
///         pub hidden: Timestamp = |_id, message| message.hidden_until;
///         /// By group, then id.
///         pub group: String = |_id, message| Some(message.group.clone());
///     }
/// }
///
/// let mut messages: Table<u64, Arc<Message>, MessageIndexes> = Table::default();
/// messages.insert(7, Arc::new(Message { hidden_until: None, group: "a".into() }));
/// assert_eq!(messages.by().group.get("a"), Some(&7));
/// assert!(messages.by().hidden.is_empty());
/// ```
#[macro_export]
macro_rules! indexes {
    ($(#[$meta:meta])* $vis:vis struct $name:ident of $key:ty => $row:ty {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $index_key:ty
            = |$k:pat_param, $v:pat_param| $place:expr;)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Default)]
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $crate::Index<$index_key, $key>,)*
        }

        impl $crate::Indexes<$key, $row> for $name {
            fn update(&mut self, key: &$key, old: Option<&$row>, new: Option<&$row>) {
                $({
                    let place = |$k: &$key, $v: &$row| -> Option<$index_key> { $place };
                    let (old, new) = (old.and_then(|v| place(key, v)), new.and_then(|v| place(key, v)));
                    self.$field.update(key, old, new);
                })*
            }
        }
    };
}

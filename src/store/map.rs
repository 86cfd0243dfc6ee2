//! A persistent ordered map: a B-tree whose copies share what they have in common.
//!
//! Invariants:
//! - Rows stand in leaves, in order. A branch knows how many rows each child has, so a row can be
//!   found by its number as well as by its key, and a range knows its length.
//! - A child's `least` is not greater than any of its keys and greater than all before it; a first
//!   child may hold smaller keys than that.
//! - No node but an empty root is empty; one that gets narrow joins a neighbour if both fit into half a node.
//! - Comparisons go through a `dyn Fn`: the tree is compiled once for a key and value, not once for
//!   every borrowed form of a key.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::slice;
use std::sync::Arc;

use equivalent::Comparable;

/// A node is split when it has so many rows or children.
const WIDTH: usize = if cfg!(test) { 4 } else { 32 };

/// Where a key stands, compared with what is sought.
type Seek<'a, K> = &'a dyn Fn(&K) -> Ordering;

/// Rows by key. A copy costs one reference count; a write copies the path to the row. Tables and
/// indexes are made of it; by itself it is for what a hand-written [`Indexes`](crate::Indexes) counts.
pub struct Map<K, V>(Option<Arc<Node<K, V>>>);

#[derive(Clone)]
enum Node<K, V> {
    Leaf(Vec<(K, V)>),
    Branch(Vec<Child<K, V>>),
}

struct Child<K, V> {
    least: K,
    len: usize,
    node: Arc<Node<K, V>>,
}

impl<K: Clone, V> Clone for Child<K, V> {
    fn clone(&self) -> Self {
        Self { least: self.least.clone(), len: self.len, node: Arc::clone(&self.node) }
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K, V> Clone for Map<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K, V> Map<K, V> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |root| root.len())
    }

    /// True without a row.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The value of a key.
    pub fn get<Q: Comparable<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        self.row(key).map(|(_, value)| value)
    }

    /// A key as it is kept, and its value.
    pub fn row<Q: Comparable<K> + ?Sized>(&self, key: &Q) -> Option<(&K, &V)> {
        self.0.as_ref()?.get(&|k| key.compare(k).reverse())
    }

    /// All rows by key, from either end.
    pub fn iter(&self) -> Rows<'_, K, V> {
        self.rows(0, self.len())
    }

    /// The rows of a range of keys, from either end; none if the range is upside down.
    pub fn range<Q, R>(&self, range: R) -> Rows<'_, K, V>
    where
        Q: Comparable<K> + ?Sized,
        R: RangeBounds<Q>,
    {
        let rank = |key: &Q, after: Ordering| {
            let seek = |k: &K| key.compare(k).reverse().then(after);
            self.0.as_ref().map_or(0, |root| root.rank(&seek))
        };
        let from = match range.start_bound() {
            Bound::Included(key) => rank(key, Ordering::Greater),
            Bound::Excluded(key) => rank(key, Ordering::Less),
            Bound::Unbounded => 0,
        };
        let to = match range.end_bound() {
            Bound::Included(key) => rank(key, Ordering::Less),
            Bound::Excluded(key) => rank(key, Ordering::Greater),
            Bound::Unbounded => self.len(),
        };
        self.rows(from, to.max(from))
    }

    fn rows(&self, from: usize, to: usize) -> Rows<'_, K, V> {
        let none: &[(K, V)] = &[];
        Rows { root: self.0.as_deref(), from, to, front: none.iter(), back: none.iter() }
    }
}

impl<'a, K, V> IntoIterator for &'a Map<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Rows<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Clone + Ord, V: Clone> Map<K, V> {
    /// Puts a row in; the value that was there before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let root = self.0.get_or_insert_with(|| Arc::new(Node::Leaf(Vec::new())));
        let (before, right) = Arc::make_mut(root).insert(key, value);
        if let Some(right) = right.and_then(Child::new) {
            let left = Child::new(Arc::clone(root));
            *root = Arc::new(Node::Branch(left.into_iter().chain([right]).collect()));
        }
        before
    }

    /// Takes a row out. The path to its place is copied also where there is none.
    pub fn remove<Q: Comparable<K> + ?Sized>(&mut self, key: &Q) -> Option<(K, V)> {
        let root = self.0.as_mut()?;
        let gone = Arc::make_mut(root).remove(&|k| key.compare(k).reverse());
        while let Node::Branch(children) = &**root
            && let [only] = children.as_slice()
        {
            *root = Arc::clone(&only.node);
        }
        if root.width() == 0 {
            self.0 = None;
        }
        gone
    }
}

impl<K, V> Node<K, V> {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(rows) => rows.len(),
            Self::Branch(children) => children.iter().map(|child| child.len).sum(),
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Leaf(rows) => rows.len(),
            Self::Branch(children) => children.len(),
        }
    }

    fn least(&self) -> Option<&K> {
        match self {
            Self::Leaf(rows) => rows.first().map(|(key, _)| key),
            Self::Branch(children) => children.first().map(|child| &child.least),
        }
    }

    fn get(&self, seek: Seek<'_, K>) -> Option<(&K, &V)> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(rows) => {
                    let at = rows.binary_search_by(|(key, _)| seek(key)).ok()?;
                    return rows.get(at).map(|(key, value)| (key, value));
                }
                Self::Branch(children) => node = &children.get(place(children, seek))?.node,
            }
        }
    }

    /// How many keys come before what is sought.
    fn rank(&self, seek: Seek<'_, K>) -> usize {
        let (mut node, mut before) = (self, 0);
        loop {
            match node {
                Self::Leaf(rows) => {
                    return before + rows.partition_point(|(key, _)| seek(key).is_lt());
                }
                Self::Branch(children) => {
                    let at = place(children, seek);
                    before += children.iter().take(at).map(|child| child.len).sum::<usize>();
                    let Some(child) = children.get(at) else { return before };
                    node = &child.node;
                }
            }
        }
    }

    /// The leaf with the row of a number, and the row's number in it.
    fn leaf(&self, mut number: usize) -> (&[(K, V)], usize) {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(rows) => return (rows, number),
                Self::Branch(children) => {
                    let mut children = children.iter();
                    let child = children.find(|child| {
                        let here = number < child.len;
                        number -= if here { 0 } else { child.len };
                        here
                    });
                    let Some(child) = child else { return (&[], 0) };
                    node = &child.node;
                }
            }
        }
    }
}

/// The child that a key belongs to.
fn place<K, V>(children: &[Child<K, V>], seek: Seek<'_, K>) -> usize {
    children.partition_point(|child| seek(&child.least).is_le()).saturating_sub(1)
}

impl<K: Clone + Ord, V: Clone> Node<K, V> {
    /// The value that was there before, and the right half if the node had to be split.
    fn insert(&mut self, key: K, value: V) -> (Option<V>, Option<Arc<Self>>) {
        match self {
            Self::Leaf(rows) => match rows.binary_search_by(|(k, _)| k.cmp(&key)) {
                Ok(at) => {
                    let row = rows.get_mut(at).map(|(_, before)| before);
                    (row.map(|before| std::mem::replace(before, value)), None)
                }
                Err(at) => {
                    rows.insert(at, (key, value));
                    (None, split(rows, at).map(|right| Arc::new(Self::Leaf(right))))
                }
            },
            Self::Branch(children) => {
                let at = place(children, &|k| k.cmp(&key));
                let Some(child) = children.get_mut(at) else { return (None, None) };
                let (before, right) = Arc::make_mut(&mut child.node).insert(key, value);
                child.len += usize::from(before.is_none());
                let Some(right) = right.and_then(Child::new) else { return (before, None) };
                child.len -= right.len;
                children.insert(at + 1, right);
                (before, split(children, at + 1).map(|right| Arc::new(Self::Branch(right))))
            }
        }
    }

    fn remove(&mut self, seek: Seek<'_, K>) -> Option<(K, V)> {
        match self {
            Self::Leaf(rows) => {
                let at = rows.binary_search_by(|(key, _)| seek(key)).ok()?;
                Some(rows.remove(at))
            }
            Self::Branch(children) => {
                let at = place(children, seek);
                let child = children.get_mut(at)?;
                let gone = Arc::make_mut(&mut child.node).remove(seek)?;
                child.len -= 1;
                // Neighbours are looked at only if there is need: they may be far from the cache.
                let width = child.node.width();
                if width == 0 {
                    children.remove(at);
                } else if width <= WIDTH / 4 {
                    join(children, at);
                    join(children, at.wrapping_sub(1));
                }
                Some(gone)
            }
        }
    }
}

impl<K: Clone, V> Child<K, V> {
    fn new(node: Arc<Node<K, V>>) -> Option<Self> {
        Some(Self { least: node.least()?.clone(), len: node.len(), node })
    }
}

/// The right half of a node that has become too wide by what was put in at `at`. Where that was
/// the end, the left one stays full: keys often come in order.
fn split<T>(items: &mut Vec<T>, at: usize) -> Option<Vec<T>> {
    let last = items.len() - 1;
    (last >= WIDTH - 1).then(|| items.split_off(if at == last { at } else { WIDTH / 2 }))
}

/// Makes one child of the one at `left` and the next, if there are both and they fit well.
fn join<K: Clone, V: Clone>(children: &mut Vec<Child<K, V>>, left: usize) {
    let Some([a, b]) = children.get(left..).and_then(|rest| rest.first_chunk()) else { return };
    if a.node.width() + b.node.width() > WIDTH / 2 {
        return;
    }
    let right = children.remove(left + 1);
    let Some(child) = children.get_mut(left) else { return };
    child.len += right.len;
    match (Arc::make_mut(&mut child.node), Arc::unwrap_or_clone(right.node)) {
        (Node::Leaf(rows), Node::Leaf(more)) => rows.extend(more),
        (Node::Branch(children), Node::Branch(mut more)) => {
            // A first child's own `least` may be too great: the parent's is right.
            if let Some(first) = more.first_mut() {
                first.least = right.least;
            }
            children.extend(more);
        }
        // All leaves stand at one depth.
        _ => {}
    }
}

/// Rows of a range of keys, from either end.
pub struct Rows<'a, K, V> {
    root: Option<&'a Node<K, V>>,
    from: usize,
    to: usize,
    /// What is left of the leaf where each end stands.
    front: slice::Iter<'a, (K, V)>,
    back: slice::Iter<'a, (K, V)>,
}

impl<K, V> Clone for Rows<'_, K, V> {
    fn clone(&self) -> Self {
        Self { front: self.front.clone(), back: self.back.clone(), ..*self }
    }
}

impl<'a, K, V> Iterator for Rows<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        if self.from == self.to {
            return None;
        }
        if self.front.as_slice().is_empty() {
            let (leaf, at) = self.root?.leaf(self.from);
            self.front = leaf.get(at..)?.iter();
        }
        self.from += 1;
        self.front.next().map(|(key, value)| (key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.to - self.from;
        (left, Some(left))
    }
}

impl<K, V> ExactSizeIterator for Rows<'_, K, V> {}

impl<K, V> DoubleEndedIterator for Rows<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.from == self.to {
            return None;
        }
        self.to -= 1;
        if self.back.as_slice().is_empty() {
            let (leaf, at) = self.root?.leaf(self.to);
            self.back = leaf.get(..=at)?.iter();
        }
        self.back.next_back().map(|(key, value)| (key, value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ops::Bound;

    use proptest::prelude::*;

    use super::{Map, Node};

    fn bound() -> impl Strategy<Value = Bound<u8>> {
        prop_oneof![
            any::<u8>().prop_map(Bound::Included),
            any::<u8>().prop_map(Bound::Excluded),
            Just(Bound::Unbounded),
        ]
    }

    /// Checks what the head of the file says of every node; how deep the leaves stand.
    fn depth(node: &Node<u8, u16>, least: Option<u8>, before: &mut Option<u8>) -> usize {
        assert!(node.width() > 0);
        match node {
            Node::Leaf(rows) => {
                for (key, _) in rows {
                    assert!(least.is_none_or(|least| least <= *key));
                    assert!(before.is_none_or(|before| before < *key));
                    *before = Some(*key);
                }
                1
            }
            Node::Branch(children) => {
                let mut depths: Vec<usize> = Vec::new();
                for (i, child) in children.iter().enumerate() {
                    assert_eq!(child.len, child.node.len());
                    assert!(i == 0 || before.is_none_or(|before| before < child.least));
                    let least = if i == 0 { least } else { Some(child.least) };
                    depths.push(depth(&child.node, least, before));
                }
                assert!(depths.windows(2).all(|pair| pair[0] == pair[1]));
                depths[0] + 1
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_a_map_that_can_be_copied(
            steps in prop::collection::vec((any::<u8>(), any::<u16>(), 0..5), 0..500),
            range in (bound(), bound()),
        ) {
            let (mut map, mut model) = (Map::default(), BTreeMap::new());
            let mut copy = (map.clone(), model.clone());
            for (key, value, what) in steps {
                match what {
                    0 | 1 => prop_assert_eq!(map.insert(key, value), model.insert(key, value)),
                    2 | 3 => prop_assert_eq!(map.remove(&key), model.remove_entry(&key)),
                    _ => copy = (map.clone(), model.clone()),
                }
            }
            for (map, model) in [(map, model), copy] {
                prop_assert_eq!(map.len(), model.len());
                prop_assert!(map.iter().eq(&model));
                prop_assert!(map.iter().rev().eq(model.iter().rev()));
                if let Some(root) = &map.0 {
                    depth(root, None, &mut None);
                }
                let part: Vec<_> =
                    model.iter().filter(|(k, _)| std::ops::RangeBounds::contains(&range, *k)).collect();
                prop_assert_eq!(map.range(range).len(), part.len());
                prop_assert!(map.range(range).eq(part.iter().copied()));
                prop_assert!(map.range(range).rev().eq(part.into_iter().rev()));
                // Both ends meet.
                let mut rows = map.iter();
                let mut seen = 0;
                while rows.next().is_some() {
                    seen += 1 + usize::from(rows.next_back().is_some());
                }
                prop_assert_eq!(seen, model.len());
            }
        }
    }
}

//! A message's body and what it is grouped and told apart by, in one block: several small ones
//! would take more memory than a small message.

/// The body, the group's name and the deduplication id, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    all: Box<str>,
    /// Bytes of the last two; none is none.
    group: u8,
    dedup: u8,
}

impl Texts {
    /// Only the first 255 bytes of group and id would be found again: they have 128 at most.
    pub(crate) fn new(mut body: String, group: Option<&str>, dedup: Option<&str>) -> Self {
        let (group, dedup) = (group.unwrap_or_default(), dedup.unwrap_or_default());
        body.reserve_exact(group.len() + dedup.len());
        body.push_str(group);
        body.push_str(dedup);
        let length = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        Self { all: body.into_boxed_str(), group: length(group), dedup: length(dedup) }
    }

    pub(crate) fn body(&self) -> &str {
        self.parts().0
    }

    pub(crate) fn group(&self) -> Option<&str> {
        Some(self.parts().1).filter(|group| !group.is_empty())
    }

    /// Messages of FIFO queues have one, and no others.
    pub(crate) fn dedup(&self) -> Option<&str> {
        Some(self.parts().2).filter(|dedup| !dedup.is_empty())
    }

    /// The group of a FIFO queue's message; none of any other.
    pub(crate) fn fifo_group(&self) -> Option<&str> {
        if self.dedup > 0 { self.group() } else { None }
    }

    fn parts(&self) -> (&str, &str, &str) {
        let last = |text: &'_ str, length: u8| text.len().saturating_sub(usize::from(length));
        let (rest, dedup) =
            self.all.split_at_checked(last(&self.all, self.dedup)).unwrap_or_default();
        let (body, group) = rest.split_at_checked(last(rest, self.group)).unwrap_or_default();
        (body, group, dedup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_together_comes_apart() {
        let fifo = Texts::new("böd".to_owned(), Some("g"), Some("id"));
        assert_eq!((fifo.body(), fifo.group(), fifo.dedup()), ("böd", Some("g"), Some("id")));
        assert_eq!(fifo.fifo_group(), Some("g"));
        let fair = Texts::new("body".to_owned(), Some("g"), None);
        assert_eq!((fair.body(), fair.group(), fair.dedup()), ("body", Some("g"), None));
        assert_eq!(fair.fifo_group(), None);
        let plain = Texts::new("body".to_owned(), None, None);
        assert_eq!((plain.body(), plain.group(), plain.dedup()), ("body", None, None));
    }
}

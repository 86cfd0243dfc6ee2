//! Tokens that let a caller go on where a list was cut.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// An opaque token for the position after `last`.
pub fn token(last: &str) -> String {
    URL_SAFE_NO_PAD.encode(last)
}

/// The position in a token; `None` for one that is not ours.
pub fn position(token: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

/// At most `limit` items, and the token to go on with if more would follow.
pub fn page<T>(
    items: impl IntoIterator<Item = T>,
    limit: usize,
    key: impl Fn(&T) -> &str,
) -> (Vec<T>, Option<String>) {
    let mut items = items.into_iter();
    let page: Vec<T> = items.by_ref().take(limit).collect();
    let next = items.next().and_then(|_| page.last()).map(|last| token(key(last)));
    (page, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_for_the_last_item_of_a_cut_page() {
        let (items, next) = page(["a", "b", "c"], 2, |s| s);
        assert_eq!((items, position(&next.unwrap()).unwrap().as_str()), (vec!["a", "b"], "b"));
        assert_eq!(page(["a", "b"], 2, |s| s).1, None);
        assert_eq!(position("not base64!"), None);
    }
}

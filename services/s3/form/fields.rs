//! Reads `multipart/form-data`: the fields, and the file behind them as a stream. What comes after
//! the file is not looked at.

use std::ops::RangeInclusive;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use cumulet_core::{AwsError, Body};
use http_body::{Body as HttpBody, Frame};
use percent_encoding::percent_decode_str;

use crate::errors;

/// Bytes before the file, at most.
const FIELDS_MAX: usize = 20 << 10;

/// A form's fields, in order.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl FromIterator<(String, String)> for Fields {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(fields: T) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl Fields {
    /// A field's value; names are the same in any case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Sets a field.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.0.push((name.to_owned(), value));
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A form that was read up to its file.
pub(crate) struct Form {
    pub(crate) fields: Fields,
    /// The name that the file has at its sender's, without folders; empty if it has none.
    pub(crate) filename: String,
    pub(crate) file: Option<File>,
}

/// Reads a form up to its file.
pub(crate) async fn read(content_type: &str, body: Body) -> Result<Form, AwsError> {
    let boundary = parameter(content_type, "boundary").filter(|b| !b.is_empty());
    let boundary = boundary.ok_or_else(errors::malformed_form)?;
    let mark = Bytes::from(format!("\r\n--{boundary}"));
    // The first boundary has no line before it.
    let mut parts = Parts { body, held: BytesMut::from(&b"\r\n"[..]), left: FIELDS_MAX };
    let mut form = Form { fields: Fields::default(), filename: String::new(), file: None };
    parts.until(&mark).await?;
    while !parts.has_ended().await? {
        let head = parts.until(b"\r\n\r\n").await?;
        let head = String::from_utf8_lossy(&head);
        let disposition = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
        });
        let disposition = disposition.ok_or_else(errors::malformed_form)?;
        let name = parameter(disposition, "name").ok_or_else(errors::malformed_form)?;
        if name.eq_ignore_ascii_case("file") {
            form.filename = filename(disposition);
            let Parts { body, held, .. } = parts;
            form.file = Some(File { body, held, mark, size: 0, sizes: 0..=u64::MAX, done: false });
            break;
        }
        let value = parts.until(&mark).await?;
        form.fields.0.push((name, String::from_utf8_lossy(&value).into_owned()));
    }
    Ok(form)
}

fn filename(disposition: &str) -> String {
    let encoded = parameter(disposition, "filename*");
    let encoded = encoded.as_deref().and_then(|text| text.splitn(3, '\'').nth(2));
    let name = match encoded {
        Some(text) => percent_decode_str(text).decode_utf8_lossy().into_owned(),
        None => parameter(disposition, "filename").unwrap_or_default(),
    };
    name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

/// A parameter of a header: `form-data; name="a"; filename="b;c"`.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, next) = quoted.split_once('"')?;
                (value, next.split_once(';').map_or("", |(_, next)| next))
            }
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.trim().to_owned());
        }
        rest = next;
    }
}

/// What stands before the file.
struct Parts {
    body: Body,
    held: BytesMut,
    left: usize,
}

impl Parts {
    async fn more(&mut self) -> Result<(), AwsError> {
        if self.held.len() > self.left {
            return Err(errors::form_too_long());
        }
        let piece = self.body.next().await.transpose()?.ok_or_else(errors::malformed_form)?;
        self.held.extend_from_slice(&piece);
        Ok(())
    }

    /// Takes what stands before a mark, and the mark.
    async fn until(&mut self, mark: &[u8]) -> Result<Bytes, AwsError> {
        loop {
            if let Some(at) = find(&self.held, mark) {
                let taken = at + mark.len();
                self.left = self.left.checked_sub(taken).ok_or_else(errors::form_too_long)?;
                let mut piece = self.held.split_to(taken);
                piece.truncate(at);
                return Ok(piece.freeze());
            }
            self.more().await?;
        }
    }

    /// Whether the boundary that was just read is the last one.
    async fn has_ended(&mut self) -> Result<bool, AwsError> {
        while self.held.len() < 2 {
            self.more().await?;
        }
        Ok(self.held.starts_with(b"--"))
    }
}

/// Where `mark` begins; it begins with a carriage return.
fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    let mut returns = bytes.iter().enumerate().filter(|(_, b)| **b == b'\r');
    returns.find_map(|(at, _)| bytes.get(at..)?.starts_with(mark).then_some(at))
}

/// The file of a form, up to the boundary behind it.
pub(crate) struct File {
    body: Body,
    held: BytesMut,
    mark: Bytes,
    size: u64,
    sizes: RangeInclusive<u64>,
    done: bool,
}

impl File {
    /// The file as a body that fails at its end if its size is not one of these.
    pub(crate) fn sized(self, sizes: Option<RangeInclusive<u64>>) -> Body {
        Body::stream(Self { sizes: sizes.unwrap_or(0..=u64::MAX), ..self })
    }

    /// What is surely the file's of what has arrived.
    fn take(&mut self) -> Bytes {
        let len = match find(&self.held, &self.mark) {
            Some(at) => {
                self.done = true;
                at
            }
            None => self.held.len().saturating_sub(self.mark.len() - 1),
        };
        self.size += len as u64;
        let piece = self.held.split_to(len).freeze();
        // Of a file that is too large only the size is wanted.
        if self.size > *self.sizes.end() { Bytes::new() } else { piece }
    }

    fn check(&self) -> Result<(), AwsError> {
        let (size, sizes) = (self.size, &self.sizes);
        if size > *sizes.end() {
            return Err(errors::larger_than_policy(size, sizes.end()));
        }
        if size < *sizes.start() {
            return Err(errors::smaller_than_policy(size, sizes.start()));
        }
        Ok(())
    }
}

impl HttpBody for File {
    type Data = Bytes;
    type Error = AwsError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AwsError>>> {
        while !self.done {
            let piece = self.take();
            if self.done {
                self.check()?;
            }
            if !piece.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            if !self.done {
                let frame = ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose()?;
                let frame = frame.ok_or_else(errors::malformed_form)?;
                self.held.extend_from_slice(&frame.into_data().unwrap_or_default());
            }
        }
        Poll::Ready(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found() {
        let header = r#"form-data; name="file"; filename="a;b=c.txt""#;
        assert_eq!(parameter(header, "filename").as_deref(), Some("a;b=c.txt"));
        assert_eq!(parameter("multipart/form-data; boundary=x", "boundary").as_deref(), Some("x"));
        assert_eq!(parameter(header, "other"), None);
        assert_eq!(filename(r#"form-data; filename="C:\tmp\a.txt""#), "a.txt");
        assert_eq!(filename("form-data; filename*=utf-8''%C3%A9.txt"), "é.txt");
    }
}

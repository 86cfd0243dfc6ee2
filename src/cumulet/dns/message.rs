//! DNS messages (RFC 1035) as far as one question and its answer go.

use std::net::IpAddr;

const HEADER: usize = 12;
/// Of a name, with its dots.
const NAME_MAX: usize = 255;
/// Seconds that an answer may be kept: short, because containers come and go.
const TTL: u32 = 10;
const A: u16 = 1;
const AAAA: u16 = 28;
const IN: u16 = 1;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rcode {
    FormatError = 1,
    ServerFailure = 2,
    NotImplemented = 4,
}

/// A question.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query<'a> {
    /// In small letters, without the last dot.
    pub(super) name: String,
    kind: u16,
    header: &'a [u8],
    /// As it came, for the answer.
    question: &'a [u8],
}

impl<'a> Query<'a> {
    /// None for what must not be answered: an answer, or less than a header.
    pub(super) fn read(packet: &'a [u8]) -> Option<Result<Self, Rcode>> {
        let (header, rest) = packet.split_at_checked(HEADER)?;
        let [_, _, flags, _, questions @ ..] = header else { return None };
        if flags & 0x80 != 0 {
            return None;
        }
        if flags & 0x78 != 0 {
            return Some(Err(Rcode::NotImplemented));
        }
        if !questions.starts_with(&[0, 1]) {
            return Some(Err(Rcode::FormatError));
        }
        Some(Self::question(header, rest).ok_or(Rcode::FormatError))
    }

    fn question(header: &'a [u8], rest: &'a [u8]) -> Option<Self> {
        let (mut name, mut at) = (String::new(), 0);
        loop {
            // Nothing stands before the question that its name could point to.
            let length = usize::from(*rest.get(at)?);
            let label = rest.get(at + 1..at + 1 + length).filter(|_| length < 64)?;
            at += 1 + length;
            if length == 0 {
                break;
            }
            if !name.is_empty() {
                name.push('.');
            }
            name.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
            if name.len() > NAME_MAX {
                return None;
            }
        }
        let question = rest.get(..at + 4)?;
        let kind = u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]);
        Some(Self { name, kind, header, question })
    }

    /// The address, where it is of the kind that was asked for; else that there is none of that kind.
    pub(super) fn answer(&self, here: Option<IpAddr>) -> Vec<u8> {
        let data = match (self.kind, here) {
            (A, Some(IpAddr::V4(ip))) => ip.octets().to_vec(),
            (AAAA, Some(IpAddr::V6(ip))) => ip.octets().to_vec(),
            _ => Vec::new(),
        };
        let mut out = head(self.header, 0, [1, u8::from(!data.is_empty())]);
        out.extend(self.question);
        if !data.is_empty() {
            // The name is that of the question, which begins after the header.
            out.extend([0xc0, 0x0c]);
            out.extend(self.kind.to_be_bytes());
            out.extend(IN.to_be_bytes());
            out.extend(TTL.to_be_bytes());
            out.extend(u16::try_from(data.len()).unwrap_or(0).to_be_bytes());
            out.extend(data);
        }
        out
    }
}

/// An answer without a question in it: what asked cannot be repeated.
pub(super) fn refusal(packet: &[u8], rcode: Rcode) -> Vec<u8> {
    head(packet, rcode as u8, [0, 0])
}

/// The header: an answer with authority, from one who also asks others.
fn head(asked: &[u8], rcode: u8, [questions, answers]: [u8; 2]) -> Vec<u8> {
    let [id, id2, flags] = [0, 1, 2].map(|at| asked.get(at).copied().unwrap_or(0));
    let wanted_recursion = flags & 1;
    vec![id, id2, 0x84 | wanted_recursion, 0x80 | rcode, 0, questions, 0, answers, 0, 0, 0, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(kind: u8) -> Vec<u8> {
        let mut packet = vec![7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        packet.extend(b"\x01B\x02s3\x00\x00");
        packet.extend([kind, 0, 1]);
        packet
    }

    #[test]
    fn a_question_has_an_answer_of_its_kind() {
        let packet = asked(1);
        let query = Query::read(&packet).unwrap().unwrap();
        assert_eq!(query.name, "b.s3");
        let answer = query.answer(Some([10, 0, 0, 7].into()));
        assert_eq!(answer[..8], [7, 9, 0x85, 0x80, 0, 1, 0, 1]);
        assert_eq!(answer[12..22], packet[12..22]);
        assert!(answer.ends_with(&[0, 4, 10, 0, 0, 7]));
        let v6 = asked(28);
        let none = Query::read(&v6).unwrap().unwrap().answer(Some([10, 0, 0, 7].into()));
        assert_eq!(none[6..8], [0, 0]);
    }

    #[test]
    fn what_is_no_question_is_refused_or_left_alone() {
        assert_eq!(Query::read(&[0; 11]), None);
        let mut answer = asked(1);
        answer[2] |= 0x80;
        assert_eq!(Query::read(&answer), None);
        let mut pointing = asked(1);
        pointing[12] = 0xc0;
        for bad in [&asked(1)[..20], &pointing, &[0; 12]] {
            assert_eq!(Query::read(bad), Some(Err(Rcode::FormatError)), "{bad:?}");
        }
        assert_eq!(refusal(&asked(1), Rcode::FormatError)[..4], [7, 9, 0x85, 0x81]);
    }
}

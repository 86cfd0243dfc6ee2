//! What is packed is unpacked as it was, by the program's own code.

#![expect(clippy::cast_possible_truncation, reason = "all that is made here is small")]

use proptest::prelude::*;

use super::*;

#[path = "../../cumulet/rows.rs"]
mod program;

const SECTION: u64 = 0x20_0000;

/// An entry with this augmentation.
fn entry(letters: &[u8], said: &[u8]) -> Vec<u8> {
    let head = [&[0, 0, 0, 0, 1], letters, &[0, 1, 0x78, 16], &[said.len() as u8], said].concat();
    framed(&[&head, &[0x0c, 7, 8, 0x90, 1][..]].concat())
}

/// With its length before it, on a multiple of four.
fn framed(body: &[u8]) -> Vec<u8> {
    let mut all = (body.len().next_multiple_of(4) as u32).to_le_bytes().to_vec();
    all.extend(body);
    all.resize(all.len().next_multiple_of(4), 0);
    all
}

/// A section of functions one after the other: the bytes before each, its own, where its landing pads are, its
/// instructions.
fn section(functions: &[(u32, u32, Option<u32>, Vec<u8>)]) -> Vec<u8> {
    let plain = entry(b"zR", &[0x1b]);
    let with_pads = entry(b"zPLR", &[0x9b, 0, 1, 0, 0, 0x1b, 0x1b]);
    let mut out = [plain.clone(), with_pads].concat();
    let mut end = 0x40_0000;
    for (gap, length, pads, instructions) in functions {
        let at = |behind: usize| SECTION as u32 + (out.len() + behind) as u32;
        let of = if pads.is_some() { plain.len() } else { 0 };
        let start = end + gap;
        let mut body = ((out.len() + 4 - of) as u32).to_le_bytes().to_vec();
        body.extend(start.wrapping_sub(at(8)).to_le_bytes());
        body.extend(length.to_le_bytes());
        match pads {
            None => body.push(0),
            Some(pads) => {
                body.push(4);
                let pads = if *pads == 0 { 0 } else { pads.wrapping_sub(at(17)) };
                body.extend(pads.to_le_bytes());
            }
        }
        body.extend(instructions);
        out.extend(framed(&body));
        end = start + length;
    }
    out.extend([0; 4]);
    out
}

fn shown(rows: &[Row<'_>]) -> Vec<(u64, u64, Option<u64>, Vec<u8>)> {
    let mut all: Vec<_> =
        rows.iter().map(|r| (r.start, r.length, r.pads, r.instructions.to_vec())).collect();
    all.sort();
    all
}

proptest! {
    #[test]
    fn all_rows_come_back(functions in prop::collection::vec(
        (
            0..500_u32,
            1..9000_u32,
            prop::option::of(prop_oneof![Just(0), 0x30_0000..0x30_4000_u32]),
            prop::sample::select(vec![
                vec![],
                vec![0x41, 0x0e, 0x10, 0x86, 0x02, 0x43, 0x0d, 0x06],
                vec![0x41, 0x0e, 0x10, 0x02, 0x80, 0x0e, 0x08],
            ]),
        ),
        0..50,
    )) {
        let section = section(&functions);
        let (_, before) = read(&section, SECTION).unwrap();
        let unpacked = program::unpack(&pack(&section, SECTION, &[]).unwrap()).unwrap();
        let (_, after) = read(&unpacked, 0x7000_0000).unwrap();
        prop_assert_eq!(before.len(), functions.len());
        prop_assert_eq!(shown(&before), shown(&after));
    }
}

#[test]
fn rows_of_unused_functions_go() {
    let section = section(&[(0, 16, None, vec![]), (0, 16, None, vec![]), (0, 16, None, vec![])]);
    let unused = 0x40_0010..0x40_0020;
    let packed = pack(&section, SECTION, std::slice::from_ref(&unused)).unwrap();
    let unpacked = program::unpack(&packed).unwrap();
    let starts: Vec<_> = read(&unpacked, 0).unwrap().1.iter().map(|row| row.start).collect();
    assert_eq!(starts, [0x40_0000, 0x40_0020]);
}

#[test]
fn how_a_frame_is_taken_down_is_not_kept() {
    // push rbp; mov rbp, rsp; push rbx | after 130 bytes: pop, ret
    let begin = [0x41, 0x0e, 0x10, 0x86, 0x02, 0x43, 0x0d, 0x06, 0x43, 0x83, 0x03];
    let end = [0x02, 0x82, 0x0c, 0x07, 0x08];
    assert_eq!(without_epilogue(&[&begin[..], &end].concat()).unwrap(), begin);
    // Without a frame pointer each row is needed.
    let all = [0x44, 0x0e, 0x10, 0x50, 0x0e, 0x08];
    assert_eq!(without_epilogue(&all).unwrap(), all);
}

#[test]
fn what_is_not_packed_is_not_unpacked() {
    assert!(program::unpack(&section(&[])).is_none());
}

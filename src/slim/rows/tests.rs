//! What is packed is unpacked as it was, by the program's own code.

#![expect(clippy::cast_possible_truncation, reason = "all that is made here is small")]

use proptest::prelude::*;

use super::*;

#[path = "../../cumulet/rows.rs"]
mod program;

const ROWS: u64 = 0x20_0000;
const PADS: u64 = 0x30_0000;

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

/// Where a function is, its bytes, its table of landing pads, its instructions.
type Shown = (u64, u64, Option<Vec<u8>>, Vec<u8>);

/// The bytes before a function, its own, its table of landing pads (none: no room for one), its instructions.
type Function = (u32, u32, Option<Vec<u8>>, Vec<u8>);

/// The rows of functions one after the other, and their tables of landing pads.
fn sections(functions: &[Function]) -> (Vec<u8>, Vec<u8>) {
    let plain = entry(b"zR", &[0x1b]);
    let with_pads = entry(b"zPLR", &[0x9b, 0, 1, 0, 0, 0x1b, 0x1b]);
    let (mut rows, mut tables) = ([plain.clone(), with_pads].concat(), Vec::new());
    let mut end = 0x40_0000;
    for (gap, length, table, instructions) in functions {
        let at = |behind: usize| ROWS as u32 + (rows.len() + behind) as u32;
        let of = if table.is_some() { plain.len() } else { 0 };
        let start = end + gap;
        let mut body = ((rows.len() + 4 - of) as u32).to_le_bytes().to_vec();
        body.extend(start.wrapping_sub(at(8)).to_le_bytes());
        body.extend(length.to_le_bytes());
        match table {
            None => body.push(0),
            Some(table) => {
                body.push(4);
                let place = PADS as u32 + tables.len() as u32;
                let place = if table.is_empty() { 0 } else { place.wrapping_sub(at(17)) };
                body.extend(place.to_le_bytes());
                tables.extend(table);
            }
        }
        body.extend(instructions);
        rows.extend(framed(&body));
        end = start + length;
    }
    rows.extend([0; 4]);
    (rows, tables)
}

/// A table of sites: the bytes before each, its own, its pad and action.
fn table(sites: &[(u64, u64, u64, u64)], has_types: bool) -> Vec<u8> {
    let (mut all, mut end) = (Vec::new(), 0);
    for (gap, length, pad, action) in sites {
        for n in [end + gap, *length, *pad, if has_types && *pad > 0 { *action } else { 0 }] {
            number(&mut all, n);
        }
        end += gap + length;
    }
    let mut body = vec![1];
    part(&mut body, &all);
    if !has_types {
        return [&[0xff, 0xff][..], &body].concat();
    }
    body.extend([0x7f, 0, 0, 0, 0, 0]);
    let mut table = vec![0xff, 3];
    part(&mut table, &body);
    table
}

/// Each function's place and what belongs to it.
fn shown(rows: &[Row<'_>], pads: Section<'_>) -> Vec<Shown> {
    let table = |at: u64| match at.checked_sub(pads.address) {
        None => Vec::new(),
        Some(at) => {
            let bytes = &pads.bytes[at as usize..];
            let table = pads::read(Reader { rest: bytes, at: 0 }).unwrap();
            let shown = |s: &pads::Site| [s.start, s.length, s.pad, s.action].map(u64::to_le_bytes);
            let sites = table.sites.iter().flat_map(shown).flatten();
            sites.chain([table.rest.types]).chain(table.rest.bytes.iter().copied()).collect()
        }
    };
    let mut all: Vec<_> = rows
        .iter()
        .map(|r| (r.start, r.length, r.pads.map(table), r.instructions.to_vec()))
        .collect();
    all.sort();
    all
}

fn packed(functions: &[Function], unused: &[Range<u64>]) -> Vec<u8> {
    let (rows, tables) = sections(functions);
    let pads = Section { bytes: &tables, address: PADS };
    pack(Section { bytes: &rows, address: ROWS }, pads, unused).unwrap()
}

prop_compose! {
    fn tables()(
        sites in prop::collection::vec((0..300_u64, 1..90_u64, 0..2000_u64, 0..4_u64), 1..9),
        has_types in any::<bool>(),
        is_there in any::<bool>(),
    ) -> Vec<u8> {
        if is_there { table(&sites, has_types) } else { Vec::new() }
    }
}

proptest! {
    #[test]
    fn all_comes_back(functions in prop::collection::vec(
        (
            0..500_u32,
            1..9000_u32,
            prop::option::of(tables()),
            prop::sample::select(vec![
                vec![],
                vec![0x41, 0x0e, 0x10, 0x86, 0x02, 0x43, 0x0d, 0x06],
                vec![0x41, 0x0e, 0x10, 0x02, 0x80, 0x0e, 0x08],
            ]),
        ),
        0..50,
    )) {
        let (rows, tables) = sections(&functions);
        let (_, before) = read(Section { bytes: &rows, address: ROWS }).unwrap();
        let (fresh, pads) = program::unpack(&packed(&functions, &[])).unwrap();
        let (_, after) = read(Section { bytes: &fresh, address: 0 }).unwrap();
        prop_assert_eq!(before.len(), functions.len());
        prop_assert_eq!(
            shown(&before, Section { bytes: &tables, address: PADS }),
            shown(&after, Section { bytes: &pads, address: pads.as_ptr().addr() as u64 }),
        );
    }
}

#[test]
fn rows_of_unused_functions_go() {
    let unused = 0x40_0010..0x40_0020;
    let all = [(0, 16, None, vec![]), (0, 16, None, vec![]), (0, 16, None, vec![])];
    let (rows, _) = program::unpack(&packed(&all, std::slice::from_ref(&unused))).unwrap();
    let (_, rows) = read(Section { bytes: &rows, address: 0 }).unwrap();
    let starts: Vec<_> = rows.iter().map(|row| row.start).collect();
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
    assert!(program::unpack(&sections(&[]).0).is_none());
}

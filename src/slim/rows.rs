//! The rows of unwinding (`.eh_frame`) and the landing pads (`.gcc_except_table`) in fewer bytes: in the order of the
//! functions, with what many have in common said once, and without what unwinding never asks for, as it begins at
//! calls only: how a function takes its frame down. `src/cumulet/rows.rs` reads it:
//!
//! - `ROWS`, then the entries (CIE) as they will stand, with absolute addresses, of functions in four bytes, of landing
//!   pads in eight: how many; of each its length, and it;
//! - the patterns: how many; of each the number of its entry, the bytes that say where landing pads are (8 or
//!   none), the length of its instructions, and they;
//! - the ends of tables of landing pads: how many; of each how types are written, its length, and it;
//! - the bytes of all tables of landing pads together, at most;
//! - the functions: how many; of each the bytes between it and the one before, its bytes, its pattern, and if that has
//!   room for landing pads, 0 for none or the number of its table's end and one, how many sites there are, and of
//!   each the bytes between it and the one before, its bytes, 0 for no pad or one more than the pad against the one
//!   before as a signed number, and behind a pad its action.
//!
//! All numbers are LEB128.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use crate::Result;
use crate::pads::{self, Table};

const MAGIC: &[u8] = b"ROWS";
/// The registers that point to a function's frame on x86-64 and arm64.
const FRAME_POINTERS: [u64; 2] = [6, 29];

/// A function's row.
struct Row<'a> {
    start: u64,
    length: u64,
    /// Where its table of landing pads is, 0 if it has none; and none if its entry has no room for that.
    pads: Option<u64>,
    entry: usize,
    instructions: &'a [u8],
}

/// A section and where it is loaded.
#[derive(Clone, Copy)]
pub(crate) struct Section<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) address: u64,
}

pub(crate) fn pack(rows: Section<'_>, pads: Section<'_>, unused: &[Range<u64>]) -> Result<Vec<u8>> {
    let (entries, mut rows) = read(rows)?;
    rows.retain(|row| !unused.iter().any(|function| function.contains(&row.start)));
    rows.sort_by_key(|row| row.start);
    let tables: Vec<_> = rows.iter().map(|row| table(row, pads)).collect::<Result<_>>()?;
    let patterns = Numbers::new(rows.iter().map(pattern));
    let ends = Numbers::new(tables.iter().flatten().map(|table| table.rest));
    let mut out = MAGIC.to_vec();
    number(&mut out, entries.len() as u64);
    for entry in &entries {
        part(&mut out, entry);
    }
    number(&mut out, patterns.0.len() as u64);
    for (entry, has_pads, instructions) in patterns.in_order() {
        number(&mut out, entry as u64);
        number(&mut out, if has_pads { 8 } else { 0 });
        part(&mut out, instructions);
    }
    number(&mut out, ends.0.len() as u64);
    for end in ends.in_order() {
        number(&mut out, end.types.into());
        part(&mut out, end.bytes);
    }
    number(&mut out, pads.bytes.len() as u64);
    number(&mut out, rows.len() as u64);
    let mut end = 0;
    for (row, table) in rows.iter().zip(&tables) {
        number(&mut out, row.start.checked_sub(end).ok_or("two rows for one function")?);
        number(&mut out, row.length);
        number(&mut out, patterns.of(pattern(row)));
        end = row.start + row.length;
        match table {
            Some(table) => {
                number(&mut out, ends.of(table.rest) + 1);
                sites(&mut out, table)?;
            }
            None if row.pads.is_some() => number(&mut out, 0),
            None => {}
        }
    }
    Ok(out)
}

fn table<'a>(row: &Row<'_>, pads: Section<'a>) -> Result<Option<Table<'a>>> {
    let Some(at) = row.pads.filter(|at| *at != 0) else { return Ok(None) };
    let mut reader = Reader { rest: pads.bytes, at: pads.address };
    reader
        .take(usize::try_from(at.checked_sub(pads.address).ok_or("no table of landing pads")?)?)?;
    pads::read(reader).map(Some)
}

fn sites(out: &mut Vec<u8>, table: &Table<'_>) -> Result<()> {
    let (mut end, mut pad) = (0, 0);
    number(out, table.sites.len() as u64);
    for site in &table.sites {
        number(out, site.start.checked_sub(end).ok_or("landing pads that are not in order")?);
        number(out, site.length);
        end = site.start + site.length;
        if site.pad == 0 {
            number(out, 0);
            continue;
        }
        let step = i64::try_from(site.pad)? - i64::try_from(pad)?;
        number(out, ((step << 1) ^ (step >> 63)).cast_unsigned() + 1);
        number(out, site.action);
        pad = site.pad;
    }
    Ok(())
}

/// Numbers for things, the smallest for the most frequent.
struct Numbers<T>(HashMap<T, usize>);

impl<T: Copy + Ord + Hash> Numbers<T> {
    fn new(all: impl Iterator<Item = T>) -> Self {
        let mut counts: HashMap<T, usize> = HashMap::new();
        all.for_each(|one| *counts.entry(one).or_default() += 1);
        let mut order: Vec<_> = counts.into_iter().map(|(one, n)| (usize::MAX - n, one)).collect();
        order.sort_unstable();
        Self(order.into_iter().enumerate().map(|(number, (_, one))| (one, number)).collect())
    }

    fn of(&self, one: T) -> u64 {
        self.0.get(&one).map_or(0, |number| *number as u64)
    }

    fn in_order(&self) -> impl Iterator<Item = T> {
        let mut all: Vec<_> = self.0.iter().map(|(one, number)| (*number, *one)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, one)| one)
    }
}

fn part(out: &mut Vec<u8>, bytes: &[u8]) {
    number(out, bytes.len() as u64);
    out.extend(bytes);
}

fn pattern<'a>(row: &Row<'a>) -> (usize, bool, &'a [u8]) {
    (row.entry, row.pads.is_some(), row.instructions)
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let [byte, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}

/// The entries written anew, and all rows.
fn read(section: Section<'_>) -> Result<(Vec<Vec<u8>>, Vec<Row<'_>>)> {
    let mut entries = Vec::new();
    // Where each entry was, its number, and how addresses are written in its rows.
    let mut places: HashMap<u64, (usize, Encodings)> = HashMap::new();
    let mut rows = Vec::new();
    let mut reader = Reader { rest: section.bytes, at: section.address };
    while !reader.rest.is_empty() {
        let start = reader.at;
        let length = reader.word()?;
        let mut body = reader.take(usize::try_from(length)?)?;
        let Some(mut one) = body.part(4) else { continue };
        let id = one.word()?;
        if id == 0 {
            let (fresh, encodings) = entry(body)?;
            places.insert(start, (entries.len(), encodings));
            entries.push(fresh);
            continue;
        }
        let of = start + 4 - u64::from(id);
        let &(entry, Encodings { code, pads }) =
            places.get(&of).ok_or("a row without its entry")?;
        let start = body.address(code)?;
        let length = body.address(code.distance())?;
        let size = body.number()?;
        let mut more = body.part(usize::try_from(size)?).ok_or("cut off")?;
        let pads = pads.map(|encoding| more.address(encoding)).transpose()?;
        let instructions = without_epilogue(body.rest)?;
        rows.push(Row { start, length, pads, entry, instructions });
    }
    Ok((entries, rows))
}

/// An entry with absolute addresses, and how addresses are written in its rows now.
fn entry(mut body: Reader<'_>) -> Result<(Vec<u8>, Encodings)> {
    let version = body.byte()?;
    let length = body.rest.iter().position(|b| *b == 0).ok_or("no end of text")?;
    let letters = body.part(length + 1).ok_or("cut off")?.rest;
    let alignment = [body.number()?, body.number()?, body.number()?];
    let size = body.number()?;
    let mut data = body.part(usize::try_from(size)?).ok_or("cut off")?;
    // Its length and the 0 that makes it an entry.
    let mut fresh = vec![0; 8];
    fresh.push(version);
    fresh.extend(letters);
    for n in alignment {
        number(&mut fresh, n);
    }
    let mut said = Vec::new();
    let mut encodings = Encodings { code: Encoding(0), pads: None };
    for letter in letters {
        match letter {
            b'P' => {
                let encoding = Encoding(data.byte()?);
                said.push(encoding.absolute());
                said.extend(u32::try_from(data.address(encoding)?)?.to_le_bytes());
            }
            b'L' => {
                encodings.pads = Some(Encoding(data.byte()?));
                said.push(Encoding::EIGHT);
            }
            b'R' => {
                encodings.code = Encoding(data.byte()?);
                said.push(encodings.code.absolute());
            }
            b'z' | b'S' | 0 => {}
            _ => return Err("an entry that is not known here".into()),
        }
    }
    number(&mut fresh, said.len() as u64);
    fresh.extend(said);
    fresh.extend(body.rest);
    fresh.resize(fresh.len().next_multiple_of(4), 0);
    let length = u32::try_from(fresh.len() - 4)?;
    fresh.splice(..4, length.to_le_bytes());
    Ok((fresh, encodings))
}

/// Up to where a function that has a frame pointer takes its frame down.
fn without_epilogue(instructions: &[u8]) -> Result<&[u8]> {
    let mut reader = Reader { rest: instructions, at: 0 };
    let (mut has_frame, mut before) = (false, 0);
    let mut end = 0;
    while !reader.rest.is_empty() {
        let start = usize::try_from(reader.at)?;
        let (mut is_step, mut register) = (false, None);
        match reader.byte()? {
            0x00 => continue,
            0x40..=0x7f => is_step = true,
            0xc0..=0xff | 0x0a | 0x0b | 0x2d => {}
            0x02 => is_step = reader.part(1).is_some(),
            0x03 => is_step = reader.part(2).is_some(),
            0x04 => is_step = reader.part(4).is_some(),
            0x0c => {
                register = Some(reader.number()?);
                reader.number()?;
            }
            0x0d => register = Some(reader.number()?),
            0x80..=0xbf | 0x0e | 0x2e => drop(reader.number()?),
            // Others are rare, and so is what they stand in.
            _ => return Ok(instructions),
        }
        match register {
            Some(register) if FRAME_POINTERS.contains(&register) => has_frame = true,
            Some(_) if has_frame => {
                return instructions.get(..before).ok_or_else(|| "cut off".into());
            }
            _ => {}
        }
        end = usize::try_from(reader.at)?;
        before = if is_step { start } else { end };
    }
    instructions.get(..end).ok_or_else(|| "cut off".into())
}

/// Reads what stands at an address.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) rest: &'a [u8],
    pub(crate) at: u64,
}

impl Reader<'_> {
    /// The next bytes; none, and nothing is read, where there are fewer.
    fn part(&mut self, length: usize) -> Option<Self> {
        let (part, rest) = self.rest.split_at_checked(length)?;
        let at = self.at;
        (self.rest, self.at) = (rest, at + length as u64);
        Some(Self { rest: part, at })
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<Self> {
        self.part(length).ok_or_else(|| "cut off".into())
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?.rest.first().copied().unwrap_or_default())
    }

    fn word(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.take(4)?.rest.try_into()?))
    }

    /// LEB128; a signed one is not told from the unsigned one that has the same bytes.
    pub(crate) fn number(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number too large".into())
    }

    /// An address; 0 is nothing, also where it is relative to its own place.
    fn address(&mut self, encoding: Encoding) -> Result<u64> {
        let at = self.at;
        let value = match encoding.0 & 0x0f {
            0x03 => self.word()?.into(),
            0x0b => i64::from(self.word()?.cast_signed()).cast_unsigned(),
            0x00 | 0x04 | 0x0c => u64::from(self.word()?) | u64::from(self.word()?) << 32,
            other => return Err(format!("an address in the encoding {other:#x}").into()),
        };
        match encoding.0 & 0x70 {
            _ if value == 0 => Ok(0),
            0x00 => Ok(value),
            Encoding::RELATIVE => Ok(at.wrapping_add(value)),
            other => Err(format!("an address against {other:#x}").into()),
        }
    }
}

/// How the addresses of functions and of landing pads are written.
#[derive(Clone, Copy)]
struct Encodings {
    code: Encoding,
    pads: Option<Encoding>,
}

/// How an address is written (`DW_EH_PE`).
#[derive(Clone, Copy)]
pub(crate) struct Encoding(u8);

impl Encoding {
    /// There is none.
    pub(crate) const OMITTED: u8 = 0xff;
    /// Eight bytes.
    const EIGHT: u8 = 0x00;
    /// Against where it stands.
    const RELATIVE: u8 = 0x10;
    /// There is an address where it points to.
    const INDIRECT: u8 = 0x80;
    /// Four bytes without a sign.
    const FOUR: u8 = 0x03;

    fn absolute(self) -> u8 {
        self.0 & Self::INDIRECT | Self::FOUR
    }

    /// Of a number that is no address.
    fn distance(self) -> Self {
        Self(self.0 & 0x0f)
    }
}

#[cfg(test)]
mod tests;

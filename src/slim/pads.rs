//! A function's table of landing pads (`.gcc_except_table`), taken apart as Rust's own personality reads it.

use crate::Result;
use crate::rows::{Encoding, Reader};

/// Of a function.
pub(crate) struct Table<'a> {
    pub(crate) sites: Vec<Site>,
    pub(crate) rest: Rest<'a>,
}

/// Some code, and where unwinding goes on when it comes by: all relative to the function.
pub(crate) struct Site {
    pub(crate) start: u64,
    pub(crate) length: u64,
    /// 0 is nowhere.
    pub(crate) pad: u64,
    pub(crate) action: u64,
}

/// What many tables have in common: how types are written, and actions and types.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Rest<'a> {
    pub(crate) types: u8,
    pub(crate) bytes: &'a [u8],
}

/// Reads the table that stands here.
pub(crate) fn read(mut reader: Reader<'_>) -> Result<Table<'_>> {
    const LEB128: u8 = 0x01;

    if reader.byte()? != Encoding::OMITTED {
        return Err("landing pads that are not relative to their function".into());
    }
    let types = reader.byte()?;
    let mut all = reader;
    if types != Encoding::OMITTED {
        let length = all.number()?;
        all = all.take(usize::try_from(length)?)?;
    }
    if all.byte()? != LEB128 {
        return Err("a table of landing pads that is not known here".into());
    }
    let length = all.number()?;
    let mut table = all.take(usize::try_from(length)?)?;
    let mut sites = Vec::new();
    while !table.rest.is_empty() {
        let (start, length) = (table.number()?, table.number()?);
        sites.push(Site { start, length, pad: table.number()?, action: table.number()? });
    }
    // Where there are no types nothing says how long the actions are: there must not be any.
    let bytes = if types == Encoding::OMITTED { &[] } else { all.rest };
    let has_action = |site: &Site| site.action != 0;
    if sites.iter().any(|s| has_action(s) && (bytes.is_empty() || s.pad == 0)) {
        return Err("an action that is not known here".into());
    }
    Ok(Table { sites, rest: Rest { types, bytes } })
}

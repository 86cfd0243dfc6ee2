//! Makes a static program smaller after it was linked: `slim PROGRAM OUT`. Runs where images are built
//! (`scripts/image.toml` has it linked with its relocations) and ships in none.
//!
//! - std's own hook for panics becomes a function that returns, as the program sets another one before anything
//!   else; what only that hook called, the symboliser of backtraces, goes ([`unused`]).
//! - The rows of unwinding and the tables of landing pads are written anew in fewer bytes ([`rows`]); the program puts
//!   them back at its first panic.
//! - Symbols and relocations go, with everything else that is not loaded.
//!
//! What goes is zeros afterwards, where the rest has to stay at its address: compressed it is nothing.

mod pads;
mod rows;
mod unused;

use std::error::Error;
use std::io::{Write as _, stdout};
use std::ops::Range;

use object::{Object as _, ObjectSection as _, ObjectSegment as _};

use crate::rows::Section;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(program), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("slim PROGRAM OUT".into());
    };
    let bytes = std::fs::read(&program)?;
    let slim = slim(&bytes)?;
    std::fs::write(&out, slim)?;
    // As executable as the other.
    std::fs::set_permissions(&out, std::fs::metadata(&program)?.permissions())?;
    Ok(())
}

fn slim(bytes: &[u8]) -> Result<Vec<u8>> {
    let elf = object::File::parse(bytes)?;
    let mut slim = bytes.to_vec();
    let functions = unused::find(&elf)?;
    for function in &functions.unused {
        place(&elf, &mut slim, function.clone())?.fill(0);
    }
    for hollow in &functions.hollow {
        let code = unused::return_at_once(elf.architecture())?;
        let place = place(&elf, &mut slim, hollow.clone())?;
        place.fill(0);
        place.get_mut(..code.len()).ok_or("too short to return")?.copy_from_slice(code);
    }
    let (rows, pads) = (section(&elf, ".eh_frame")?, section(&elf, ".gcc_except_table")?);
    let packed = rows::pack(rows, pads, &functions.unused)?;
    let (unused, all) = (functions.unused.len(), functions.bytes());
    writeln!(stdout(), "{unused} unused functions of {all} bytes; {} bytes of rows", packed.len())?;
    for Section { bytes, address } in [rows, pads] {
        place(&elf, &mut slim, address..address + bytes.len() as u64)?.fill(0);
    }
    let end = rows.address + packed.len() as u64;
    if packed.len() > rows.bytes.len() {
        return Err("more rows than before".into());
    }
    place(&elf, &mut slim, rows.address..end)?.copy_from_slice(&packed);
    without_sections(&elf, &mut slim)?;
    Ok(slim)
}

fn section<'a>(elf: &object::File<'a>, name: &str) -> Result<Section<'a>> {
    let section = elf.section_by_name(name).ok_or_else(|| format!("no {name}"))?;
    Ok(Section { bytes: section.data()?, address: section.address() })
}

/// The bytes of the file that are loaded at these addresses.
fn place<'a>(
    elf: &object::File<'_>,
    bytes: &'a mut [u8],
    addresses: Range<u64>,
) -> Result<&'a mut [u8]> {
    let segment = elf
        .segments()
        .find(|s| (s.address()..s.address() + s.size()).contains(&addresses.start))
        .ok_or("an address that is not loaded")?;
    let start = segment.file_range().0 + addresses.start - segment.address();
    let end = start + addresses.end - addresses.start;
    bytes.get_mut(usize::try_from(start)?..usize::try_from(end)?).ok_or_else(|| "cut off".into())
}

/// Ends the file behind what is loaded, and says that it has no sections.
fn without_sections(elf: &object::File<'_>, bytes: &mut Vec<u8>) -> Result<()> {
    const SECTION_HEADERS: Range<usize> = 0x28..0x30;
    const SECTION_COUNT_AND_NAMES: Range<usize> = 0x3c..0x40;

    let end = elf.segments().map(|s| s.file_range().0 + s.file_range().1).max();
    bytes.truncate(usize::try_from(end.ok_or("nothing is loaded")?)?);
    for field in [SECTION_HEADERS, SECTION_COUNT_AND_NAMES] {
        bytes.get_mut(field).ok_or("no header")?.fill(0);
    }
    Ok(())
}

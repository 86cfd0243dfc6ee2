//! Finds the functions that nobody calls once std's hook for panics returns at once. Only those of the
//! symboliser are looked at, and one stays if anything else in the program may get to it: the compiler makes
//! functions one that are alike.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use object::{
    Architecture, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationKind,
    RelocationTarget, SectionKind, SymbolKind,
};

use crate::Result;

/// What returns at once: the hook, or what the compiler has left of it for itself. None of it has a result.
const HOLLOW: &str = "9panicking12default_hook";
/// Names of crates and modules in the names of functions.
const SYMBOLISER: [&str; 6] = [
    "5gimli",
    "9addr2line",
    "10miniz_oxide",
    "14rustc_demangle",
    "3std12backtrace_rs",
    "3std3sys9backtrace",
];

/// Where functions are.
#[derive(Default)]
pub(crate) struct Functions {
    pub(crate) hollow: Vec<Range<u64>>,
    pub(crate) unused: Vec<Range<u64>>,
}

impl Functions {
    pub(crate) fn bytes(&self) -> u64 {
        self.unused.iter().map(|f| f.end - f.start).sum()
    }
}

pub(crate) fn return_at_once(architecture: Architecture) -> Result<&'static [u8]> {
    match architecture {
        Architecture::X86_64 => Ok(&[0xc3]),
        Architecture::Aarch64 => Ok(&[0xc0, 0x03, 0x5f, 0xd6]),
        _ => Err("no such architecture".into()),
    }
}

pub(crate) fn find(elf: &object::File<'_>) -> Result<Functions> {
    let names = names(elf);
    let is = |range: &Range<u64>, what: &dyn Fn(&str) -> bool| {
        names.get(&range.start).is_some_and(|(_, names)| names.iter().all(|name| what(name)))
    };
    let all: Vec<_> = names.iter().map(|(start, (end, _))| *start..*end).collect();
    let hollow: Vec<_> = all.iter().filter(|f| is(f, &|n| n.contains(HOLLOW))).cloned().collect();
    if hollow.is_empty() {
        return Err("std's hook for panics is not where it was".into());
    }
    let mut unused: BTreeSet<u64> = all
        .iter()
        .filter(|f| is(f, &|name| SYMBOLISER.iter().any(|part| name.contains(part))))
        .map(|f| f.start)
        .collect();
    let function_at = |address: u64| {
        let (start, (end, _)) = names.range(..=address).next_back()?;
        (address < *end).then_some(*start)
    };
    let hollow_at: BTreeSet<_> = hollow.iter().map(|f| f.start).collect();
    let mut calls = Vec::new();
    for (from, to) in references(elf) {
        let Some(called) = function_at(to) else { continue };
        match from {
            Some(from) => calls.push((function_at(from), called)),
            // A table of jumps leads into the middle of a function, and belongs to it.
            None if to == called => drop(unused.remove(&called)),
            None => {}
        }
    }
    loop {
        let before = unused.len();
        for (from, called) in &calls {
            let goes = |from: &u64| unused.contains(from) || hollow_at.contains(from);
            if !from.as_ref().is_some_and(goes) {
                unused.remove(called);
            }
        }
        if unused.len() == before {
            break;
        }
    }
    let unused = all.into_iter().filter(|f| unused.contains(&f.start)).collect();
    Ok(Functions { hollow, unused })
}

/// Functions by where they start: where they end, and all their names.
fn names<'a>(elf: &'a object::File<'_>) -> BTreeMap<u64, (u64, Vec<&'a str>)> {
    let mut names = BTreeMap::new();
    for symbol in elf.symbols().filter(|s| s.kind() == SymbolKind::Text && s.size() > 0) {
        let Ok(name) = symbol.name() else { continue };
        let (end, all) = names.entry(symbol.address()).or_insert((0, Vec::new()));
        *end = (symbol.address() + symbol.size()).max(*end);
        all.push(name);
    }
    names
}

/// What refers to which address: code, or data of which no place is said.
fn references(elf: &object::File<'_>) -> Vec<(Option<u64>, u64)> {
    let mut all = Vec::new();
    for section in elf.sections() {
        let is_code = match section.kind() {
            SectionKind::Text => true,
            SectionKind::Data | SectionKind::ReadOnlyData | SectionKind::ReadOnlyDataWithRel => {
                false
            }
            _ if matches!(section.name(), Ok(".init_array" | ".fini_array")) => false,
            _ => continue,
        };
        for (at, relocation) in section.relocations() {
            let to = match relocation.target() {
                RelocationTarget::Symbol(index) => {
                    elf.symbol_by_index(index).map(|s| s.address()).unwrap_or_default()
                }
                _ => continue,
            };
            // What is relative on x86 is so to the end of the field.
            let field = match (elf.architecture(), relocation.kind()) {
                (Architecture::X86_64, RelocationKind::Absolute) | (Architecture::Aarch64, _) => 0,
                _ => i64::from(relocation.size() / 8),
            };
            let to = to.wrapping_add_signed(relocation.addend() + field);
            all.push((is_code.then_some(at), to));
        }
    }
    all
}

//! Unpacks the rows of unwinding of binaries that ship, for the first panic. `src/slim/rows.rs` packs them, and says
//! what is where.

/// The rows as the unwinder reads them, and the tables of landing pads that they point to; none if they are not
/// packed.
pub(crate) fn unpack(packed: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut packed = Packed(packed.strip_prefix(b"ROWS")?);
    // The unwinder wants the rows of an entry right behind it.
    let mut groups: Vec<_> =
        (0..packed.number()?).map(|_| Some(packed.part()?.to_vec())).collect::<Option<_>>()?;
    let patterns: Vec<_> = (0..packed.number()?)
        .map(|_| Some((packed.number()?, packed.number()?, packed.part()?)))
        .collect::<Option<_>>()?;
    let ends: Vec<_> = (0..packed.number()?)
        .map(|_| Some((packed.number()?, packed.part()?)))
        .collect::<Option<_>>()?;
    // Never moves: there are pointers to it.
    let mut tables = Vec::<u8>::with_capacity(packed.number()?);
    let mut start = 0;
    for _ in 0..packed.number()? {
        start += packed.number()?;
        let length = packed.number()?;
        let (entry, places, instructions) = patterns.get(packed.number()?)?;
        let rows = groups.get_mut(*entry)?;
        let at = rows.len();
        // All of it is a multiple of four, and none of its own length.
        let size = (17 + places + instructions.len()).next_multiple_of(4);
        for word in [size - 4, at + 4, start, length] {
            rows.extend(u32::try_from(word).ok()?.to_le_bytes());
        }
        rows.push(u8::try_from(*places).ok()?);
        if *places > 0 {
            let mut address = 0_usize;
            if let Some(end) = packed.number()?.checked_sub(1) {
                let table = packed.table(*ends.get(end)?)?;
                address = tables.as_ptr().addr() + tables.len();
                if table.len() > tables.capacity() - tables.len() {
                    return None;
                }
                tables.extend(table);
            }
            rows.extend(address.to_le_bytes());
        }
        rows.extend(*instructions);
        rows.resize(at + size, 0);
        start += length;
    }
    groups.push(vec![0; 4]);
    Some((groups.concat(), tables))
}

fn push(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.extend(number.to_le_bytes().first().map(|byte| byte | 0x80));
        number >>= 7;
    }
    out.extend(number.to_le_bytes().first());
}

struct Packed<'a>(&'a [u8]);

impl<'a> Packed<'a> {
    /// LEB128.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A table of landing pads with this end.
    fn table(&mut self, (types, rest): (usize, &[u8])) -> Option<Vec<u8>> {
        const OMITTED: u8 = 0xff;
        const LEB128: u8 = 0x01;

        let (mut sites, mut end, mut pad) = (Vec::new(), 0, 0_usize);
        for _ in 0..self.number()? {
            let start = end + self.number()?;
            let length = self.number()?;
            end = start + length;
            push(&mut sites, start);
            push(&mut sites, length);
            match self.number()?.checked_sub(1) {
                None => sites.extend([0, 0]),
                Some(step) => {
                    pad = pad.wrapping_add((step >> 1) ^ (step & 1).wrapping_neg());
                    push(&mut sites, pad);
                    push(&mut sites, self.number()?);
                }
            }
        }
        let mut body = vec![LEB128];
        push(&mut body, sites.len());
        body.extend(sites);
        body.extend(rest);
        let types = u8::try_from(types).ok()?;
        let mut table = vec![OMITTED, types];
        if types != OMITTED {
            push(&mut table, body.len());
        }
        table.extend(body);
        Some(table)
    }

    fn part(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }
}

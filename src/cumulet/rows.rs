//! Unpacks the rows of unwinding of binaries that ship, for the first panic. `src/slim/rows.rs` packs them, and says
//! what is where.

/// The rows as the unwinder reads them; none if they are not packed.
pub(crate) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut packed = Packed(packed.strip_prefix(b"ROWS")?);
    // The unwinder wants the rows of an entry right behind it.
    let mut groups: Vec<_> =
        (0..packed.number()?).map(|_| Some(packed.part()?.to_vec())).collect::<Option<_>>()?;
    let patterns: Vec<_> = (0..packed.number()?)
        .map(|_| Some((packed.number()?, packed.number()?, packed.part()?)))
        .collect::<Option<_>>()?;
    let (mut start, mut pads) = (0, 0_usize);
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
            let step = packed.number()?;
            pads = pads.wrapping_add((step >> 1) ^ (step & 1).wrapping_neg());
            rows.extend(u32::try_from(pads).ok()?.to_le_bytes());
        }
        rows.extend(*instructions);
        rows.resize(at + size, 0);
        start += length;
    }
    groups.push(vec![0; 4]);
    Some(groups.concat())
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

    fn part(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }
}

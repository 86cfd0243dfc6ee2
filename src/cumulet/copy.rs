//! `memcpy` and `memmove` for static binaries on x86-64. musl's begin `rep movs` also for a few
//! bytes, which costs more than anything else when an answer is put together of small pieces.
#![expect(unsafe_code, reason = "the functions that copies are compiled to are raw by nature")]

use std::arch::asm;

/// All bytes are read before the first is written, so the places may overlap. No loop: the
/// compiler would make it a call of this function.
macro_rules! both_ends {
    ($to:expr, $from:expr, $length:expr, $piece:ty) => {{
        let (to, from) = ($to.cast::<$piece>(), $from.cast::<$piece>());
        let back = $length - size_of::<$piece>();
        // SAFETY: the caller's length is at least that of a piece.
        unsafe {
            let (first, last) = (from.read_unaligned(), from.byte_add(back).read_unaligned());
            to.write_unaligned(first);
            to.byte_add(back).write_unaligned(last);
        }
    }};
}

#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    match length {
        0 => {}
        1 => both_ends!(to, from, length, u8),
        2..4 => both_ends!(to, from, length, u16),
        4..8 => both_ends!(to, from, length, u32),
        8..16 => both_ends!(to, from, length, u64),
        16..32 => both_ends!(to, from, length, u128),
        32..=64 => both_ends!(to, from, length, [u128; 2]),
        // SAFETY: the caller's places hold `length` bytes; a copy forwards is right unless `to`
        // lies within `from`, one backwards is right then.
        _ => unsafe {
            if to.addr().wrapping_sub(from.addr()) >= length {
                asm!("rep movsb", inout("rcx") length => _, inout("rdi") to => _,
                    inout("rsi") from => _, options(nostack, preserves_flags));
            } else {
                let (to, from) = (to.add(length - 1), from.add(length - 1));
                asm!("std", "rep movsb", "cld", inout("rcx") length => _, inout("rdi") to => _,
                    inout("rsi") from => _, options(nostack));
            }
        },
    }
    to
}

#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    // SAFETY: the same promises, and one more.
    unsafe { memmove(to, from, length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [usize; 22] =
        [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 66, 100, 257, 5000];

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i * 7 + i / 251).to_le_bytes()[0]).collect()
    }

    #[test]
    fn places_may_overlap_from_either_side() {
        for length in LENGTHS {
            for distance in LENGTHS {
                for (to, from) in [(distance, 0), (0, distance)] {
                    let mut ours = bytes(length + distance);
                    let mut theirs = ours.clone();
                    theirs.copy_within(from..from + length, to);
                    let start = ours.as_mut_ptr();
                    // SAFETY: both places are within the bytes.
                    let returned = unsafe { memmove(start.add(to), start.add(from), length) };
                    assert_eq!(returned.addr() - start.addr(), to);
                    assert_eq!(ours, theirs, "{length} bytes from {from} to {to}");
                }
            }
        }
    }

    #[test]
    fn nothing_beside_the_place_is_written() {
        for length in LENGTHS {
            let from = bytes(length);
            let mut to = vec![0xee; length + 2];
            // SAFETY: both places have as many bytes, with one more on either side of `to`.
            unsafe { memcpy(to.as_mut_ptr().add(1), from.as_ptr(), length) };
            assert_eq!(to, [&[0xee], &*from, &[0xee]].concat());
        }
    }
}

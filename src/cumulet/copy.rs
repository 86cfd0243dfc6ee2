//! `memcpy`, `memmove` and `memcmp` for static binaries on x86-64. musl's begin `rep movs` also for a
//! few bytes, which costs more than anything else when an answer is put together of small pieces, and
//! compare one byte at a time, in every key of a table that is looked up.
#![expect(unsafe_code, reason = "the functions that copies are compiled to are raw by nature")]
#![expect(clippy::cast_ptr_alignment, reason = "pieces are read and written unaligned")]

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

#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, length: usize) -> i32 {
    let mut at = 0;
    while at + 8 <= length {
        let eight = |from: *const u8| {
            // SAFETY: the caller's places hold `length` bytes.
            let number = unsafe { from.byte_add(at).cast::<u64>().read_unaligned() };
            number.to_be()
        };
        let (x, y) = (eight(a), eight(b));
        if x != y {
            return if x < y { -1 } else { 1 };
        }
        at += 8;
    }
    while at < length {
        // SAFETY: the same.
        let (x, y) = unsafe { (a.byte_add(at).read(), b.byte_add(at).read()) };
        if x != y {
            return i32::from(x) - i32::from(y);
        }
        at += 1;
    }
    0
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
    fn the_first_byte_that_differs_decides() {
        for length in LENGTHS {
            let ours = bytes(length);
            for at in (0..length).step_by(3) {
                let mut theirs = ours.clone();
                theirs[at] = theirs[at].wrapping_add(100);
                theirs[length - 1] ^= 1;
                // SAFETY: both places have as many bytes.
                let order = unsafe { memcmp(ours.as_ptr(), theirs.as_ptr(), length) };
                assert_eq!(order.cmp(&0), ours.cmp(&theirs), "{at} of {length}");
            }
            // SAFETY: the same.
            assert_eq!(unsafe { memcmp(ours.as_ptr(), ours.as_ptr(), length) }, 0);
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

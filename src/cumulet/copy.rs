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

#[unsafe(no_mangle)]
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

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    // SAFETY: the same promises, and one more.
    unsafe { memmove(to, from, length) }
}

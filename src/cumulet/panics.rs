//! Panics in the binaries that ship. They are linked (`scripts/image.ld`) without what names the
//! functions of a stack, so a panic says only where it happened; and without the sorted table of
//! unwinding, so its rows are told to the unwinder when the first panic comes.
#![expect(unsafe_code, reason = "the unwinder is C's, and the linker says where its rows are")]

use std::sync::Once;

unsafe extern "C" {
    /// Where `.eh_frame` begins.
    #[link_name = "cumulet_eh_frame"]
    static ROWS: u8;

    /// LLVM's libunwind: takes in all rows of a section, up to the empty one at its end.
    fn __unw_add_dynamic_eh_frame_section(rows: usize);
}

/// Comes before everything else: std's own hook is not there.
pub(crate) fn prepare() {
    static TOLD: Once = Once::new();
    std::panic::set_hook(Box::new(|panic| {
        // SAFETY: the section is the linker's, ends as it should, and is told once.
        TOLD.call_once(|| unsafe {
            __unw_add_dynamic_eh_frame_section((&raw const ROWS).addr());
        });
        eprintln!("{panic}");
    }));
}

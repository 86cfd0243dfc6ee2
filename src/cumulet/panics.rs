//! Panics in the binaries that ship. Their rows of unwinding and landing pads are packed (`src/slim`), and there is
//! no sorted table of rows: the first panic unpacks them and tells them to the unwinder. std's own hook is not
//! there, so a panic says where it happened and no more.
#![expect(unsafe_code, reason = "the unwinder is C's, and the linker says where its rows are")]

use std::sync::Once;

unsafe extern "C" {
    /// `.eh_frame`, from here to there (`scripts/image.ld`).
    #[link_name = "cumulet_rows"]
    static ROWS: u8;
    #[link_name = "cumulet_rows_end"]
    static ROWS_END: u8;

    /// LLVM's libunwind: takes in all rows up to the empty one.
    fn __unw_add_dynamic_eh_frame_section(rows: usize);
}

/// Comes before everything else that could panic.
pub(crate) fn prepare() {
    static TOLD: Once = Once::new();
    std::panic::set_hook(Box::new(|panic| {
        TOLD.call_once(tell);
        eprintln!("{panic}");
    }));
}

fn tell() {
    let rows = &raw const ROWS;
    let length = (&raw const ROWS_END).addr() - rows.addr();
    // SAFETY: the linker says where the section begins and ends, and nobody writes to it.
    let packed = unsafe { std::slice::from_raw_parts(rows, length) };
    let rows = crate::rows::unpack(packed).map_or(rows, |(rows, pads)| {
        pads.leak();
        rows.leak().as_ptr()
    });
    // SAFETY: rows as they should be, and an empty one at the end.
    unsafe { __unw_add_dynamic_eh_frame_section(rows.addr()) };
}

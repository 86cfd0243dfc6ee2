//! Small blocks of memory that each thread keeps for its own next call, before an allocator that
//! takes a lock for every one (dlmalloc, in static binaries) or joins and sorts them again and again
//! (glibc's): a small request makes a hundred calls.
//!
//! Invariants: a block of a class always has that class's layout, whoever asked for it and whoever
//! gives it back; a thread gives all it keeps back at its end.
#![expect(unsafe_code, reason = "an allocator is raw by nature")]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr::null_mut;

/// Blocks of classes are so long, and each class's so much longer than those of the one before, which
/// every block is aligned to: what dlmalloc and glibc have between two of their heads.
const LEAST: usize = 24;
const STEP: usize = 16;
const CLASSES: usize = 64;
/// Bytes that a thread keeps of one class.
const CLASS_BYTES: usize = 4096;

/// An allocator with kept blocks before it.
#[derive(Debug)]
pub struct Kept<A: 'static>(&'static A);

impl<A> Kept<A> {
    /// # Safety
    /// It is the only one in the program: blocks of all would mix.
    pub const unsafe fn before(allocator: &'static A) -> Self {
        Self(allocator)
    }
}

/// A block that nobody uses holds the way to the next.
struct Free(*mut Self);

/// The kept blocks of one thread, by class: the first of each, and how many there are.
struct Blocks {
    stage: Cell<Stage>,
    classes: [(Cell<*mut Free>, Cell<usize>); CLASSES],
}

#[derive(Clone, Copy)]
enum Stage {
    /// Nothing was kept yet.
    New,
    Open,
    /// The thread ends.
    Closed,
}

thread_local! {
    // Without a destructor, so that it is there for as long as the thread asks for memory.
    static BLOCKS: Blocks = const {
        Blocks {
            stage: Cell::new(Stage::New),
            classes: [const { (Cell::new(null_mut()), Cell::new(0)) }; CLASSES],
        }
    };
}

impl Blocks {
    fn take(&self, class: usize) -> Option<*mut u8> {
        let (first, count) = self.classes.get(class)?;
        let block = first.get();
        if block.is_null() {
            return None;
        }
        // SAFETY: what is kept was given back, is long enough and was written by `keep`.
        first.set(unsafe { block.read() }.0);
        count.set(count.get() - 1);
        Some(block.cast())
    }

    /// Whether the block is kept.
    fn keep(&self, class: usize, block: *mut u8) -> bool {
        let Some((first, count)) = self.classes.get(class) else { return false };
        if count.get() * length(class) >= CLASS_BYTES {
            return false;
        }
        let block: *mut Free = block.cast();
        // SAFETY: the block was given back, and every class has room for a pointer.
        unsafe { block.write(Free(first.get())) };
        first.set(block);
        count.set(count.get() + 1);
        true
    }
}

/// The class of a layout, and the layout that all blocks of this class have.
fn class(layout: Layout) -> Option<(usize, Layout)> {
    if layout.align() > STEP || layout.size() > length(CLASSES - 1) {
        return None;
    }
    class_of(layout.size().saturating_sub(LEAST).div_ceil(STEP))
}

const fn length(class: usize) -> usize {
    LEAST + class * STEP
}

fn class_of(number: usize) -> Option<(usize, Layout)> {
    Some((number, Layout::from_size_align(length(number), STEP).ok()?))
}

/// Gives the thread's blocks back at its end.
struct End(Cell<Option<&'static dyn GlobalAlloc>>);

thread_local! {
    static END: End = const { End(Cell::new(None)) };
}

impl Drop for End {
    fn drop(&mut self) {
        BLOCKS.with(|blocks| {
            blocks.stage.set(Stage::Closed);
            for number in 0..CLASSES {
                let Some((_, layout)) = class_of(number) else { return };
                while let (Some(block), Some(allocator)) = (blocks.take(number), self.0.get()) {
                    // SAFETY: all blocks of a class have its layout, and one allocator.
                    unsafe { allocator.dealloc(block, layout) };
                }
            }
        });
    }
}

impl<A: GlobalAlloc> Kept<A> {
    fn keep(&self, class: usize, block: *mut u8) -> bool {
        BLOCKS.with(|blocks| {
            if matches!(blocks.stage.get(), Stage::New) {
                // Open first: the system may ask for memory to remember the thread's end.
                blocks.stage.set(Stage::Open);
                END.with(|end| end.0.set(Some(self.0)));
            }
            matches!(blocks.stage.get(), Stage::Open) && blocks.keep(class, block)
        })
    }
}

// SAFETY: a block is either the allocator's or kept, and of one class for its whole life.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Kept<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((class, layout)) = class(layout) else {
            // SAFETY: the caller's promises.
            return unsafe { self.0.alloc(layout) };
        };
        let kept = BLOCKS.with(|blocks| blocks.take(class));
        // SAFETY: a class's layout has a size.
        kept.unwrap_or_else(|| unsafe { self.0.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises; a block of the layout's class has at least its size.
        unsafe {
            if class(layout).is_none() {
                return self.0.alloc_zeroed(layout);
            }
            let block = self.alloc(layout);
            if !block.is_null() {
                block.write_bytes(0, layout.size());
            }
            block
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match class(layout) {
            Some((class, _)) if self.keep(class, block) => {}
            of_class => {
                let layout = of_class.map_or(layout, |(_, layout)| layout);
                // SAFETY: the caller's promises; the layout is that of `alloc`.
                unsafe { self.0.dealloc(block, layout) };
            }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promises, of which one is that this is a layout.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (class(layout), class(wanted)) {
            // SAFETY: the caller's promises.
            (None, None) => unsafe { self.0.realloc(block, layout, size) },
            (Some((before, _)), Some((after, _))) if before == after => block,
            // SAFETY: the caller's promises; both blocks have the bytes that are copied.
            _ => unsafe {
                let moved = self.alloc(wanted);
                if !moved.is_null() {
                    moved.copy_from_nonoverlapping(block, layout.size().min(size));
                    self.dealloc(block, layout);
                }
                moved
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::System;
    use std::sync::atomic::{AtomicIsize, Ordering};

    use super::*;

    /// Counts the blocks that are out.
    struct Counting(AtomicIsize);

    // SAFETY: the system's.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.0.fetch_add(1, Ordering::Relaxed);
            // SAFETY: the caller's promises.
            unsafe { System.alloc(layout) }
        }
        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            self.0.fetch_sub(1, Ordering::Relaxed);
            // SAFETY: the caller's promises.
            unsafe { System.dealloc(block, layout) }
        }
    }

    static COUNTING: Counting = Counting(AtomicIsize::new(0));
    // SAFETY: the tests' only one.
    static KEPT: Kept<Counting> = unsafe { Kept::before(&COUNTING) };

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    /// One test, because the count is everybody's.
    #[test]
    fn blocks_keep_their_bytes_and_all_go_back_at_the_threads_end() {
        let run = || {
            let mut blocks = Vec::new();
            for round in 0..3_usize {
                for size in (1..2_000).step_by(7) {
                    // SAFETY: sizes are not 0, and each block is written and read within its own.
                    unsafe {
                        let block = KEPT.alloc(layout(size));
                        block.write_bytes(round.to_le_bytes()[0], size);
                        blocks.push((block, size, round));
                    }
                }
                for (block, size, round) in blocks.extract_if(.., |(_, size, _)| *size % 2 == 0) {
                    let byte = round.to_le_bytes()[0];
                    // SAFETY: a block of `size` bytes, all of them written, then of as many more.
                    unsafe {
                        let block = KEPT.realloc(block, layout(size), size + 40);
                        let bytes = std::slice::from_raw_parts(block, size);
                        assert!(bytes.iter().all(|b| *b == byte), "{size}");
                        KEPT.dealloc(block, layout(size + 40));
                        let zeros = KEPT.alloc_zeroed(layout(size));
                        let bytes = std::slice::from_raw_parts(zeros, size);
                        assert!(bytes.iter().all(|b| *b == 0), "{size}");
                        KEPT.dealloc(zeros, layout(size));
                    }
                }
            }
            for (block, size, round) in blocks {
                // SAFETY: a block of `size` bytes, all of them written.
                unsafe {
                    let bytes = std::slice::from_raw_parts(block, size);
                    assert!(bytes.iter().all(|b| *b == round.to_le_bytes()[0]), "{size}");
                    KEPT.dealloc(block, layout(size));
                }
            }
            assert!(COUNTING.0.load(Ordering::Relaxed) > 100, "nothing is kept");
            // SAFETY: a size that was given back.
            let again = unsafe { KEPT.alloc(layout(64)) };
            // SAFETY: the same.
            unsafe { KEPT.dealloc(again, layout(64)) };
        };
        std::thread::spawn(run).join().unwrap();
        assert_eq!(COUNTING.0.load(Ordering::Relaxed), 0);
    }
}

//! Room for bodies: files in a folder of our own, or bounded memory where no folder can be had.
//!
//! Invariants:
//! - One process per folder: a lock on the file `lock` in it, which the system lets go when the
//!   process ends, however it ends.
//! - A file has an opaque random name and lives as long as something refers to it: a writer, a
//!   blob or a reader. The last one to go removes it.
//! - No row survives a restart (there is no journal yet), so a start removes all files it finds.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cumulet_core::{AwsError, Ids};

use crate::blob::PIECE;
use crate::blob_writer::BlobWriter;
use crate::discard::discard;

/// Bodies up to this length stay in memory as long as there is room, where files are to be had for
/// others. (Those that are not even one piece long always do.)
const NEAR_MAX: u64 = 16 << 20;
/// That room: reading a file back takes three times as long as sending what is in memory.
const NEAR_TOTAL: u64 = 64 << 20;

/// Letters of a file's name.
const NAME_LEN: usize = 32;
/// Temporary folders are called so, followed by a random name.
const TEMPORARY: &str = "cumulet-";

/// Room for bodies. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs(Arc<Room>);

impl Blobs {
    /// How many bytes bodies take where they all stay in memory, if nothing else is said.
    pub const MEMORY_TOTAL: u64 = 1024 * 1024 * 1024;

    /// Room in the folder `data` (made if absent); where there is none or it cannot be written to,
    /// in a folder of its own inside `temp`, removed at the end; else in [`Blobs::MEMORY_TOTAL`]
    /// bytes of memory. What it came to is logged.
    ///
    /// # Errors
    /// `ResourceBusy` if another process uses `data`.
    pub fn open(data: Option<&Path>, temp: &Path) -> io::Result<Self> {
        if let Some(data) = data {
            match Folder::claim(data, false) {
                Ok(folder) => return Ok(Self::new(Some(folder), NEAR_TOTAL)),
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => return Err(error),
                Err(error) => log::warn!("no large bodies in {}: {error}", data.display()),
            }
        }
        match Folder::temporary(temp) {
            Ok(folder) => Ok(Self::new(Some(folder), NEAR_TOTAL)),
            Err(error) => {
                log::warn!(
                    "no large bodies in {}: {error}; all bodies stay in memory, {} MiB at most",
                    temp.display(),
                    Self::MEMORY_TOTAL >> 20
                );
                Ok(Self::in_memory(Self::MEMORY_TOTAL))
            }
        }
    }

    /// Room in memory alone, for `total` bytes.
    pub fn in_memory(total: u64) -> Self {
        Self::new(None, total)
    }

    fn new(folder: Option<Folder>, total: u64) -> Self {
        Self(Arc::new(Room { folder, total, used: AtomicU64::new(0), ids: Ids::default() }))
    }

    /// The folder with the files, if there is one.
    pub fn folder(&self) -> Option<&Path> {
        self.0.folder.as_ref().map(|folder| &*folder.files)
    }

    /// A writer for a new blob.
    pub fn writer(&self) -> BlobWriter {
        BlobWriter::new(Arc::clone(&self.0))
    }

    #[cfg(test)]
    pub(crate) fn room(&self) -> &Arc<Room> {
        &self.0
    }
}

/// Where bodies are: in a folder and near at hand, or all in memory.
#[derive(Debug)]
pub(crate) struct Room {
    folder: Option<Folder>,
    /// Bytes of memory for bodies, and how many of them are taken.
    total: u64,
    used: AtomicU64,
    ids: Ids,
}

impl Room {
    /// A new, empty file.
    pub(crate) fn create(self: &Arc<Self>) -> io::Result<Spool> {
        let Some(folder) = &self.folder else {
            return Err(io::Error::other("no folder for files"));
        };
        let path = folder.files.join(self.ids.hex(NAME_LEN));
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(Spool { file, blob: BlobFile::new(path, self) })
    }

    /// Keeps a piece of a body, of which there are `len` bytes so far, in memory; `None` if it is to
    /// go to a file.
    pub(crate) fn keep(
        self: &Arc<Self>,
        piece: &Bytes,
        len: u64,
    ) -> Result<Option<Bytes>, AwsError> {
        if self.folder.is_some() && len < PIECE as u64 {
            return Ok(Some(piece.clone()));
        }
        let taken = piece.len() as u64;
        let more = |used: u64| used.checked_add(taken).filter(|used| *used <= self.total);
        let fits = self.folder.is_none() || len <= NEAR_MAX;
        if fits && self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok() {
            let room = Arc::clone(self);
            return Ok(Some(Bytes::from_owner(Kept { piece: piece.clone(), room })));
        }
        match &self.folder {
            Some(_) => Ok(None),
            None => Err(AwsError::new(
                "ServiceUnavailable",
                503,
                format!(
                    "No room for this body: all bodies stay in memory, {} MiB at most, because \
                     neither the data directory nor the temporary directory can be written to.",
                    self.total >> 20
                ),
            )),
        }
    }
}

/// A piece in memory that counts; when dropped, its room is free again.
struct Kept {
    piece: Bytes,
    room: Arc<Room>,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.piece
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.room.used.fetch_sub(self.piece.len() as u64, Ordering::AcqRel);
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct Spool {
    pub(crate) file: File,
    pub(crate) blob: Arc<BlobFile>,
}

/// A file of a blob; dropping this removes it.
#[derive(Debug)]
pub(crate) struct BlobFile(Option<Named>);

/// The name of a file, and the end of it.
#[derive(Debug)]
struct Named {
    path: PathBuf,
    /// A temporary folder stays as long as a file in it does.
    _room: Arc<Room>,
}

impl BlobFile {
    fn new(path: PathBuf, room: &Arc<Room>) -> Arc<Self> {
        Arc::new(Self(Some(Named { path, _room: Arc::clone(room) })))
    }

    pub(crate) fn open(&self) -> io::Result<File> {
        let named = self.0.as_ref().ok_or(io::ErrorKind::NotFound)?;
        File::open(&named.path)
    }
}

impl Drop for BlobFile {
    /// Rows are dropped inside sections, and large files go slowly.
    fn drop(&mut self) {
        discard(self.0.take());
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            log::warn!("{} cannot be removed: {error}", self.path.display());
        }
    }
}

#[derive(Debug)]
struct Folder {
    /// The folder with the lock.
    root: PathBuf,
    files: PathBuf,
    temporary: bool,
    _lock: File,
}

impl Folder {
    fn claim(root: &Path, temporary: bool) -> io::Result<Self> {
        let files = root.join("blobs");
        fs::create_dir_all(&files)?;
        let lock = lock(root, true)?;
        for entry in fs::read_dir(&files)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(is_name) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { root: root.to_owned(), files, temporary, _lock: lock })
    }

    fn temporary(temp: &Path) -> io::Result<Self> {
        sweep(temp);
        let root = temp.join(format!("{TEMPORARY}{}", Ids::default().hex(NAME_LEN)));
        // Others may write to `temp`: the folder must be new, and ours alone.
        create_private(&root)?;
        Self::claim(&root, true)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = fs::remove_dir_all(&self.root)
        {
            log::warn!("{} cannot be removed: {error}", self.root.display());
        }
    }
}

/// Takes the lock of a folder, for as long as the file stays open.
fn lock(root: &Path, create: bool) -> io::Result<File> {
    let path = root.join("lock");
    let file = OpenOptions::new().write(true).create(create).truncate(false).open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            format!("{} is in use by another process", root.display()),
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes the temporary folders of processes that did not end well.
fn sweep(temp: &Path) {
    let Ok(entries) = fs::read_dir(temp) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name.to_str().and_then(|n| n.strip_prefix(TEMPORARY)).is_some_and(is_name);
        // Without a lock file it may be one that is just being made.
        if ours && let Ok(_lock) = lock(&entry.path(), false) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_name(text: &str) -> bool {
    text.len() == NAME_LEN && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

//! Files that appear whole or not at all.

use std::{
    fs,
    io::{self, BufWriter, Seek, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// Where [`replace`] lets its caller write; buffered.
pub trait Sink: Write + Seek {}

impl<W: Write + Seek> Sink for W {}

/// Lets `write` fill a temporary file in the same folder, then renames it over `path`: the path holds
/// what it held before, or all that was written.
///
/// # Errors
///
/// What `write` says, and when the path is something else than a file or the folder cannot be written.
/// Nothing is left behind then.
pub fn replace<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Sink) -> Result<(), E>,
) -> Result<(), E> {
    // A link is followed, so that the file it names is replaced and not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("the path exists and is not a regular file").into());
    }
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut file = BufWriter::new(temporary_file(&folder)?);
    write(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(&target).map_err(|failed| failed.error)?;
    Ok(())
}

fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".f5-").suffix(".part");
    // The permissions of an ordinary new file (the umask applies) instead of a private one.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

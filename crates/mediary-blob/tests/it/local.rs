//! What only a folder can be asked: where things lie, who may see them, and what strangers put into it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use mediary_blob::{CHUNK_BYTES, ErrorKind, Storage, StorageKey, StoredFile};
use mediary_core::StorageBackend;
use mediary_testing::eventually;
use mediary_testing::files::content;
use tempfile::TempDir;

use crate::behaviour::{self, get, key, missing, put};

const HOUR: Duration = Duration::from_secs(3600);

struct Folder {
    storage: Storage,
    root: PathBuf,
    _guard: TempDir,
}

async fn folder() -> Folder {
    let guard = TempDir::new().unwrap();
    let root = guard.path().canonicalize().unwrap().join("data");
    let storage = Storage::open_local(&root).await.unwrap();
    Folder { storage, root, _guard: guard }
}

/// Every file below a folder, temporary ones included, without the marker of the whole.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.file_name() != ".mediary" {
                found.push(entry.path());
            }
        }
    }
    found
}

/// An upload whose process was killed: nothing is cleaned up.
async fn killed(storage: &Storage, key: &StorageKey) {
    let mut upload = storage.create(key).await.unwrap();
    upload.write(content(CHUNK_BYTES + 1).into()).await.unwrap();
    std::mem::forget(upload.stage().await.unwrap());
}

fn age(path: &Path, by: Duration) {
    #[expect(clippy::disallowed_methods, reason = "times of files are the machine's")]
    let then = SystemTime::now() - by;
    fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folder_keeps_every_promise() {
    behaviour::run(&folder().await.storage).await;
}

#[tokio::test]
async fn files_lie_where_administrators_look_for_them() {
    let folder = folder().await;
    put(&folder.storage, &key(3), b"hello").await;
    let path = folder.root.join("media/7/3/1013859600285441");
    assert_eq!(fs::read(&path).unwrap(), b"hello");
    assert_eq!(folder.storage.location(&key(3)), format!("file://{}", path.display()));
    assert_eq!(folder.storage.backend(), StorageBackend::Local);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600,
        "for the program's user alone"
    );

    let again = Storage::open_local(&folder.root).await.unwrap();
    assert_eq!(get(&again, &key(3)).await, b"hello", "a restart finds it");

    assert!(folder.storage.delete(&key(3)).await.unwrap());
    assert!(
        !folder.root.join("media/7").exists() && folder.root.join("media").exists(),
        "empty folders go, too"
    );
}

#[tokio::test]
async fn unfinished_upload_is_removed_by_the_next_attempt_or_when_it_is_old() {
    let folder = folder().await;
    killed(&folder.storage, &key(1)).await;
    killed(&folder.storage, &key(2)).await;
    put(&folder.storage, &key(2), b"the second try").await;
    assert_eq!(
        files(&folder.root.join("media/7/2")).len(),
        1,
        "the whole file leaves no unfinished one beside it"
    );
    assert!(missing(&folder.storage, &key(1)).await);
    let left = files(&folder.root.join("media/7/1"));
    let name = left[0].file_name().unwrap().to_str().unwrap();
    assert!(left.len() == 1 && name.starts_with(".1013859600285441.") && name.ends_with(".part"), "{name}");

    let young = folder.storage.sweep_temporary(HOUR).await.unwrap();
    assert_eq!((young.removed, young.kept), (0, 1));
    for path in files(&folder.root) {
        age(&path, 2 * HOUR);
    }
    let old = folder.storage.sweep_temporary(HOUR).await.unwrap();
    assert_eq!((old.removed, old.kept, old.bytes), (1, 0, CHUNK_BYTES as u64 + 1));
    assert!(!folder.root.join("media/7/1").exists());
    assert_eq!(get(&folder.storage, &key(2)).await, b"the second try", "published files are never swept");
}

#[tokio::test]
async fn abandoned_write_leaves_nothing() {
    let folder = folder().await;
    let mut cancelled = 0;
    for _ in 0..40 {
        let mut upload = folder.storage.create(&key(1)).await.unwrap();
        let mut write = Box::pin(upload.write(Bytes::from(content(8 * CHUNK_BYTES))));
        // One poll starts the blocking half; then the download is cancelled.
        let written = poll_once(&mut write).await;
        drop(write);
        if let Poll::Ready(written) = written {
            written.unwrap();
            // A busy machine may do all of it before the poll looks.
            upload.abort().await.unwrap();
            continue;
        }
        cancelled += 1;
        let error = upload.stage().await.unwrap_err();
        assert!(error.to_string().contains("abandoned"), "{error}");
    }
    assert!(cancelled > 0, "each was written at once");
    eventually("the end of all unfinished files", async || match files(&folder.root) {
        left if left.is_empty() => Ok(()),
        left => Err(left),
    })
    .await;
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}

#[tokio::test]
async fn symbolic_links_are_not_followed() {
    let folder = folder().await;
    let outside = folder.root.parent().unwrap().join("outside");
    fs::create_dir_all(outside.join("3")).unwrap();
    fs::write(outside.join("3/1013859600285441"), b"secret").unwrap();
    fs::create_dir_all(folder.root.join("media/7/9")).unwrap();
    symlink(&outside, folder.root.join("media/8")).unwrap();
    symlink(outside.join("3"), folder.root.join("media/7/3")).unwrap();
    symlink(outside.join("3/1013859600285441"), folder.root.join("media/7/9/1013859600285441")).unwrap();

    let through_company: StorageKey = "media/8/3/1013859600285441".parse().unwrap();
    for key in [&through_company, &key(3), &key(9)] {
        let error = folder.storage.open(key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    }
    for key in [&through_company, &key(3)] {
        assert_eq!(folder.storage.delete(key).await.unwrap_err().kind(), ErrorKind::Refused);
        let mut upload = folder.storage.create(key).await.unwrap();
        upload.write(Bytes::from_static(b"x")).await.unwrap();
        assert_eq!(upload.finish().await.unwrap_err().kind(), ErrorKind::Refused);
    }
    // A link in the place of a file is replaced or removed itself, never followed.
    put(&folder.storage, &key(9), b"ours").await;
    assert_eq!(get(&folder.storage, &key(9)).await, b"ours");
    assert_eq!(behaviour::keys(&folder.storage).await, [key(9).as_str()], "listings do not follow links");
    assert_eq!(fs::read(outside.join("3/1013859600285441")).unwrap(), b"secret");
    assert_eq!(fs::read_dir(outside.join("3")).unwrap().count(), 1);
}

#[tokio::test]
async fn obstacles_on_a_path_are_distinguished_from_absence() {
    let folder = folder().await;
    fs::create_dir_all(folder.root.join("media/7/1/1013859600285441")).unwrap();
    fs::write(folder.root.join("media/7/2"), b"a file where a folder belongs").unwrap();
    for key in [key(1), key(2)] {
        let error = folder.storage.open(&key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        assert!(error.retryable());
    }
    assert!(missing(&folder.storage, &key(3)).await);
}

#[tokio::test]
async fn file_that_shrank_is_an_error_not_a_short_answer() {
    let folder = folder().await;
    put(&folder.storage, &key(1), &content(100_000)).await;
    let file = folder.storage.open(&key(1)).await.unwrap();
    let path = folder.root.join("media/7/1/1013859600285441");
    fs::File::options().write(true).open(path).unwrap().set_len(50_000).unwrap();
    let error = file.read_at(40_000, 20_000).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
    assert_eq!(file.read_at(0, 50_000).await.unwrap(), content(50_000));
    let StoredFile::Local(file) = file else { panic!("a file in a folder is local") };
    assert_eq!(file.warm(0, 100_000).await.unwrap_err().kind(), ErrorKind::Truncated);
    file.warm(0, 50_000).await.unwrap();
    file.warm(0, 0).await.unwrap();
}

#[tokio::test]
async fn folder_that_cannot_be_used_is_refused_with_its_name() {
    let guard = TempDir::new().unwrap();
    fs::write(guard.path().join("file"), b"").unwrap();
    let error = Storage::open_local(&guard.path().join("file/data")).await.unwrap_err();
    assert!(error.to_string().contains("file/data"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Refused);
}

async fn stored(folder: &Folder, key: &StorageKey) -> Result<(), ErrorKind> {
    let mut upload = folder.storage.create(key).await.unwrap();
    let written = upload.write(Bytes::from_static(b"bytes")).await;
    written.map_err(|error| error.kind())?;
    upload.finish().await.map(drop).map_err(|error| error.kind())
}

/// Everything that would take a file for lost or gone, or write one where it is hidden later, fails.
async fn is_away(folder: &Folder) {
    assert_eq!(folder.storage.check().await.unwrap_err().kind(), ErrorKind::Away);
    assert_eq!(folder.storage.probe().await.unwrap_err().kind(), ErrorKind::Away);
    assert_eq!(stored(folder, &key(2)).await, Err(ErrorKind::Away));
    assert_eq!(folder.storage.take_into_use().await.unwrap_err().kind(), ErrorKind::Away);
    for key in [key(1), key(3)] {
        let error = folder.storage.open(&key).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Away && error.retryable() && !error.is_of_one_file(), "{error}");
        assert!(error.to_string().contains(folder.root.join("media").to_str().unwrap()), "{error}");
        assert_eq!(folder.storage.delete(&key).await.unwrap_err().kind(), ErrorKind::Away);
    }
    let listed = folder.storage.list("media").unwrap().next_page().await;
    assert_eq!(listed.unwrap_err().kind(), ErrorKind::Away);
}

#[tokio::test]
async fn folder_that_goes_away_is_not_created_again_and_is_found_when_it_returns() {
    let folder = folder().await;
    put(&folder.storage, &key(1), b"hello").await;
    let (media, kept) = (folder.root.join("media"), folder.root.join("kept"));
    fs::rename(&media, &kept).unwrap();
    is_away(&folder).await;
    assert!(!media.exists(), "nothing makes it again");
    // What an unmounted volume leaves behind.
    fs::create_dir(&media).unwrap();
    is_away(&folder).await;
    assert_eq!(fs::read_dir(&media).unwrap().count(), 0, "and nothing is written where it will be hidden");
    // Another volume, or what was hidden below this one.
    fs::create_dir_all(media.join("7/3")).unwrap();
    fs::write(media.join("7/3/1013859600285441"), "of another").unwrap();
    fs::write(media.join(".mediary"), "0123456789abcdef0123456789abcdef\n").unwrap();
    assert_eq!(folder.storage.delete(&key(3)).await.unwrap_err().kind(), ErrorKind::Away);
    assert_eq!(stored(&folder, &key(2)).await, Err(ErrorKind::Away));
    fs::remove_dir_all(&media).unwrap();
    fs::rename(&kept, &media).unwrap();
    assert_eq!(get(&folder.storage, &key(1)).await, b"hello");
    assert!(missing(&folder.storage, &key(3)).await && !folder.storage.delete(&key(3)).await.unwrap());
    stored(&folder, &key(2)).await.unwrap();
    folder.storage.check().await.unwrap();
}

#[tokio::test]
async fn upload_is_not_published_while_the_folder_is_away() {
    let folder = folder().await;
    let mut upload = folder.storage.create(&key(1)).await.unwrap();
    upload.write(content(2 * CHUNK_BYTES).into()).await.unwrap();
    let staged = upload.stage().await.unwrap();
    let (media, kept) = (folder.root.join("media"), folder.root.join("kept"));
    fs::rename(&media, &kept).unwrap();
    fs::create_dir(&media).unwrap();
    assert_eq!(staged.publish().await.unwrap_err().kind(), ErrorKind::Away);
    assert_eq!((files(&media).len(), files(&kept).len()), (0, 0));
}

#[tokio::test]
async fn folder_of_an_older_release_without_a_marker_is_used_as_it_is() {
    let folder = folder().await;
    let media = folder.root.join("media");
    fs::create_dir_all(media.join("7/1")).unwrap();
    fs::create_dir_all(media.join("lost+found")).unwrap();
    fs::write(media.join("7/1/1013859600285441"), "from before").unwrap();
    assert!(!folder.storage.is_empty().await.unwrap());
    assert_eq!(get(&folder.storage, &key(1)).await, b"from before");
    assert!(missing(&folder.storage, &key(2)).await && !media.join(".mediary").exists());
    folder.storage.take_into_use().await.unwrap();
    let marker = fs::read(media.join(".mediary")).unwrap();
    // As another process does, and the next one.
    let again = Storage::open_local(&folder.root).await.unwrap();
    again.take_into_use().await.unwrap();
    assert_eq!(fs::read(media.join(".mediary")).unwrap(), marker, "the id is given once");
    assert_eq!(behaviour::keys(&again).await, [key(1).as_str()], "the marker is no file of anybody");
    assert_eq!(fs::read_dir(&media).unwrap().count(), 3, "and nothing is left of writing it");
    fs::rename(&media, folder.root.join("kept")).unwrap();
    is_away(&folder).await;
}

#[tokio::test]
async fn empty_folder_is_new_until_something_is_stored_and_nothing_is_missing_in_it() {
    let folder = folder().await;
    let media = folder.root.join("media");
    for made in [false, true] {
        if made {
            fs::create_dir_all(media.join("lost+found")).unwrap();
        }
        assert!(folder.storage.is_empty().await.unwrap());
        assert_eq!(folder.storage.open(&key(1)).await.unwrap_err().kind(), ErrorKind::Away);
        assert_eq!(behaviour::keys(&folder.storage).await, Vec::<String>::new());
    }
    let storages: Vec<_> = (0..8).map(|_| Storage::open_local(&folder.root)).collect();
    let marking =
        storages.into_iter().map(async |opened| opened.await.unwrap().take_into_use().await.unwrap());
    futures_util::future::join_all(marking).await;
    stored(&folder, &key(1)).await.unwrap();
    assert!(!folder.storage.is_empty().await.unwrap(), "eight who took it at once agree on its id");
}

//! Sentences for operators about a database that cannot be opened: what was found, and what to change. The driver's messages are
//! about its own code, so they are replaced; Postgres' own messages are passed on.

use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::dialect::{SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_READONLY, WRITABLE, sqlite_kind};
use crate::{Error, dialect};

/// SQLite's kinds of failure, the low byte of its result codes.
const SQLITE_PERM: i64 = 3;
const SQLITE_BUSY: i64 = 5;
const SQLITE_IOERR: i64 = 10;
const SQLITE_CANTOPEN: i64 = 14;

/// The failure to open the database of `url`.
pub(crate) fn error(url: &str, error: sqlx::Error) -> Error {
    let words = match url.strip_prefix("sqlite:") {
        Some(path) => sqlite(file(path), &error),
        None => postgres(url, &error),
    };
    match words {
        Some(words) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "the database was not opened");
            Error::new(dialect::kind(&error), words)
        }
        None => dialect::error("open the database", error),
    }
}

/// The innermost cause of an error: the driver sometimes wraps errors about an address.
fn inmost<'a>(why: &'a (dyn std::error::Error + 'static)) -> &'a dyn std::error::Error {
    match why.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Configuration(why)) => inmost(why.as_ref()),
        _ => why,
    }
}

/// The file of an embedded database; `None` if the database is a server.
pub fn embedded_file(url: &str) -> Option<PathBuf> {
    let options = SqliteConnectOptions::from_str(url).ok().filter(|_| url.starts_with("sqlite:"))?;
    Some(options.get_filename().to_owned())
}

fn file(path: &str) -> &str {
    let path = path.strip_prefix("//").unwrap_or(path);
    path.split('?').next().unwrap_or(path)
}

fn sqlite(file: &str, error: &sqlx::Error) -> Option<String> {
    let error = match error {
        sqlx::Error::Database(error) => error.as_ref(),
        sqlx::Error::Configuration(why) => {
            let why = inmost(why.as_ref());
            return Some(format!("the address is wrong ({why}); it looks like sqlite:///folder/mediary.db"));
        }
        _ => return None,
    };
    let words = match sqlite_kind(error)? {
        _ if dialect::is_full(error) => "cannot grow, for the disk is full; make room",
        SQLITE_CANTOPEN => {
            "cannot be opened; check that it is a file, that its folder is there, and that this user may write in it"
        }
        SQLITE_READONLY | SQLITE_PERM => {
            "cannot be written; check who owns the file and its folder, and that neither is read-only"
        }
        SQLITE_NOTADB => "is not an SQLite database; name another file, or move this one away",
        SQLITE_CORRUPT => {
            "is damaged; restore it from a backup, and first remove the files of the same name with -wal and -shm at its end, \
            which belong to the damaged one"
        }
        SQLITE_IOERR => "cannot be read or written; check whether its disk is well and mounted",
        SQLITE_BUSY => "is held by another process; end that one, or try again when it is done",
        _ => return None,
    };
    Some(format!("the file {file} {words}"))
}

/// The server of a database URL, to show to people: without the password.
struct Server {
    address: String,
    user: String,
    database: String,
}

impl From<PgConnectOptions> for Server {
    fn from(options: PgConnectOptions) -> Self {
        let address = match options.get_socket() {
            Some(folder) => folder.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        let user = options.get_username().to_owned();
        // As Postgres does if none is named.
        let database = options.get_database().unwrap_or(&user).to_owned();
        Self { address, user, database }
    }
}

fn postgres(url: &str, error: &sqlx::Error) -> Option<String> {
    let wrong = |why: &(dyn std::error::Error + Send + Sync + 'static)| {
        let why = inmost(why);
        Some(format!("the address is wrong ({why}); it looks like postgres://user@host:5432/database"))
    };
    let server = match PgConnectOptions::from_str(url) {
        Ok(options) => Server::from(options),
        Err(sqlx::Error::Configuration(why)) => return wrong(why.as_ref()),
        Err(_) => return None,
    };
    let address = &server.address;
    Some(match error {
        sqlx::Error::Database(error) => refusal(&server, error.as_ref()),
        sqlx::Error::Io(error) => unreachable_at(&server, error)?,
        sqlx::Error::PoolTimedOut => unanswered(address),
        sqlx::Error::Protocol(_) => {
            format!("what listens at {address} is not Postgres; correct the host and port")
        }
        sqlx::Error::Tls(why) if why.to_string().contains("does not support TLS") => format!(
            "{address} takes no encrypted connections, as sslmode asks; turn TLS on there, or take sslmode out of the address"
        ),
        sqlx::Error::Tls(why) => format!(
            "the encrypted connection to {address} failed ({why}); check its certificate, and sslmode and sslrootcert of the address"
        ),
        sqlx::Error::Configuration(why) => return wrong(why.as_ref()),
        _ => return None,
    })
}

fn unanswered(address: &str) -> String {
    format!(
        "{address} does not answer; check that Postgres runs there and that no firewall is between, or correct the host and port"
    )
}

fn unreachable_at(server: &Server, error: &io::Error) -> Option<String> {
    let address = &server.address;
    Some(match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!("nothing listens at {address}; start Postgres there, or correct the host and port")
        }
        io::ErrorKind::NotFound => {
            format!("there is no socket of Postgres at {address}; start it, or correct the path")
        }
        io::ErrorKind::TimedOut
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown => unanswered(address),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => format!(
            "what listens at {address} hung up; check that it is Postgres and allows this machine, or correct the host and port"
        ),
        // The standard library has no kind for it.
        _ if error.to_string().contains("lookup address") => {
            format!(
                "no machine is known by the name of {address}; correct the host, or check this machine's DNS"
            )
        }
        _ => return None,
    })
}

/// What Postgres refused, by SQLSTATE.
fn refusal(server: &Server, error: &dyn DatabaseError) -> String {
    let Server { address, user, database } = server;
    let said = error.message();
    match error.code().as_deref().unwrap_or_default() {
        "3D000" => format!(
            "there is no database {database:?} at {address}; make it with `createdb`, or correct the name"
        ),
        "28P01" => format!(
            "Postgres at {address} knows no role {user:?} with this password; correct the one or the other"
        ),
        "28000" => format!(
            "Postgres at {address} does not let {user:?} in: {said}; make the role with `createuser`, allow it in pg_hba.conf, or correct the address"
        ),
        "42501" => {
            format!(
                "Postgres at {address} allows {user:?} too little: {said}; grant it, or name another role"
            )
        }
        "25006" => {
            format!(
                "Postgres at {address} takes no changes from {user:?} in {database:?}: {said}; {WRITABLE}"
            )
        }
        "53100" => format!("the disk of Postgres at {address} is full; make room on it"),
        "53300" => format!(
            "Postgres at {address} has no connection left; raise its max_connections, or end other clients"
        ),
        "57P03" => format!("Postgres at {address} is starting or stopping; try again in a minute"),
        code => format!("Postgres at {address} refuses: {said} ({code})"),
    }
}

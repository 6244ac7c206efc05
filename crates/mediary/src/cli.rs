//! The command line, as a newcomer reads it with `--help`.

mod aws;
mod send;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};
use mediary_core::{AccountStatus, MediaPolicy, Provider, Role, StorageBackend};
use url::Url;

pub(crate) use self::send::SendArgs;

/// Minutes of the played day that may pass in a second: from real time to a day.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.0..=1440.0;

/// Mediary keeps the media of WhatsApp Business: captured before it expires, proved whole, served to the people allowed to see it.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, subcommand_required = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: webhook, API, inbox and workers.
    Serve(ServeArgs),
    /// Run a fresh Mediary with one company and a simulated WhatsApp that plays real-looking conversations.
    Demo(DemoArgs),
    /// Run the stand-in for Meta's Graph API and media host by itself.
    Simulate(SimulateArgs),
    /// Bring the database up to date.
    Migrate,
    /// Companies.
    #[command(subcommand)]
    Company(CompanyCommand),
    /// People who log in.
    #[command(subcommand)]
    User(UserCommand),
    /// WhatsApp accounts (business phone numbers).
    #[command(subcommand)]
    Account(AccountCommand),
    /// Keys for programs.
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Bring in what an older system left.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Try failed downloads again.
    Retry(RetryArgs),
    /// Save media that is not here yet and WhatsApp may still have, nearest expiry first.
    Backfill(BackfillArgs),
    /// Make thumbnails, waveforms and the rest of stored files, where they are not or again.
    Derive(DeriveArgs),
    /// Send a message to somebody on WhatsApp, and wait until WhatsApp has it.
    Send(SendArgs),
    /// Clean up: retention, expired leases, expired downloads, deleted bytes, old webhook bodies.
    Sweep(SweepArgs),
    /// Read every stored file again and compare its hash.
    Verify(VerifyArgs),
    /// Move stored files to another storage, and check what is stored.
    #[command(subcommand)]
    Storage(StorageCommand),
    /// Check configuration, database, storage, tokens, clock and tools, and say what to do about each.
    Doctor(DoctorArgs),
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct OutputArgs {
    /// Print one JSON object, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Try to break out of the sandbox in which media files are read, in every known way, and look at nothing else.
    #[arg(long)]
    pub(crate) sandbox: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Serve HTTP, but download nothing here.
    #[arg(long, conflicts_with = "workers_only")]
    pub(crate) no_workers: bool,
    /// Download, but serve only health and metrics here.
    #[arg(long)]
    pub(crate) workers_only: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Address and port of the demo; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080", value_parser = values::address)]
    pub(crate) listen: SocketAddr,
    /// The folder for the demo's data. Emptied at each start.
    #[arg(long, default_value = "./mediary-demo")]
    pub(crate) data_dir: PathBuf,
    /// Minutes of the played day that pass in a second once the day so far has been played; with 0 nothing more happens.
    #[arg(long, default_value_t = 0.5, allow_negative_numbers = true, value_parser = values::number(SPEEDS))]
    pub(crate) speed: f64,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    #[arg(long, default_value = "127.0.0.1:9100", value_parser = values::address)]
    pub(crate) listen: SocketAddr,
    /// Where webhooks go; without it none are sent.
    #[arg(long, value_parser = values::web_address)]
    pub(crate) webhook_url: Option<Url>,
    /// The variable that holds the app secret webhooks are signed with.
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) app_secret_env: Option<String>,
    /// The variable that holds the one access token that is accepted; without it any is.
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) access_token_env: Option<String>,
    /// Decides everything random; the same seed gives the same run.
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = values::seed)]
    pub(crate) seed: u64,
    /// Play a day of conversations to the webhook.
    #[arg(long, requires = "webhook_url")]
    pub(crate) play: bool,
    /// Minutes of the played day that pass in a second; with 0 the day ends with what happened until now.
    #[arg(long, default_value_t = 0.5, requires = "play", allow_negative_numbers = true, value_parser = values::number(SPEEDS))]
    pub(crate) speed: f64,
    /// The share of media requests that meet a random fault, from 0 to 1.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = values::number(0.0..=1.0))]
    pub(crate) fault_rate: f64,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OfCompany {
    /// The company's slug.
    #[arg(long, value_name = "SLUG")]
    pub(crate) company: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CompanyCommand {
    /// Add a company.
    Add {
        #[arg(long)]
        name: String,
        /// A short name for commands: lower-case letters, digits and hyphens.
        #[arg(long)]
        slug: String,
        /// store, on_view or stream.
        #[arg(long)]
        media_policy: Option<MediaPolicy>,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Change a company.
    Update {
        #[command(flatten)]
        of: OfCompany,
        /// For how long files are kept: forever, days_after_stored:DAYS, days_after_viewed:DAYS or archive_after:DAYS.
        #[arg(long)]
        retention: String,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// List the companies.
    List(OutputArgs),
}

/// The fields that may change. At least one, since a change of nothing is a mistake.
fn changes(options: &'static [&'static str]) -> ArgGroup {
    ArgGroup::new("changes").args(options).required(true).multiple(true)
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a person.
    Add {
        #[command(flatten)]
        of: OfCompany,
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        /// viewer, agent, manager or admin.
        #[arg(long)]
        role: Role,
        /// The name of the variable that holds the password; without it you are asked.
        #[arg(long, value_name = "VARIABLE")]
        password_env: Option<String>,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Change a person's role, name, password, or whether they may log in.
    #[command(group(changes(&["name", "role", "active", "password_env"])))]
    Update {
        #[command(flatten)]
        of: OfCompany,
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        role: Option<Role>,
        #[arg(long)]
        active: Option<bool>,
        #[arg(long, value_name = "VARIABLE")]
        password_env: Option<String>,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// List a company's people.
    List {
        #[command(flatten)]
        of: OfCompany,
        #[command(flatten)]
        output: OutputArgs,
    },
}

/// The variables that hold an account's secrets.
#[derive(Debug, Default, Args)]
pub(crate) struct AccountSecrets {
    /// The name of the variable that holds the access token; the token itself is never an argument.
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) access_token_env: Option<String>,
    /// The name of the variable that holds the app secret.
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) app_secret_env: Option<String>,
    /// The name of the variable that holds the webhook's verify token.
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) verify_token_env: Option<String>,
    /// Seal with the present secret key although it opens none of the stored secrets. Only for when the former key is lost.
    #[arg(long)]
    pub(crate) key_lost: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Add a business phone number.
    Add {
        #[command(flatten)]
        of: OfCompany,
        /// Who carries its messages: meta, aws or dialog360.
        #[arg(long, default_value_t = Provider::Meta)]
        provider: Provider,
        #[command(flatten)]
        aws: aws::AwsArgs,
        #[arg(long)]
        phone_number_id: String,
        #[arg(long)]
        display_phone_number: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        waba_id: Option<String>,
        /// Overrides the company's policy: store, on_view or stream.
        #[arg(long)]
        media_policy: Option<MediaPolicy>,
        #[command(flatten)]
        secrets: AccountSecrets,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Change an account. With a new token, waiting downloads resume.
    #[command(group(changes(&[
        "name", "media_policy", "retention", "status", "access_token_env", "app_secret_env", "verify_token_env",
        "aws_bucket", "aws_topic_arn",
    ])))]
    Update {
        #[command(flatten)]
        of: OfCompany,
        #[arg(long)]
        phone_number_id: String,
        #[arg(long)]
        name: Option<String>,
        /// store, on_view, stream, or company for the company's own.
        #[arg(long)]
        media_policy: Option<String>,
        /// forever, days_after_stored:DAYS, days_after_viewed:DAYS, archive_after:DAYS, or company for the company's own.
        #[arg(long)]
        retention: Option<String>,
        /// active or disabled.
        #[arg(long, value_parser = values::account_status)]
        status: Option<AccountStatus>,
        #[command(flatten)]
        aws: aws::AwsChanges,
        #[command(flatten)]
        secrets: AccountSecrets,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// List a company's accounts.
    List {
        #[command(flatten)]
        of: OfCompany,
        #[command(flatten)]
        output: OutputArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeyCommand {
    /// Make a key. This is the only time it is shown.
    Add {
        #[command(flatten)]
        of: OfCompany,
        #[arg(long)]
        name: String,
        /// viewer, agent, manager or admin.
        #[arg(long)]
        role: Role,
        /// Ends the key after this many days.
        #[arg(long, value_name = "DAYS", allow_negative_numbers = true, value_parser = values::whole(1..=3650))]
        expires_in_days: Option<u32>,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// End a key at once.
    Revoke {
        #[command(flatten)]
        of: OfCompany,
        #[arg(long)]
        name: String,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// List a company's keys, without the keys themselves.
    List {
        #[command(flatten)]
        of: OfCompany,
        #[command(flatten)]
        output: OutputArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Messages with their media, one JSON object a line. What is here already stays as it is, so an import that was
    /// broken off is simply run again.
    Messages(ImportMessagesArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ImportMessagesArgs {
    /// The lines; docs/guide/importing.md says what they hold.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) of: OfCompany,
    /// Where to write the outcome of each line, one JSON object a line: a new file, or the report of an earlier import.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RetryArgs {
    /// Only this company's; without it all companies'.
    #[arg(long, value_name = "SLUG")]
    pub(crate) company: Option<String>,
    /// Leave out what was tried more often than this; without it nothing is left out.
    #[arg(long, allow_negative_numbers = true, value_parser = values::whole(1..=1000))]
    pub(crate) max_attempts: Option<u32>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BackfillArgs {
    /// Only this company's; without it all companies'.
    #[arg(long, value_name = "SLUG")]
    pub(crate) company: Option<String>,
    /// Files a second, at most.
    #[arg(long, default_value_t = 10, allow_negative_numbers = true, value_parser = values::whole(1..=1000))]
    pub(crate) rate: u32,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = false, args = ["missing", "failed", "all"])]
pub(crate) struct DeriveArgs {
    /// Of files that have none yet, or some of an older version.
    #[arg(long)]
    pub(crate) missing: bool,
    /// Of files with which it failed for good.
    #[arg(long)]
    pub(crate) failed: bool,
    /// Of every stored file, again.
    #[arg(long)]
    pub(crate) all: bool,
    /// Only this company's; without it all companies'.
    #[arg(long, value_name = "SLUG")]
    pub(crate) company: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SweepArgs {
    /// Only say what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StorageCommand {
    /// Move stored files, while everything runs. Stopped half-way, it resumes when it is started again.
    Migrate(StorageMigrateArgs),
    /// Look for files that are missing, other than recorded, or without a record.
    Check(StorageCheckArgs),
    /// Erase what was kept before the media policy said to keep nothing.
    Erase(StorageEraseArgs),
}

#[derive(Debug, Args)]
pub(crate) struct StorageMigrateArgs {
    /// Where to: local, s3 or r2.
    #[arg(long)]
    pub(crate) to: StorageBackend,
    /// Only count what would be moved.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only this company's; without it all companies'.
    #[arg(long, value_name = "SLUG")]
    pub(crate) company: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StorageCheckArgs {
    /// Read every byte and compare its hash, instead of looking at presence and size.
    #[arg(long)]
    pub(crate) deep: bool,
    /// Fetch what is missing again while WhatsApp has it, and let the next sweep remove what no record names.
    #[arg(long)]
    pub(crate) repair: bool,
    /// Remove files without a record also where they are more than those with one.
    #[arg(long, requires = "repair")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StorageEraseArgs {
    #[command(flatten)]
    pub(crate) of: OfCompany,
    /// Only of this WhatsApp account; without it of all whose policy is stream.
    #[arg(long)]
    pub(crate) phone_number_id: Option<String>,
    /// Only count what would be erased.
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Erase it, for good.
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Only this company's; without it all companies'.
    #[arg(long, value_name = "SLUG")]
    pub(crate) company: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

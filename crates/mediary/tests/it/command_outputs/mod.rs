//! The output of every command, word for word, for people and as JSON: a change of a sentence or of a field shows here, and is
//! taken on by `cargo insta review`. What differs from run to run is replaced. A command of the program whose output is not
//! here fails the test.

mod doctor;
mod files;
mod imports;
mod people;
mod refusals;
mod sending;
mod stable;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Env, World, run};
use stable::stable;

/// Commands that run until they are stopped: of these only refusals are held.
const NOT_HELD: [&str; 3] = ["demo", "serve", "simulate"];

#[tokio::test(flavor = "multi_thread")]
async fn outputs_of_every_command_read_so() {
    let mut outputs = Outputs::default();
    refusals::refusals(&mut outputs).await;
    people::people(&mut outputs).await;
    doctor::well(&mut outputs).await;
    doctor::findings(&mut outputs).await;
    doctor::findings_about_a_bucket(&mut outputs).await;
    doctor::findings_about_a_database(&mut outputs).await;
    imports::imports(&mut outputs).await;
    files::derivations(&mut outputs).await;
    files::checks(&mut outputs).await;
    files::moves(&mut outputs).await;
    files::erasing(&mut outputs).await;
    files::sweeps(&mut outputs).await;
    sending::sends(&mut outputs).await;
    let folder = tempfile::tempdir().unwrap();
    let mut help = Help::default();
    help.read(folder.path(), &[]);
    outputs.hold("help", &help.texts);
    outputs.are_complete(&help.commands);
}

/// What was run, and what is held of it.
#[derive(Default)]
struct Outputs {
    shown: Vec<String>,
    held: BTreeSet<String>,
}

impl Outputs {
    fn hold(&mut self, name: &str, text: &str) {
        insta::assert_snapshot!(name, text);
        assert!(self.held.insert(name.to_owned()), "two outputs of one name");
    }

    /// Holds the outputs of some commands in a row.
    fn hold_all(&mut self, name: &str, world: &World, commands: &[&str]) {
        let text = self.transcripts(world, commands);
        self.hold(name, &text);
    }

    fn transcripts(&mut self, world: &World, commands: &[&str]) -> String {
        commands.iter().map(|command| self.transcript(world, &[], command) + "\n").collect()
    }

    /// What a command prints under these settings and how it ends. Its words have no spaces.
    fn transcript(&mut self, world: &World, settings: &[(&str, &str)], command: &str) -> String {
        let mut env = world.env.clone();
        env.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let args: Vec<&str> = command.split_whitespace().collect();
        let output = run(&env, world.folder(), &args);
        self.shown.push(command.to_owned());
        let printed = String::from_utf8(output.stdout).unwrap();
        let printed = match serde_json::from_str::<Value>(&printed) {
            Ok(object) if args.contains(&"--json") => serde_json::to_string_pretty(&object).unwrap() + "\n",
            _ => printed,
        };
        let said = String::from_utf8(output.stderr).unwrap();
        let code = output.status.code().unwrap();
        stable(world, &format!("$ mediary {command}\n{printed}{said}= {code}\n"))
    }

    /// Fails where a command is not held in each of its forms, or an output that nothing prints any more.
    fn are_complete(&self, commands: &[Form]) {
        assert!(commands.len() > 20, "{commands:?}");
        for command in NOT_HELD {
            assert!(
                commands.iter().any(|known| known.command == command),
                "{command} is no command any more"
            );
        }
        let is_held = |form: &Form| {
            let mut shown = self.shown.iter().filter(|shown| {
                shown.strip_prefix(&form.command).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            });
            shown.any(|shown| shown.ends_with(" --json") == form.json)
        };
        let ends = |form: &&Form| !NOT_HELD.contains(&form.command.as_str());
        let missing: Vec<_> = commands.iter().filter(ends).filter(|form| !is_held(form)).collect();
        assert!(missing.is_empty(), "show these: {missing:#?}");
        assert_eq!(crate::snapshots_of("command_outputs"), self.held, "snapshots, and what was shown");
    }
}

/// A command in one of its forms: for people, or as JSON.
#[derive(Debug)]
struct Form {
    command: String,
    json: bool,
}

/// The help of every command, and the commands that it names.
#[derive(Default)]
struct Help {
    texts: String,
    commands: Vec<Form>,
}

impl Help {
    /// Of this command and of everything below it.
    fn read(&mut self, folder: &Path, path: &[&str]) {
        let output = run(&Env::new(), folder, &[path, &["--help"]].concat());
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && !help.is_empty(), "mediary {path:?} --help");
        let name = [&["mediary"][..], path].concat().join(" ");
        self.texts.push_str(&format!("$ {name} --help\n{help}\n"));
        let Some((_, commands)) = help.split_once("\nCommands:\n") else {
            let forms = [false, true].into_iter().filter(|json| !json || help.contains("--json"));
            self.commands.extend(forms.map(|json| Form { command: path.join(" "), json }));
            return;
        };
        let commands = commands.split("\n\n").next().unwrap_or_default();
        for line in commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let command = line.split_whitespace().next().unwrap();
            if command != "help" {
                self.read(folder, &[path, &[command]].concat());
            }
        }
    }
}

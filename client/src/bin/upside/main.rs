//! The `upside` command line.
//!
//! - [`cli`] has the options and the tree of commands, [`commands`] one file per noun.
//! - [`app`] connects, reads tokens and knows who acts; [`plan`] simulates, asks, exports or sends; [`effects`] says what changes.
//! - [`page`] draws `token show`, [`terms`] says terms as sentences, [`output`] prints text and JSON.
//! - [`config`], [`signer`] and [`metadata`] read what people bring: the Solana CLI's config, keys, metadata of a token.
//! - [`failure`] has one sentence, one remedy and one exit code per failure.

mod app;
mod cli;
mod commands;
mod config;
mod effects;
mod failure;
mod metadata;
mod output;
mod page;
mod pieces;
mod plan;
mod signer;
mod terms;

use std::process::ExitCode;

use clap::{error::ErrorKind, CommandFactory, Parser};

use crate::{
    app::App,
    cli::{Cli, Command},
    failure::{Failure, Reason},
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            print_usage_error(&error);
            return ExitCode::from(if asked { 0 } else { Reason::Input as u8 });
        }
    };
    let output = cli.global.output;
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::print_failure(output, &failure);
            ExitCode::from(failure.reason as u8)
        }
    }
}

/// Prints what is wrong with the command, or the help that was asked for; never a key that stands where it should not.
fn print_usage_error(error: &clap::Error) {
    let secrets: Vec<String> = std::env::args_os()
        .filter_map(|argument| argument.into_string().ok())
        .filter(|text| upside_client::key_file::looks_like_a_key(text))
        .collect();
    if secrets.is_empty() {
        // A closed pipe is no reason for another exit code.
        let _ = error.print();
        return;
    }
    let text = error.render().to_string();
    output::write_note(
        secrets
            .iter()
            .fold(text, |text, secret| text.replace(secret.as_str(), "…"))
            .trim_end(),
    );
}

fn run(cli: Cli) -> Result<(), Failure> {
    if let Command::Completions { shell } = cli.command {
        clap_complete::generate(shell, &mut Cli::command(), "upside", &mut std::io::stdout());
        return Ok(());
    }
    let app = App::new(cli.global)?;
    let done = match cli.command {
        Command::Token(command) => commands::token::run(&app, command),
        Command::Shares(command) => commands::shares::run(&app, command),
        Command::Vault(command) => commands::vault::run(&app, command),
        Command::Redeem(command) => commands::redeem::run(&app, command),
        Command::Grant(command) => commands::grant::run(&app, command),
        Command::Round(command) => commands::round::run(&app, command),
        Command::Upside(command) => commands::upside::run(&app, command),
        Command::Harvest(args) => commands::harvest::run(&app, &args),
        Command::Crank(args) => commands::crank::run(&app, &args),
        Command::Layers(command) => commands::layers::run(&app, command),
        Command::Collective(command) => commands::collective::run(&app, command),
        Command::Account(command) => commands::account::run(&app, command),
        Command::Audit(args) => commands::audit::run(&app, &args),
        Command::Value(args) => commands::value::run(&app, &args),
        Command::Replay(args) => commands::replay::run(&app, &args),
        Command::Completions { .. } => Ok(()),
    };
    done.map_err(|failure| failure.map_text(|text| app.without_secrets(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_with_an_example() {
        fn check(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            assert!(command.get_about().is_some(), "{path} has no description");
            let mut leaves = command.get_subcommands().peekable();
            if leaves.peek().is_none() {
                let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(example.contains("Example: upside "), "{path} has no example");
            }
            for leaf in leaves {
                check(leaf, &path);
            }
        }
        check(&Cli::command(), "");
    }
}

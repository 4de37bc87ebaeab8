//! The `callout` command: everything that needs no window. Each subcommand asks `app` and prints the
//! answer; no rule of Callout's is made here.

mod answer;
mod args;
mod command;
mod failure;
mod plain;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use answer::Answer;
use args::{Cli, Command};

/// Who acts, and how answers are printed.
#[derive(Debug)]
struct Context {
    person: String,
    json: bool,
}

fn main() -> ExitCode {
    picture::serve_if_asked();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            return failure::usage(&error, std::env::args_os().any(|arg| arg == "--json"));
        }
    };
    let context = Context {
        person: app::person_or_user(cli.person),
        json: cli.json,
    };
    match run(cli.command, &context).and_then(|answer| answer.print(context.json)) {
        Ok(code) => code,
        Err(error) => failure::report(error, context.json),
    }
}

fn run(command: Command, context: &Context) -> Result<Answer> {
    match command {
        Command::Init(init) => init.run(context),
        Command::Import(import) => import.run(context),
        Command::List(list) => list.run(context),
        Command::Show(show) => show.run(context),
        Command::Annotate(annotate) => annotate.run(context),
        Command::TakeDraft(command) => command.run(context),
        Command::Submit(submit) => submit.run(context),
        Command::Approve(approve) => approve.run(context),
        Command::Return(give_back) => give_back.run(context),
        Command::Reopen(reopen) => reopen.run(context),
        Command::Resolve(resolve) => resolve.run(context),
        Command::History(command) => command.run(context),
        Command::Restore(command) => command.run(context),
        Command::Reasons(command) => command.run(context),
        Command::Region(command) => command.run(context),
        Command::Structure(command) => command.run(context),
        Command::Term(command) => command.run(context),
        Command::Next(command) => command.run(context),
        Command::Claim(command) => command.run(context),
        Command::Release(command) => command.run(context),
        Command::Skip(command) => command.run(context),
        Command::Unskip(command) => command.run(context),
        Command::Kind(command) => command.run(context),
        Command::Bulk(command) => command.run(context),
        Command::Filter(command) => command.run(context),
        Command::Question(command) => command.run(context),
        Command::Review(command) => command.run(context),
        Command::Decide(command) => command.run(context),
        Command::Thread(command) => command.run(context),
        Command::Dashboard(command) => command.run(context),
        Command::People(command) => command.run(context),
        Command::Rules(command) => command.run(context),
        Command::Audit(command) => command.run(context),
        Command::Diagnose(command) => command.run(context),
        Command::Export(export) => export.run(context),
        Command::Status(status) => status.run(context),
        Command::Draft(draft) => draft.run(context),
        Command::Job(job) => job.run(context),
        Command::Engine(engine) => engine.run(),
        Command::Generate(generate) => generate.run(context),
        Command::Train(train) => train.run(context),
        Command::Runs(runs) => runs.run(context),
        Command::Bench(bench) => bench.run(context),
        Command::Model(model) => model.run(context),
    }
}

//! What a shell and `man` want to know of the program.

use clap::CommandFactory;

use crate::{
    args::Args,
    exit::{Exit, Failure},
    output::Output,
};

pub(super) fn completions(shell: clap_complete::Shell, out: &mut Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "shipstation", &mut script);
    out.bytes(&script)?;
    Ok(Exit::Succeeded)
}

pub(super) fn manual(out: &mut Output) -> Result<Exit, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut page)?;
    out.bytes(&page)?;
    Ok(Exit::Succeeded)
}

//! What a shell and `man` want to know of the program.

use std::{fs, path::Path};

use clap::CommandFactory;

use crate::{
    args::Args,
    exit::{Ended, Exit},
    output::Output,
};

pub(super) fn completions(shell: clap_complete::Shell, out: &mut Output) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "shipstation", &mut script);
    out.bytes(&script)
}

/// The page of the program, or those of every verb in a folder.
pub(super) fn manual(out: &mut Output, dir: Option<&Path>) -> Ended {
    if let Some(dir) = dir {
        fs::create_dir_all(dir)?;
        clap_mangen::generate_to(Args::command(), dir)?;
        return Ok(Exit::Succeeded);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut page)?;
    out.bytes(&page)
}

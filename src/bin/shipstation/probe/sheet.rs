//! What was learned of an account: nothing in it names anybody.

use std::fmt;

use serde::Serialize;
use shipstation_connector::testing::simulator::Quirks;

/// Whether the account does as this crate takes for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It does.
    AsAssumed,
    /// It does otherwise, as the detail says.
    Otherwise,
    /// These requests cannot tell, as the detail says.
    NotShown,
}

impl From<bool> for Verdict {
    fn from(is_so: bool) -> Self {
        if is_so { Self::AsAssumed } else { Self::Otherwise }
    }
}

/// One assumption, and what was seen of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Evidence {
    pub(crate) assumption: &'static str,
    pub(crate) asked: String,
    pub(crate) verdict: Verdict,
    pub(crate) seen: String,
}

/// The sheet.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Sheet {
    /// How many requests it took.
    pub(crate) requests: usize,
    /// How many of them changed something, or were to.
    pub(crate) writes: usize,
    pub(crate) evidence: Vec<Evidence>,
    /// The simulator's settings that behave as this account, as far as was seen.
    pub(crate) quirks: Quirks,
    /// Requests a minute.
    pub(crate) rate_limit: Option<u32>,
    /// What to set, because the defaults do not fit.
    pub(crate) advice: Vec<String>,
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.writes {
            0 => writeln!(f, "{} requests, all of them reads", self.requests)?,
            writes => writeln!(f, "{} requests, {writes} of them writes", self.requests)?,
        }
        for Evidence { assumption, asked, verdict, seen } in &self.evidence {
            let verdict = match verdict {
                Verdict::AsAssumed => "as assumed",
                Verdict::Otherwise => "OTHERWISE",
                Verdict::NotShown => "not shown",
            };
            writeln!(f, "  {verdict:<10}  {assumption}\n              {seen}  ({asked})")?;
        }
        let quirks = serde_json::to_string(&self.quirks).unwrap_or_default();
        writeln!(f, "  simulator   {quirks}")?;
        let is_otherwise = self.evidence.iter().any(|evidence| evidence.verdict == Verdict::Otherwise);
        if self.advice.is_empty() {
            let fits = if is_otherwise { "cope with it: no setting has to be changed" } else { "fit" };
            writeln!(f, "  The crate's defaults {fits}.")?;
        }
        self.advice.iter().try_for_each(|advice| writeln!(f, "  advice      {advice}"))
    }
}

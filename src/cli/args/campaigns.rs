//! The words of `campaigns`.

use clap::{Args, Subcommand};

use super::Report;

/// `campaigns`
#[derive(Args, Clone, Debug)]
pub struct Campaigns {
    /// What to do with them.
    #[command(subcommand)]
    pub verb: Option<CampaignsVerb>,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What can be done with campaigns.
#[derive(Clone, Debug, Subcommand)]
pub enum CampaignsVerb {
    /// All campaigns, newest first
    List(Report),
    /// One campaign and its parts
    Show(Named),
    /// Submit what waits, as quota allows, until nothing waits
    Run(Run),
    /// Submit no more parts for now; jobs that are submitted go on
    Pause(Named),
    /// Go on after a pause
    Resume(Named),
    /// Submit no more parts, and cancel the jobs that are live
    Cancel(Cancelling),
}

/// A campaign by its name.
#[derive(Args, Clone, Debug)]
pub struct Named {
    /// The id of a campaign, the beginning of one, or its display name
    #[arg(value_name = "ID")]
    pub campaign: String,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `campaigns run`
#[derive(Args, Clone, Debug)]
pub struct Run {
    /// The id of a campaign, the beginning of one, or its display name; without one all campaigns
    #[arg(value_name = "ID")]
    pub campaign: Option<String>,
    /// Submit what fits now and end, as a timer does
    #[arg(long)]
    pub once: bool,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `campaigns cancel`
#[derive(Args, Clone, Debug)]
pub struct Cancelling {
    /// Which campaign.
    #[command(flatten)]
    pub named: Named,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

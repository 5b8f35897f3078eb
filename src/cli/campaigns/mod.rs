//! `campaigns`: jobs that were too large for one, handled as one.

mod begin;
mod cancel;
mod tell;

use super::args::{Campaigns, CampaignsVerb};
use super::console::Console;
use crate::failure::{Exit, Failure};
use crate::ops::{self, CampaignStatus, Session, Until};

pub use begin::begun;

use begin::waiting;

/// Does what the verb says; without one the campaigns are listed.
pub async fn run(session: &Session, console: &Console, arguments: &Campaigns) -> Result<Exit, Failure> {
    match &arguments.verb {
        None => list(session, console, arguments.json).await,
        Some(CampaignsVerb::List(report)) => list(session, console, report.json || arguments.json).await,
        Some(CampaignsVerb::Show(named)) => {
            refresh(session, console).await;
            let status = ops::find_campaign(session, &named.campaign).await?;
            tell::whole(session, console, &status, named.json || arguments.json);
            Ok(Exit::Ok)
        }
        Some(CampaignsVerb::Run(run)) => {
            session.writer()?;
            ops::list(session, &|_| ()).await?;
            let ids = match &run.campaign {
                Some(word) => vec![ops::find_campaign(session, word).await?],
                None => all(session).await?.into_iter().filter(CampaignStatus::is_open).collect(),
            };
            let ids: Vec<String> = ids.into_iter().map(|status| status.id).collect();
            if ids.is_empty() {
                console.talk("no campaign is open");
                return Ok(Exit::Ok);
            }
            let until = if run.once { Until::Once } else { Until::Submitted };
            let all = begin::drive(session, console, &ids, until, run.json || arguments.json).await?;
            all.iter().for_each(|status| waiting(session, console, status));
            Ok(begin::exit(&all))
        }
        Some(CampaignsVerb::Pause(named)) => {
            let found = ops::find_campaign(session, &named.campaign).await?;
            let status = ops::pause_campaign(session, &found.id).await?;
            tell::line(session, console, &status, named.json || arguments.json);
            Ok(Exit::Ok)
        }
        Some(CampaignsVerb::Resume(named)) => {
            let found = ops::find_campaign(session, &named.campaign).await?;
            let status = ops::resume_campaign(session, &found.id).await?;
            tell::line(session, console, &status, named.json || arguments.json);
            waiting(session, console, &status);
            Ok(Exit::Ok)
        }
        Some(CampaignsVerb::Cancel(cancelling)) => {
            cancel::run(session, console, cancelling, cancelling.named.json || arguments.json).await
        }
    }
}

async fn list(session: &Session, console: &Console, json: bool) -> Result<Exit, Failure> {
    refresh(session, console).await;
    let mut all = all(session).await?;
    // Newest first, as jobs are.
    all.reverse();
    tell::table(session, console, &all, json);
    Ok(Exit::Ok)
}

/// What the service says about the jobs of campaigns, if it can be reached; else what it said last is told.
async fn refresh(session: &Session, console: &Console) {
    if let Err(failure) = ops::list(session, &|_| ()).await {
        console.talk(&format!("warning: jobs are as they were last seen: {failure}"));
    }
}

async fn all(session: &Session) -> Result<Vec<CampaignStatus>, Failure> {
    let ours = session.clone();
    let read = tokio::task::spawn_blocking(move || ops::campaigns(&ours)).await;
    Ok(read.map_err(|_| Failure::new("internal error: the campaigns could not be read"))??)
}

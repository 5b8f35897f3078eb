//! The loop: waits in one place, feeds `update`, hands effects to the world, draws.
//!
//! It runs on the thread that calls [`run`]; everything slow runs on the threads of the runtime, so that `q` works
//! while a request hangs and a transfer goes on while the terminal stands still.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::clock::{Clock, Stopwatch};
use crate::config::Multiplexer;
use crate::failure::{Exit, Failure};
use crate::ops::Session;
use crate::text;
use crate::tui::effect::Effect;
use crate::tui::event::Event;
use crate::tui::mailbox::{Letter, Mailbox};
use crate::tui::model::{Model, Setting, Size};
use crate::tui::screen::Screen;
use crate::tui::term::{self, Terminal};
use crate::tui::theme::Theme;
use crate::tui::update::{tell_what_keeps_back, unkept_draft, update};
use crate::tui::view::{broken, draw};
use crate::tui::world::World;
use crate::tui::{input, signals};

/// The clock of the model beats once a second; nothing is drawn unless something changed.
const BEAT: Duration = Duration::from_secs(1);

/// A frame that took so long stood in a terminal that nobody read: a frozen line, or a terminal that was scrolled back.
const STALLED: Duration = Duration::from_secs(5);

/// What the dashboard starts with.
pub struct Start {
    /// The way to the service and the journals.
    pub session: Arc<Session>,
    /// What does not change while the program runs.
    pub setting: Setting,
    /// Colours and glyphs.
    pub theme: Theme,
    /// Over SSH a sound plays on the wrong machine.
    pub over_ssh: bool,
    /// What the terminal is seen through.
    pub multiplexer: Multiplexer,
    /// Whether stopping stops us: a parent that ignores it has no way to wake us again.
    pub can_suspend: bool,
}

/// Shows the dashboard until the person leaves it or a signal ends it.
pub fn run(start: Start, runtime: &Handle) -> Result<Exit, Failure> {
    let clock = start.session.clock.clone();
    let mailbox = Arc::new(Mailbox::default());
    let (width, height) = term::size().unwrap_or((80, 24));

    signals::deliver(mailbox.clone(), runtime);
    term::restore_on_panic(std::thread::current().id());
    let terminal = Terminal::enter().map_err(|error| terminal_failure(&error))?;
    term::watch_for_hang_up();
    input::read_into(mailbox.clone());

    let mut model = Model::new(start.setting, clock.now(), Size { width, height });
    model.zone = jiff::tz::TimeZone::system();
    tell_what_keeps_back(&mut model);
    let mut dashboard = Dashboard {
        clock,
        world: World::new(start.session, mailbox.clone(), runtime.clone(), start.over_ssh),
        canvas: ratatui::Terminal::new(Screen::new(term::Output, width, height))
            .map_err(|error| terminal_failure(&error))?,
        terminal,
        theme: start.theme,
        multiplexer: start.multiplexer,
        can_suspend: start.can_suspend,
    };
    dashboard.world.restore_into_mailbox();
    dashboard.world.tell_the_pace();
    let exit = dashboard.live(&mut model, &mailbox);
    // Whatever ended it, a line that hung up included: what was typed comes back.
    unkept_draft(&model).into_iter().for_each(|effect| dashboard.world.perform(effect));
    dashboard.world.finish();
    // What is left, restores the terminal.
    drop(dashboard);
    match exit {
        Ok(exit) => Ok(exit),
        // The write that failed and the watch over the terminal see the same end, in any order.
        Err(_) if term::is_gone() => Ok(Exit::Signal(1)),
        Err(error) => Err(terminal_failure(&error)),
    }
}

struct Dashboard {
    clock: Clock,
    world: World,
    canvas: ratatui::Terminal<Screen<term::Output>>,
    terminal: Terminal,
    theme: Theme,
    multiplexer: Multiplexer,
    can_suspend: bool,
}

impl Dashboard {
    fn live(&mut self, model: &mut Model, mailbox: &Mailbox) -> io::Result<Exit> {
        let is_thin = model.setting.low_bandwidth;
        let mut drawn = Stopwatch::start();
        // How long after the last frame the next one comes; nothing while there is nothing to show.
        let mut pause = Some(Duration::ZERO);
        loop {
            if let Some(exit) = self.handle(model, Event::Tick(self.clock.now()))? {
                return Ok(exit);
            }
            let mut left = pause.map_or(BEAT, |pause| pause.saturating_sub(drawn.elapsed()));
            if left.is_zero() {
                self.draw(model)?;
                drawn = Stopwatch::start();
                (pause, left) = (None, BEAT);
            }
            // All that waits is handled before the next frame: a held-down key costs one frame, not fifty.
            let letters = mailbox.take(left);
            // Who has the least patience decides; after a beat without any letter only the time has changed.
            let wanted = letters.iter().map(|letter| letter.patience(is_thin)).chain(pause).min();
            pause = wanted.or(Some(Duration::ZERO));
            for letter in letters {
                match letter {
                    Letter::Event(mut event) => {
                        if let Event::Resized(..) = event {
                            // The size may have changed again since, or be none at all for a moment: what is drawn and
                            // what is thought of are of the same size.
                            let Some((width, height)) = self.resize() else { continue };
                            event = Event::Resized(width, height);
                        }
                        if let Some(exit) = self.handle(model, event)? {
                            return Ok(exit);
                        }
                    }
                    Letter::Continued => self.come_back(model)?,
                    Letter::Signal(number) => return Ok(Exit::Signal(number)),
                    Letter::Deaf => return Err(io::Error::other("its keys can be read no more")),
                }
            }
        }
    }

    /// Draws, and says so when the terminal took its time.
    fn draw(&mut self, model: &Model) -> io::Result<()> {
        let began = Stopwatch::start();
        let theme = self.theme;
        self.canvas.draw(|frame| {
            if !term::caught(|| draw(model, &theme, frame)) {
                broken(&theme, frame);
            }
        })?;
        let took = began.elapsed();
        if took >= STALLED {
            let told = format!("the display stalled for {}; work went on meanwhile", text::age(took));
            tracing::warn!("{told}");
            self.world.tell(Event::Noticed(Ok(told)));
        }
        Ok(())
    }

    /// Updates the model and carries out what follows; an exit code when the person left.
    fn handle(&mut self, model: &mut Model, event: Event) -> io::Result<Option<Exit>> {
        for effect in update(model, event) {
            match effect {
                Effect::Quit => return Ok(Some(Exit::Ok)),
                Effect::Repaint => self.canvas.clear()?,
                Effect::SetMouse(on) => self.terminal.set_mouse(on)?,
                Effect::Copy(text) => {
                    let told = self.copy(&text)?;
                    self.world.tell(Event::Noticed(told));
                }
                Effect::Suspend if !self.can_suspend => {
                    let told = "Ctrl-z does nothing here: the program was started so that it cannot be stopped";
                    self.world.tell(Event::Noticed(Ok(told.to_owned())));
                }
                Effect::Suspend => {
                    term::restore();
                    term::stop_until_continued();
                    self.come_back(model)?;
                }
                effect => self.world.perform(effect),
            }
        }
        Ok(None)
    }

    fn copy(&self, copied: &str) -> io::Result<Result<String, Failure>> {
        let is_copied = self.terminal.copy(copied, self.multiplexer)?;
        Ok(match is_copied {
            true => Ok(format!("copied {}", text::clean_short(copied, 60))),
            false => Err(Failure::new(format!(
                "{} is more than a terminal takes into its clipboard",
                text::bytes(copied.len() as u64)
            ))),
        })
    }

    /// Takes the terminal over again, with all its modes, after somebody else had it.
    fn come_back(&mut self, model: &mut Model) -> io::Result<()> {
        self.terminal.enter_again()?;
        self.terminal.set_mouse(model.mouse)?;
        self.canvas.backend_mut().forget_cursor();
        if let Some((width, height)) = self.resize() {
            update(model, Event::Resized(width, height));
        }
        self.canvas.clear()
    }

    fn resize(&mut self) -> Option<(u16, u16)> {
        let size = term::size();
        if let Some((width, height)) = size {
            self.canvas.backend_mut().resize(width, height);
        }
        size
    }
}

fn terminal_failure(error: &io::Error) -> Failure {
    Failure::with_exit(Exit::Usage, format!("the terminal cannot be used: {error}"))
        .hint("`gemtts-tui list` shows the jobs without one")
}

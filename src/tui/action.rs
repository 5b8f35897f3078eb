//! What a key means. Which key means it stands in `keys` alone.

/// An intent of the person at the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Moves the selection, or scrolls a text.
    Move(Motion),
    /// Opens what is selected.
    Open,
    /// Steps back: input, then filter, then marks, then parent.
    Back,
    /// Marks or unmarks what is selected.
    Mark,
    /// Marks from the last mark to here.
    MarkRange,
    /// Marks all that is visible.
    MarkVisible,
    /// Removes every mark.
    MarkNone,
    /// Marks what is not marked, among the visible.
    MarkInvert,
    /// Begins to type a filter.
    Filter,
    /// Begins to type a command.
    Palette,
    /// Shows the keys of this screen.
    Help,
    /// Fetches what this screen shows again.
    Refresh,
    /// Fetches everything again.
    RefreshAll,
    /// Stops polling, or goes on.
    Freeze,
    /// Sorts by the column of that number; again reverses.
    SortBy(u8),
    /// The default order.
    SortDefault,
    /// Opens the form for a new job.
    New,
    /// Asks whether to cancel the marked jobs, or the selected one.
    CancelJobs,
    /// Pauses the selected campaign, or lets it go on.
    Pause,
    /// Asks whether to take keys again that failed or sound wrong.
    Retake,
    /// Asks whether to delete what is marked, or what is selected.
    Delete,
    /// Saves the selected key or job.
    Save,
    /// Saves all, or what is marked.
    SaveAll,
    /// Shows everything known about what is selected.
    Describe,
    /// Shows the service's own JSON.
    Raw,
    /// Switches mouse support on or off.
    Mouse,
    /// Copies the name.
    CopyName,
    /// Copies the whole record.
    CopyRecord,
    /// Gives the focused pane all the room, or takes it back.
    Zoom,
    /// Shows only what failed or looks bad, or everything again.
    OnlyBad,
    /// Moves the focus to the next pane, field or button.
    Next,
    /// Moves the focus to the one before.
    Previous,
    /// Plays what is selected, or copies a line that fetches it.
    Play,
    /// Shows what was said so far.
    Messages,
    /// Shows the stored files.
    Files,
    /// Leaves.
    Quit,
    /// Ctrl-c: the second one in a row leaves.
    Interrupt,
    /// Ctrl-z: gives the shell its terminal back for a while.
    Suspend,
    /// Paints the whole screen again.
    Repaint,
    /// Says yes to a dialog.
    Yes,
    /// Says no to a dialog.
    No,
    /// Presses the focused button, opens the focused field, takes the typed text.
    Press,
    /// Submits the form from anywhere.
    Submit,
    /// Takes a whole folder as a source.
    TakeFolder,
    /// Goes to the next problem of the form.
    NextProblem,
    /// Goes to the one before.
    PreviousProblem,
    /// Fixes everything that has a quick fix.
    FixAll,
}

/// How far and where to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// One row.
    Up,
    /// One row.
    Down,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Half a page.
    HalfUp,
    /// Half a page.
    HalfDown,
    /// A page.
    PageUp,
    /// A page.
    PageDown,
}

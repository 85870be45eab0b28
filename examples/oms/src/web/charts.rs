//! Bars, drawn on the server.

use maud::{Markup, html};

/// A chart of bars with its table, which a screen reader reads in place of it.
#[derive(Debug)]
pub(super) struct Chart<'a> {
    /// What is counted.
    pub(super) title: &'a str,
    /// Each bar: its name and its height.
    pub(super) bars: Vec<(String, i64)>,
    /// What a bar cannot exceed, where there is such a thing: a line.
    pub(super) limit: Option<(i64, &'a str)>,
}

const WIDTH: i64 = 420;
const HEIGHT: i64 = 150;
/// The room for the numbers above, and for the names below.
const TOP: i64 = 22;
const BOTTOM: i64 = 20;
/// The room for a name, and half of it: the outermost names stay inside.
const NAME: i64 = 56;
const HALF: i64 = 20;

impl Chart<'_> {
    pub(super) fn draw(&self) -> Markup {
        let most = self.bars.iter().map(|(_, value)| *value).max().unwrap_or(0);
        let sum: i64 = self.bars.iter().map(|(_, value)| value).sum();
        // A limit far above what was reached would leave bars of no height: it is named in words alone.
        let line = self.limit.filter(|(limit, _)| *limit <= most.saturating_mul(3));
        let scale = most.max(line.map_or(0, |(limit, _)| limit)).max(1);
        let height = |value: i64| (HEIGHT - TOP - BOTTOM) * value / scale;
        let step = WIDTH / i64::try_from(self.bars.len().max(1)).unwrap_or(WIDTH);
        let every = NAME / step.max(1) + 1;
        let middle = |place: i64| (place * step + step / 2).clamp(HALF, WIDTH - HALF);
        let base = HEIGHT - BOTTOM;
        html! {
            figure {
                figcaption { (self.title) }
                svg role="img" aria-label={ (self.title) ": " (sum) " in all, " (most) " at most" }
                    viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } {
                    @for (place, (name, value)) in (0_i64..).zip(&self.bars) {
                        rect.bar x=(place * step + 1) y=(base - height(*value)) width=((step - 2).max(1)) height=(height(*value)) {
                            title { (name) ": " (value) }
                        }
                        @if *value == most && most > 0 {
                            text x=(middle(place)) y=(base - height(*value) - 6) text-anchor="middle" { (value) }
                        }
                        @if place % every == 0 {
                            text x=(middle(place)) y=(HEIGHT - 5) text-anchor="middle" { (name) }
                        }
                    }
                    line.axis x1="0" x2=(WIDTH) y1=(base) y2=(base);
                    @if let Some((limit, name)) = line {
                        line.limit x1="0" x2=(WIDTH) y1=(base - height(limit)) y2=(base - height(limit));
                        text x="4" y=(base - height(limit) - 5) { (name) }
                    }
                }
                @if let Some((limit, name)) = self.limit { p.note { (name) ": " (limit) "; at most " (most) " were used." } }
                details {
                    summary { "As a table" }
                    table {
                        thead { tr { th scope="col" { "When" } th scope="col" { "Number" } } }
                        tbody { @for (name, value) in &self.bars { tr { td { (name) } td { (value) } } } }
                    }
                }
            }
        }
    }
}

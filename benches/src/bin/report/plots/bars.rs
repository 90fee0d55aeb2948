//! Ratios as bars.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{FAINT, Failed, GROUND, INK, LIMIT, OTHERS, OURS, Plot};
use crate::{
    figure::number,
    measured::{Measured, is_ours, is_peer},
};

/// Everybody who does one work, by how many times ours.
pub(super) struct Chart {
    file: &'static str,
    title: &'static str,
    table: &'static str,
    what: &'static str,
    /// Whose figure comes off all others first: what is done anyway.
    less: Option<&'static str>,
}

pub(super) const CHARTS: &[Chart] = &[
    Chart {
        file: "bearer-known.svg",
        title: "A known token: time that the check adds, ours = 1; logarithmic, less is better",
        table: "bearer",
        what: "a known token",
        less: Some("bare"),
    },
    Chart {
        file: "bearer-new.svg",
        title: "A new token, bare service included: time, ours = 1; logarithmic, less is better",
        table: "bearer",
        what: "a new token",
        less: None,
    },
    Chart {
        file: "messages-1.svg",
        title: "getMessages, 1 user: requests per second, ours = 1; logarithmic, more is better",
        table: "peers",
        what: "getMessages, 1 user",
        less: None,
    },
    Chart {
        file: "messages-10000.svg",
        title: "getMessages, 10,000 users: requests per second, ours = 1; logarithmic, more is better",
        table: "peers",
        what: "getMessages, 10,000 users",
        less: None,
    },
    Chart {
        file: "full-stack.svg",
        title: "tools/list over HTTP: requests per second, ours = 1; logarithmic, more is better",
        table: "full_stack",
        what: "tools/list over HTTP",
        less: None,
    },
];

const WIDTH: u32 = 860;
const BAR: i32 = 22;
const STEP: i32 = 34;
const TOP: i32 = 52;
/// Where names end and bars begin, and how long the longest is.
const LEFT: i32 = 330;
const LONGEST: f64 = 430.0;

impl Chart {
    /// Draws the bars by a logarithmic scale; nothing where ours is not measured.
    pub(super) fn draw(&self, measured: &Measured) -> Result<Option<Plot>, Failed> {
        let bars = self.bars(measured);
        if bars.is_empty() {
            return Ok(None);
        }
        let mut svg = String::new();
        let height = TOP + STEP * bars.len() as i32 + 16;
        {
            let area = SVGBackend::with_string(&mut svg, (WIDTH, height.unsigned_abs())).into_drawing_area();
            area.fill(&GROUND)?;
            let text =
                |size: i32, at: HPos| ("sans-serif", size).into_font().color(&INK).pos(Pos::new(at, VPos::Center));
            area.draw(&Text::new(self.title, (16, 26), text(20, HPos::Left)))?;
            let (least, most) = range(&bars);
            let length = |ratio: f64| (20.0 + (LONGEST - 20.0) * (ratio / least).ln() / (most / least).ln()) as i32;
            for (at, (who, ratio)) in bars.iter().enumerate() {
                let y = TOP + STEP * at as i32;
                let right = LEFT + length(*ratio);
                area.draw(&Text::new(who.as_str(), (LEFT - 10, y + BAR / 2), text(14, HPos::Right)))?;
                area.draw(&Rectangle::new([(LEFT, y), (right, y + BAR)], color(who).filled()))?;
                area.draw(&Text::new(number(*ratio), (right + 8, y + BAR / 2), text(14, HPos::Left)))?;
            }
            let bottom = TOP + STEP * bars.len() as i32 - (STEP - BAR);
            area.draw(&PathElement::new([(LEFT, TOP - 6), (LEFT, bottom + 6)], FAINT.stroke_width(1)))?;
            area.present()?;
        }
        Ok(Some(Plot { file: self.file, title: self.title, svg }))
    }

    fn bars(&self, measured: &Measured) -> Vec<(String, f64)> {
        let less = self.less.and_then(|who| measured.value(self.table, self.what, who).ok()).unwrap_or_default();
        let Ok(ours) = measured.value(self.table, self.what, "ours") else { return Vec::new() };
        let rows = measured.of(self.table, self.what).filter(|row| Some(row.who.as_str()) != self.less);
        let ratio = |value: f64| (value - less) / (ours - less);
        // A logarithmic scale has no place for nothing, and noise may make less than that.
        rows.filter_map(|row| Some((row.who.clone(), ratio(row.value?)))).filter(|bar| bar.1 > 0.0).collect()
    }
}

fn range(bars: &[(String, f64)]) -> (f64, f64) {
    let (mut least, mut most) = (1.0_f64, 1.0_f64);
    for (_, ratio) in bars {
        (least, most) = (least.min(*ratio), most.max(*ratio));
    }
    // Where all are alike the bars are long, and none is longer than another by much.
    (least / 2.0, most * 1.1)
}

fn color(who: &str) -> RGBColor {
    match who {
        _ if is_ours(who) => OURS,
        _ if !is_peer(who) => LIMIT,
        _ => OTHERS[0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::tests::rows;

    #[test]
    fn bars_are_ratios_to_ours_of_what_is_added() {
        let measured = rows(&[
            ("bearer", "a known token", "bare", Some(100.0)),
            ("bearer", "a known token", "ours", Some(300.0)),
            ("bearer", "a known token", "some-crate 1.0", Some(20_100.0)),
            ("bearer", "a known token", "absent-crate 1.0", None),
        ]);
        assert_eq!(CHARTS[0].bars(&measured), [("ours".to_owned(), 1.0), ("some-crate 1.0".to_owned(), 100.0)]);
        let plot = CHARTS[0].draw(&measured).unwrap().unwrap();
        assert!(plot.svg.starts_with("<svg") && plot.svg.trim_end().ends_with("</svg>"));
        assert!(plot.svg.contains("some-crate 1.0") && plot.svg.contains(&number(100.0)));
        assert!(CHARTS[1].draw(&measured).unwrap().is_none());
    }
}

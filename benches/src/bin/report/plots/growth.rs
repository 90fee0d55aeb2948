//! How long a cached call takes as the users grow in number.

use plotters::prelude::*;

use super::{FAINT, Failed, GROUND, INK, LIMIT, OTHERS, OURS, Plot};
use crate::{figure::number, measured::Measured};

const SIZE: (u32, u32) = (860, 480);

/// Users, as the rows write them.
const SIZES: [(f64, &str); 5] =
    [(1.0, "1 user"), (1e3, "1,000 users"), (1e4, "10,000 users"), (1e5, "100,000 users"), (1e6, "1,000,000 users")];

/// Whom to draw: a name for people, the table, how the work is called around the users, and the doer.
const LINES: [(&str, &str, &str, &str, &str, RGBColor); 5] = [
    ("mcp-obo", "token_cache", "OBO hit, ", ", uniform", "ours", OURS),
    ("bare moka", "token_cache", "OBO hit, ", ", uniform", "bare", LIMIT),
    ("msal-node", "peers", "cached OBO call, ", "", "msal-node *", OTHERS[0]),
    ("msal (Python)", "peers", "cached OBO call, ", "", "msal (Python) *", OTHERS[1]),
    (
        "msal (Python), scopes as answered",
        "peers",
        "cached OBO call, ",
        "",
        "msal (Python) *, answered scopes",
        OTHERS[2],
    ),
];

/// Draws the lines, from nanoseconds to seconds; nothing where there are no rows.
pub(super) fn draw(measured: &Measured) -> Result<Option<Plot>, Failed> {
    let title = "A cached token: time of a call by the number of users, both logarithmic";
    let mut svg = String::new();
    let lines: Vec<_> = LINES.iter().map(|line| (line.0, line.5, points(measured, line))).collect();
    let (mut least, mut most) = (f64::MAX, 0.0_f64);
    for (_, ns) in lines.iter().flat_map(|line| &line.2) {
        (least, most) = (least.min(*ns), most.max(*ns));
    }
    if most == 0.0 {
        return Ok(None);
    }
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&GROUND)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 20).into_font().color(&INK))
            .margin(14)
            .x_label_area_size(44)
            .y_label_area_size(74)
            .build_cartesian_2d((0.8_f64..2e6).log_scale(), (least / 2.0..most * 4.0).log_scale())?;
        chart
            .configure_mesh()
            .bold_line_style(FAINT)
            .light_line_style(GROUND)
            .axis_style(INK)
            .label_style(("sans-serif", 14).into_font().color(&INK))
            .x_desc("users whose tokens are cached; with 1,000,000 the tokens are short")
            .y_desc("time of one call (Rust: of the processor)")
            .x_label_formatter(&|users| number(*users))
            .y_label_formatter(&|ns| time(*ns))
            .draw()?;
        for (name, color, points) in lines.into_iter().filter(|line| !line.2.is_empty()) {
            let series = LineSeries::new(points, color.stroke_width(2)).point_size(4);
            let key = move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], color.stroke_width(3));
            chart.draw_series(series)?.label(name).legend(key);
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(GROUND)
            .border_style(FAINT)
            .label_font(("sans-serif", 14).into_font().color(&INK))
            .draw()?;
        area.present()?;
    }
    Ok(Some(Plot { file: "growth.svg", title, svg }))
}

fn points(measured: &Measured, line: &(&str, &str, &str, &str, &str, RGBColor)) -> Vec<(f64, f64)> {
    let (_, table, before, after, who, _) = line;
    let value = |users: &str| measured.value(table, &format!("{before}{users}{after}"), who).ok();
    SIZES.iter().filter_map(|(users, name)| value(name).map(|ns| (*users, ns))).collect()
}

fn time(ns: f64) -> String {
    match ns {
        _ if ns < 1e3 => format!("{} ns", number(ns)),
        _ if ns < 1e6 => format!("{} µs", number(ns / 1e3)),
        _ if ns < 1e9 => format!("{} ms", number(ns / 1e6)),
        _ => format!("{} s", number(ns / 1e9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::tests::rows;

    #[test]
    fn a_plot_is_drawn_even_of_what_took_no_time() {
        let hits = |ours| {
            rows(&[
                ("token_cache", "OBO hit, 1 user, uniform", "ours", Some(ours)),
                ("token_cache", "OBO hit, 1 user, uniform", "bare", Some(200.0)),
            ])
        };
        for ours in [0.0, 300.0] {
            let plot = draw(&hits(ours)).unwrap().unwrap();
            assert!(plot.svg.trim_end().ends_with("</svg>"), "{ours}");
        }
    }
}

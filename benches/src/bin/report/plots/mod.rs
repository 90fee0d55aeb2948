//! What the figures look like.

mod bars;
mod growth;

use plotters::{drawing::DrawingAreaErrorKind, style::RGBColor};

use crate::measured::Measured;

/// A picture of some rows.
#[derive(Debug)]
pub(crate) struct Plot {
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    pub(crate) svg: String,
}

/// Why a picture could not be drawn.
type Failed = DrawingAreaErrorKind<std::io::Error>;

/// The ground is the picture's own, so that it can be read on a dark page as on a light one.
const GROUND: RGBColor = RGBColor(250, 250, 248);
const INK: RGBColor = RGBColor(34, 40, 49);
const FAINT: RGBColor = RGBColor(214, 214, 208);
const OURS: RGBColor = RGBColor(0, 102, 153);
const LIMIT: RGBColor = RGBColor(122, 122, 116);
const OTHERS: [RGBColor; 3] = [RGBColor(190, 85, 20), RGBColor(140, 60, 130), RGBColor(90, 130, 40)];

/// Draws every picture for which there are rows.
pub(crate) fn draw(measured: &Measured) -> Result<Vec<Plot>, Failed> {
    let mut plots = Vec::new();
    plots.extend(growth::draw(measured)?);
    for chart in bars::CHARTS {
        plots.extend(chart.draw(measured)?);
    }
    Ok(plots)
}

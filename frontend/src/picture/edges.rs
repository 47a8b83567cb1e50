//! The ways of edges between nodes.

use std::fmt::Write as _;

use ivr::{EdgeRoute, Measures, Point};

/// Returns the path of an edge that is drawn, and the place of its label.
pub(super) fn route(
    edge: &EdgeRoute,
    nodes: &[Point],
    heights: &[f64],
    measures: &Measures,
) -> (String, Point) {
    let (from, to) = (nodes[edge.from], nodes[edge.to]);
    if edge.back {
        return route_back(from, to, measures);
    }
    let start = Point { x: from.x, y: from.y + heights[edge.from] / 2.0 };
    let end = Point { x: to.x, y: to.y - heights[edge.to] / 2.0 };
    let mut line = format!("M{:.1} {:.1}", start.x, start.y);
    let mut at = start;
    for &next in edge.via.iter().chain([&end]) {
        let middle = f64::midpoint(at.y, next.y);
        write!(line, "C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}", at.x, next.x, next.x, next.y)
            .expect("a string takes any text");
        at = next;
    }
    // Where branches have parted, before they meet again.
    let first = edge.via.first().copied().unwrap_or(end);
    (line, Point { x: start.x + (first.x - start.x) * 0.62, y: start.y + (first.y - start.y) * 0.62 })
}

/// Returns the path of an edge that leads back up or to its own node: around the right-hand side.
fn route_back(from: Point, to: Point, measures: &Measures) -> (String, Point) {
    let side = measures.node_width / 2.0;
    let out = from.x.max(to.x) + side + measures.gap;
    let (y0, y1) = (from.y + 8.0, to.y - 8.0);
    let line =
        format!("M{:.1} {y0:.1}C{out:.1} {y0:.1} {out:.1} {y1:.1} {:.1} {y1:.1}", from.x + side, to.x + side);
    (line, Point { x: out - measures.gap * 0.4, y: f64::midpoint(from.y, to.y) })
}

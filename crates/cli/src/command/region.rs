//! `callout region`: named parts of the picture.

use anyhow::Result;
use app::Session;
use app::domain::{DiagramId, DrawnRegion, Region as Drawn, RegionChange, RegionId, Shape};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::answer::Answer;
use crate::args::{OneDiagram, usage};
use crate::{Context, plain};

/// List, draw, change, order and take away the regions of a picture.
#[derive(Debug, Args)]
pub struct Region {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the regions in order.
    List {
        #[command(flatten)]
        diagram: OneDiagram,
    },
    /// Draw a region.
    Draw {
        #[command(flatten)]
        diagram: OneDiagram,
        /// Its name; the next number by default.
        #[arg(long)]
        name: Option<String>,
        /// For a question to point at: an author may, whatever state the diagram is in.
        #[arg(long)]
        evidence: bool,
        #[command(flatten)]
        shape: ShapeArgs,
    },
    /// Give a region another name or another shape.
    Change {
        #[command(flatten)]
        diagram: OneDiagram,
        /// The region, by name or id.
        region: String,
        /// The new name.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        shape: ShapeArgs,
    },
    /// Take a region away. Its texts stay and come back with it.
    Remove {
        #[command(flatten)]
        diagram: OneDiagram,
        /// The region, by name or id.
        region: String,
    },
    /// Bring back a region that was taken away.
    Restore {
        #[command(flatten)]
        diagram: OneDiagram,
        /// Its id, as `remove` told it.
        region: String,
    },
    /// Put the regions into this order.
    Order {
        #[command(flatten)]
        diagram: OneDiagram,
        /// All regions, by name or id.
        #[arg(required = true)]
        regions: Vec<String>,
    },
}

#[derive(Debug, Args)]
struct ShapeArgs {
    /// An upright rectangle in pixels: X,Y,WIDTH,HEIGHT.
    #[arg(long, value_name = "X,Y,W,H", conflicts_with = "polygon")]
    rectangle: Option<String>,

    /// A closed polygon in pixels, three corners or more: X,Y X,Y X,Y …
    #[arg(long, value_name = "X,Y", num_args = 3..)]
    polygon: Vec<String>,
}

impl ShapeArgs {
    fn shape(&self) -> Result<Option<Shape>> {
        if let Some(typed) = &self.rectangle {
            let [x, y, width, height] = numbers(typed)?;
            return Ok(Some(Shape::Rectangle {
                x,
                y,
                width,
                height,
            }));
        }
        if self.polygon.is_empty() {
            return Ok(None);
        }
        let points: Result<Vec<[u32; 2]>> =
            self.polygon.iter().map(|point| numbers(point)).collect();
        Ok(Some(Shape::Polygon { points: points? }))
    }
}

fn numbers<const N: usize>(typed: &str) -> Result<[u32; N]> {
    let read: Option<Vec<u32>> = typed
        .split(',')
        .map(|part| part.trim().parse().ok())
        .collect();
    read.and_then(|read| read.try_into().ok()).ok_or_else(|| {
        usage(&format!(
            "`{typed}` is not {N} whole numbers of pixels, apart by commas"
        ))
    })
}

impl Region {
    pub fn run(self, context: &Context) -> Result<Answer> {
        match self.command {
            Command::List { diagram } => {
                let (session, id) = diagram.open(context)?;
                listed(&session.diagram(&id)?.regions)
            }
            Command::Draw {
                diagram,
                name,
                evidence,
                shape,
            } => {
                let shape = shape
                    .shape()?
                    .ok_or_else(|| usage("say where: --rectangle or --polygon"))?;
                let (session, id) = diagram.open(context)?;
                let new = DrawnRegion { name, shape };
                let drawn = if evidence {
                    session.draw_evidence(&id, &new)?
                } else {
                    session.draw_region(&id, &new)?
                };
                one("drew", &drawn)
            }
            Command::Change {
                diagram,
                region,
                name,
                shape,
            } => {
                let shape = shape.shape()?;
                if name.is_none() && shape.is_none() {
                    return Err(usage("say what changes: --name, --rectangle or --polygon"));
                }
                let (session, id) = diagram.open(context)?;
                let region = session.known_region(&id, &region)?;
                let change = RegionChange { name, shape };
                one("changed", &session.change_region(&id, &region.id, &change)?)
            }
            Command::Remove { diagram, region } => {
                let (session, id) = diagram.open(context)?;
                let region = session.known_region(&id, &region)?;
                session.remove_region(&id, &region.id)?;
                let said = format!(
                    "took away {}; `callout region restore … {}` brings it back",
                    described(&region),
                    region.id
                );
                Answer::new(&json!({ "region": region.id }), said)
            }
            Command::Restore { diagram, region } => {
                let (session, id) = diagram.open(context)?;
                let region = RegionId::from_text(region);
                one("brought back", &session.restore_region(&id, &region)?)
            }
            Command::Order { diagram, regions } => {
                let (session, id) = diagram.open(context)?;
                let order = ids(&session, &id, &regions)?;
                listed(&session.reorder_regions(&id, &order)?)
            }
        }
    }
}

fn ids(session: &Session, id: &DiagramId, typed: &[String]) -> Result<Vec<RegionId>> {
    typed
        .iter()
        .map(|typed| Ok(session.known_region(id, typed)?.id))
        .collect()
}

fn one(done: &str, region: &Drawn) -> Result<Answer> {
    Answer::new(region, format!("{done} {}", described(region)))
}

fn listed(regions: &[Drawn]) -> Result<Answer> {
    let lines: Vec<String> = regions.iter().map(described).collect();
    let text = if lines.is_empty() {
        "no regions".to_owned()
    } else {
        lines.join("\n")
    };
    Answer::new(&json!({ "regions": regions }), text)
}

fn described(region: &Drawn) -> String {
    let Drawn {
        name,
        x,
        y,
        width,
        height,
        polygon,
        ..
    } = region;
    let shape = if polygon.is_empty() {
        String::new()
    } else {
        format!(", {} corners", polygon.len())
    };
    format!(
        "`{}`: {width} × {height} px at {x}, {y}{shape}",
        plain::line(name)
    )
}

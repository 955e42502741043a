//! `/recherche` and `/recherche/jeux/{id}`: the catalogue, readable before sign-in, and one dataset.

use askama::Template;
use broker_service::HouseholdBand;
use jiff::civil::Date;

use crate::form::FormErrors;
use crate::page::{Frame, PageContext, RenderError, Role, Visitor};
use crate::paths;
use crate::speech::Speech;
use crate::svg::{Curve, Drawing, Slot, Svg, draw};
use crate::vocabulary::{DataKind, Granularity};

/// The catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueView {
    /// The datasets there are.
    pub datasets: Vec<Dataset>,
}

/// One dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// What paths call it.
    pub id: String,
    /// Its title, in the language of the page.
    pub title: String,
    /// What it holds, in one or two sentences.
    pub summary: String,
    /// What is measured.
    pub data: DataKind,
    /// How fine the released values are.
    pub granularity: Granularity,
    /// The first and the last day available, when there is any.
    pub days: Option<(Date, Date)>,
    /// Roughly how many households agree today.
    pub households: Option<HouseholdBand>,
    /// Households the rule wants for a release of one day; `None` when the rule has no number for this granularity.
    pub households_needed: Option<u32>,
    /// The purpose the households agreed to.
    pub purpose: String,
    /// The rule of release, in the language of the page.
    pub terms: Option<String>,
    /// Who decides, by name or office.
    pub decided_by: String,
}

impl Dataset {
    fn has_enough_households(&self) -> bool {
        let agree = self.households.map_or(0, HouseholdBand::at_least);
        self.households_needed.is_some_and(|needed| agree >= needed)
    }

    fn households_words(&self, t: &Speech) -> String {
        match self.households {
            Some(HouseholdBand::AtLeast(number)) => {
                t.say1("dataset-households-at-least", "households", number)
            }
            Some(HouseholdBand::Below(number)) => t.say1("dataset-households-below", "households", number),
            None => t.say("dataset-households-unknown"),
        }
    }
}

/// One dataset, with the form to ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetPage {
    /// The dataset.
    pub dataset: Dataset,
    /// A mean curve already released, when there is one to show.
    pub preview: Option<MeanCurve>,
    /// The form; shown to researchers only.
    pub form: RequestForm,
}

/// A mean curve over many households.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeanCurve {
    /// The mean energy of each interval.
    pub slots: Vec<Slot>,
    /// Length of an interval in minutes.
    pub step_minutes: u32,
    /// How many households it is the mean of.
    pub households: u32,
    /// The first day it covers.
    pub from: Date,
    /// The last day.
    pub until: Date,
}

impl MeanCurve {
    fn drawing(&self, t: &Speech) -> Svg {
        draw(&Curve {
            id: "mean-curve",
            title: &t.say1("mean-curve-title", "households", self.households),
            description: &t.say2(
                "mean-curve-description",
                "from",
                t.day_words(self.from),
                "until",
                t.day_words(self.until),
            ),
            lang: t.lang(),
            slots: &self.slots,
            upcoming: 0,
            step_minutes: self.step_minutes,
            drawing: Drawing::Steps,
        })
    }

    fn watts_of(&self, slot: &Slot) -> Option<i64> {
        slot.mean_watts(self.step_minutes)
    }
}

/// A request being written: what was typed, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestForm {
    /// Why the data are needed.
    pub justification: String,
    /// The first day wanted, `YYYY-MM-DD`.
    pub from: String,
    /// The last day wanted, `YYYY-MM-DD`.
    pub until: String,
    /// What to correct. Fields: `justification`, `from`, `until`.
    pub errors: FormErrors,
}

/// Renders `/recherche`.
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_catalogue(page: &PageContext, view: &CatalogueView) -> Result<String, RenderError> {
    let f = Frame::new(page, "catalogue-heading");
    f.render(&CatalogueTemplate { f: &f, t: f.t, view })
}

/// Renders `/recherche/jeux/{id}`, with an empty form or with errors (then HTTP 422).
///
/// # Errors
/// [`RenderError`] when the template fails.
pub fn render_dataset(page: &PageContext, view: &DatasetPage) -> Result<String, RenderError> {
    let f = Frame::new(page, "dataset-heading-plain");
    let f = f.headed(view.dataset.title.clone()).answering(&view.form.errors);
    f.render(&DatasetTemplate { f: &f, t: f.t, view })
}

#[derive(Template)]
#[template(path = "catalogue.html")]
struct CatalogueTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a CatalogueView,
}

#[derive(Template)]
#[template(path = "dataset.html")]
struct DatasetTemplate<'a> {
    f: &'a Frame<'a>,
    t: Speech,
    view: &'a DatasetPage,
}

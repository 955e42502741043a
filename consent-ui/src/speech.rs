//! What a template says: messages, dates and numbers in the language of the page.

use std::fmt;

use askama::filters::HtmlSafe;
use fluent_bundle::{FluentArgs, FluentValue};
use jiff::civil::Date;

use crate::format::{self, Moment};
use crate::lang::Lang;
use crate::messages::message;
use crate::vocabulary::Word;

/// The voice of one page. Copied into every template as `t`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speech {
    lang: Lang,
}

impl Speech {
    pub(crate) fn new(lang: Lang) -> Self {
        Self { lang }
    }

    pub(crate) fn lang(&self) -> Lang {
        self.lang
    }

    /// The message `key`.
    pub(crate) fn say(&self, key: &str) -> String {
        message(self.lang, key, None)
    }

    /// The message `key` with one argument.
    pub(crate) fn say1(&self, key: &str, name: &'static str, value: impl Argument) -> String {
        let mut args = FluentArgs::new();
        args.set(name, value.argument());
        message(self.lang, key, Some(&args))
    }

    /// The message `key` with two arguments.
    pub(crate) fn say2(
        &self,
        key: &str,
        name: &'static str,
        value: impl Argument,
        other_name: &'static str,
        other_value: impl Argument,
    ) -> String {
        let mut args = FluentArgs::new();
        args.set(name, value.argument());
        args.set(other_name, other_value.argument());
        message(self.lang, key, Some(&args))
    }

    /// A term of a controlled vocabulary, in words.
    pub(crate) fn word(&self, term: impl Word) -> String {
        self.say(term.key())
    }

    /// What a term of a vocabulary means for the person, in one sentence.
    pub(crate) fn meaning(&self, term: impl Word) -> String {
        self.say(&format!("{}-means", term.key()))
    }

    /// An instant with its date, as a `<time>` element.
    pub(crate) fn time(&self, at: impl Value<Moment>) -> TimeTag {
        TimeTag {
            machine: machine_time(at.value()),
            human: format::date_and_time(self.lang, at.value()),
        }
    }

    /// An instant without its date, as a `<time>` element.
    pub(crate) fn clock(&self, at: impl Value<Moment>) -> TimeTag {
        TimeTag {
            machine: machine_time(at.value()),
            human: format::time_of_day(self.lang, at.value()),
        }
    }

    /// A day, as a `<time>` element.
    pub(crate) fn day(&self, day: impl Value<Date>) -> TimeTag {
        TimeTag {
            machine: day.value().to_string(),
            human: format::date(self.lang, day.value()),
        }
    }

    /// A day in words, for the argument of a message.
    pub(crate) fn day_words(&self, day: impl Value<Date>) -> String {
        format::date(self.lang, day.value())
    }

    /// A month in words, for a heading or the argument of a message.
    pub(crate) fn month_words(&self, day: impl Value<Date>) -> String {
        format::month(self.lang, day.value())
    }

    /// An instant with its date in words, for the argument of a message.
    pub(crate) fn time_words(&self, at: impl Value<Moment>) -> String {
        format::date_and_time(self.lang, at.value())
    }

    /// The time of day in words, for the argument of a message.
    pub(crate) fn clock_words(&self, at: impl Value<Moment>) -> String {
        format::time_of_day(self.lang, at.value())
    }

    /// A whole number.
    pub(crate) fn number(&self, value: impl Value<u32>) -> String {
        format::number(self.lang, i64::from(value.value()))
    }

    /// A count, which may not fit an `i64`.
    pub(crate) fn count(&self, value: impl Value<u64>) -> String {
        format::group_digits(self.lang, &value.value().to_string())
    }

    /// Watt-hours, shown in kWh.
    pub(crate) fn energy(&self, watt_hours: impl Value<i64>) -> String {
        format::energy(self.lang, watt_hours.value())
    }

    /// Watts.
    pub(crate) fn power(&self, watts: impl Value<i64>) -> String {
        format::power(self.lang, watts.value())
    }
}

fn machine_time(at: Moment) -> String {
    at.timestamp()
        .map(|instant| instant.to_string())
        .unwrap_or_default()
}

/// A `<time>` element whose attribute holds UTC and whose text is in the language of the page.
#[derive(Debug, Clone)]
pub(crate) struct TimeTag {
    machine: String,
    human: String,
}

impl fmt::Display for TimeTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<time datetime=\"{}\">{}</time>", self.machine, self.human)
    }
}

// Both halves come from our own formatters: digits, month names and separators, never text from outside.
impl HtmlSafe for TimeTag {}

/// A small value, behind as many references as the template engine puts before it.
pub(crate) trait Value<T> {
    fn value(&self) -> T;
}

impl<T, R: Value<T> + ?Sized> Value<T> for &R {
    fn value(&self) -> T {
        (**self).value()
    }
}

impl Value<Self> for Moment {
    fn value(&self) -> Self {
        *self
    }
}

impl Value<Self> for Date {
    fn value(&self) -> Self {
        *self
    }
}

impl Value<Self> for i64 {
    fn value(&self) -> Self {
        *self
    }
}

impl Value<Self> for u32 {
    fn value(&self) -> Self {
        *self
    }
}

impl Value<Self> for u64 {
    fn value(&self) -> Self {
        *self
    }
}

/// A value that a message can take.
pub(crate) trait Argument {
    /// The value for Fluent. Counts stay numbers, so that plurals follow them.
    fn argument(&self) -> FluentValue<'static>;
}

impl Argument for str {
    fn argument(&self) -> FluentValue<'static> {
        FluentValue::from(self.to_owned())
    }
}

impl Argument for String {
    fn argument(&self) -> FluentValue<'static> {
        FluentValue::from(self.clone())
    }
}

impl Argument for u32 {
    fn argument(&self) -> FluentValue<'static> {
        FluentValue::from(*self)
    }
}

impl Argument for u64 {
    fn argument(&self) -> FluentValue<'static> {
        FluentValue::from(*self)
    }
}

impl Argument for usize {
    fn argument(&self) -> FluentValue<'static> {
        FluentValue::from(*self)
    }
}

impl<T: Argument + ?Sized> Argument for &T {
    fn argument(&self) -> FluentValue<'static> {
        (**self).argument()
    }
}

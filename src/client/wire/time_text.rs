//! The forms in which dates and times have been written: a date, an optional time after `T` or a blank, an optional
//! fraction and an optional offset. What they mean is not decided here.

use jiff::{civil, tz::Offset};

use super::Unfit;

pub(super) fn read(text: &str) -> Option<(civil::DateTime, Option<Offset>)> {
    let mut rest = Reader(text.as_bytes());
    let date = rest.date()?;
    let (time, offset) = if rest.byte(b"Tt ").is_some() {
        (rest.time()?, rest.offset().ok()?)
    } else {
        (civil::Time::midnight(), None)
    };
    rest.0.is_empty().then(|| (date.to_datetime(time), offset))
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// `2014-08-13`, or the American `8/13/2014` and `8-13-2014`, which the vendor's samples show.
    fn date(&mut self) -> Option<civil::Date> {
        let is_american = Reader(self.0).digits(4).is_none();
        let (year, month, day) = if is_american {
            let month = self.small(1, 2)?;
            let separator = self.byte(b"-/")?;
            let day = self.small(1, 2)?;
            self.byte(&[separator])?;
            (self.digits(4)?, month, day)
        } else {
            let year = self.digits(4)?;
            let separator = self.byte(b"-/")?;
            let month = self.small(1, 2)?;
            self.byte(&[separator])?;
            (year, month, self.small(1, 2)?)
        };
        civil::Date::new(i16::try_from(year).ok()?, month, day).ok()
    }

    fn byte(&mut self, any_of: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        if !any_of.contains(first) {
            return None;
        }
        self.0 = rest;
        Some(*first)
    }

    fn digit(&mut self) -> Option<u32> {
        self.byte(b"0123456789").map(|digit| u32::from(digit - b'0'))
    }

    fn digits(&mut self, count: usize) -> Option<u32> {
        (0..count).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    fn small(&mut self, at_least: usize, at_most: usize) -> Option<i8> {
        let mut number = self.digits(at_least)?;
        for _ in at_least..at_most {
            number = match self.digit() {
                Some(digit) => number * 10 + digit,
                None => break,
            };
        }
        i8::try_from(number).ok()
    }

    fn time(&mut self) -> Option<civil::Time> {
        let hour = self.small(1, 2)?;
        self.byte(b":")?;
        let minute = self.small(2, 2)?;
        let second = if self.byte(b":").is_some() { self.small(2, 2)? } else { 0 };
        let nanos = if self.byte(b".,").is_some() { self.fraction() } else { 0 };
        while self.byte(b" ").is_some() {}
        civil::Time::new(self.of_the_day(hour), minute, second, nanos).ok()
    }

    /// The hour of the day, if `AM` or `PM` says which half is meant.
    fn of_the_day(&mut self, hour: i8) -> i8 {
        let half = match self.byte(b"AaPp") {
            Some(b'A' | b'a') => 0,
            Some(_) => 12,
            None => return hour,
        };
        match self.byte(b"Mm") {
            Some(_) if (1..=12).contains(&hour) => hour % 12 + half,
            // No hour: the time is refused.
            _ => -1,
        }
    }

    /// Any number of digits; those past the ninth are dropped.
    fn fraction(&mut self) -> i32 {
        let (mut nanos, mut place) = (0, 100_000_000);
        while let Some(digit) = self.digit() {
            nanos += i32::try_from(digit).unwrap_or(0) * place;
            place /= 10;
        }
        nanos
    }

    /// What is left must be an offset, or nothing.
    fn offset(&mut self) -> Result<Option<Offset>, Unfit> {
        if self.0.is_empty() { Ok(None) } else { self.some_offset().map(Some).ok_or(Unfit) }
    }

    fn some_offset(&mut self) -> Option<Offset> {
        let Some(sign) = self.byte(b"+-") else {
            return self.byte(b"Zz").map(|_| Offset::UTC);
        };
        let hours = i32::from(self.small(2, 2)?);
        let _ = self.byte(b":");
        let minutes = if self.0.is_empty() { 0 } else { i32::from(self.small(2, 2)?) };
        let seconds = hours * 3600 + minutes * 60;
        Offset::from_seconds(if sign == b'-' { -seconds } else { seconds }).ok()
    }
}

//! What to run.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::fallback::{Strategy, Terms};
use crate::link::{Link, NotALink};
use crate::source::Source;

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The networks.
    pub courses: Vec<Course>,
    /// When the next transport is begun.
    pub strategies: Vec<Strategy>,
    /// How often to run it all.
    pub rounds: usize,
    /// What is published.
    pub source: Source,
    /// How long a link stays once it is read over the best transport that passes.
    pub stay: Duration,
    /// How often a poller polls.
    pub poll_interval: Duration,
}

impl Plan {
    /// How long a round takes, where every link is read as theory says: about.
    pub fn expected(&self) -> Duration {
        let terms = Terms::default();
        let of_a_course = |course: &Course| {
            let first = terms.least_patience + self.stay;
            first + (terms.again + terms.least_patience + self.stay) * (course.0.len() as u32 - 1)
        };
        self.courses.iter().map(of_a_course).max().unwrap_or_default() + self.pause()
    }

    /// How long the feed is silent in each round: longer than any link endures silence, where one does not.
    pub(super) fn pause(&self) -> Duration {
        let links = self.courses.iter().flat_map(Course::links);
        let longest = links.filter_map(|link| link.outlook().idle).max();
        longest.map_or(Duration::ZERO, |idle| idle + Duration::from_secs(2))
    }
}

/// A link, or links that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Course(Vec<Link>);

impl Course {
    /// Whether nothing can be found on some part of it.
    pub fn lets_nobody_in(&self) -> bool {
        self.0.iter().any(|link| link.outlook().refuses)
    }

    pub(super) fn links(&self) -> &[Link] {
        &self.0
    }
}

/// Stands between two links that follow each other.
const THEN: &str = " then ";

impl FromStr for Course {
    type Err = NotALink;

    fn from_str(text: &str) -> Result<Self, NotALink> {
        // Behind the last `then` there must be one, too.
        let padded = format!("{text} ");
        padded.split(THEN).map(|link| link.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let links: Vec<String> = self.0.iter().map(Link::to_string).collect();
        f.pad(&links.join(THEN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_follow_each_other_are_read_as_they_are_typed() {
        for text in ["none", "none then no-upgrade", "rtt=50ms then rtt=50ms,buffer=8k then none"] {
            assert_eq!(text.parse::<Course>().unwrap().to_string(), text);
        }
        for wrong in ["", "none then", "none then nothing", "none, then none"] {
            assert!(wrong.parse::<Course>().is_err(), "`{wrong}` was taken for a course");
        }
    }
}

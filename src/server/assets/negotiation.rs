//! What a request says that it takes, and that it has.

use hyper::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH};

/// Whether it takes an answer that is gzipped (RFC 9110, section 12.5.3): the more particular word counts.
pub(super) fn takes_gzip(asked: &HeaderMap) -> bool {
    let codings: Vec<_> = elements(asked, ACCEPT_ENCODING).filter_map(coding).collect();
    let takes = |name: &str| codings.iter().find(|(of, _)| of.eq_ignore_ascii_case(name)).map(|of| of.1);
    takes("gzip").or_else(|| takes("x-gzip")).or_else(|| takes("*")).unwrap_or(false)
}

/// A coding, and whether it is taken: `gzip`, `br;q=0.5`; `q=0` is a no.
fn coding(element: &str) -> Option<(&str, bool)> {
    let (name, parameters) = element.split_once(';').unwrap_or((element, ""));
    let weight = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f64>().ok())
    });
    let weight = weight.unwrap_or(Some(1.0))?;
    Some((name.trim(), weight > 0.0))
}

/// Whether it has a version with this tag already (RFC 9110, section 13.1.2): `W/` makes no difference to that.
pub(super) fn has_already(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    elements(asked, IF_NONE_MATCH).any(|known| {
        let known = known.strip_prefix("W/").unwrap_or(known);
        known == "*" || known.as_bytes() == tag.as_bytes()
    })
}

/// The elements of a field that is a list, over all its lines (RFC 9110, section 5.6.1). Our tags have no commas.
fn elements(asked: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = asked.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(name: &HeaderName, lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (name.clone(), HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn gzip_is_taken_where_it_is_named_and_not_refused() {
        for (lines, takes) in [
            (&["gzip, deflate, br, zstd"][..], true),
            (&["GZIP;q=0.001"], true),
            (&["br", "x-gzip"], true),
            (&["*"], true),
            (&["*;q=0, gzip"], true),
            (&["gzip;q=0, *"], false),
            (&["gzip ; q=0.0"], false),
            (&["gzip;q=high"], false),
            (&["br, identity"], false),
            (&["gzipped"], false),
            (&[""], false),
            (&[], false),
        ] {
            assert_eq!(takes_gzip(&head(&ACCEPT_ENCODING, lines)), takes, "{lines:?}");
        }
    }

    #[test]
    fn a_version_is_known_by_its_tag() {
        let tag = HeaderValue::from_static("\"5c\"");
        for (lines, knows) in [
            (&["\"5c\""][..], true),
            (&["W/\"5c\""], true),
            (&["\"1\", \"5c\""], true),
            (&["\"1\"", "\"5c\""], true),
            (&["*"], true),
            (&["\"5c-gzip\""], false),
            (&["5c"], false),
            (&[], false),
        ] {
            assert_eq!(has_already(&head(&IF_NONE_MATCH, lines), &tag), knows, "{lines:?}");
        }
    }
}

//! Why a file is no PEM, in words for who has to mend it.
//!
//! ```text
//! -----BEGIN PRIVATE KEY-----                                        30 82 04 bd 02 01 00 30 …
//! MIIEvQIBADANBgkqhkiG9w0BAQEFAASC…                                  the same without its clothes: DER
//! -----END PRIVATE KEY-----           where this is missing, it was cut off on its way
//! ```

use std::path::Path;

use tokio_rustls::rustls::pki_types::pem::Error;

/// What is wrong, and what helps.
pub(super) fn said(wrong: Error) -> String {
    let text = |line: &[u8]| String::from_utf8_lossy(line).trim().to_owned();
    match wrong {
        Error::MissingSectionEnd { end_marker } => format!(
            "it is cut off, its last line, `-----END {}-----`, is missing: copy the whole file again",
            text(&end_marker).trim_matches('-')
        ),
        Error::IllegalSectionStart { line } => {
            format!("the line `{}` is not whole: it ends with `-----`, too", text(&line))
        }
        Error::Base64Decode(why) => {
            format!(
                "what stands between its first and its last line is no base64, {why}: copy the file again"
            )
        }
        Error::Io(why) => why.to_string(),
        other => other.to_string(),
    }
}

/// Whether a file has in it what PEM would wrap: a SEQUENCE of more than 127 bytes (X.690, section 8.1.3.5).
pub(super) fn is_der(file: &Path) -> bool {
    let begun = std::fs::read(file).unwrap_or_default();
    matches!(begun[..], [0x30, 0x81..=0x84, ..])
}

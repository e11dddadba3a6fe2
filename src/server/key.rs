//! The operator's key: who has it may change the running server.

use std::fmt;
use std::io;

use subtle::ConstantTimeEq;

/// 26 letters of five bits each are the first length that holds 128 bits.
const LETTERS: usize = 26;

/// Base32 in lower case (RFC 4648, section 6): no 0, 1, 8 or 9 that could be taken for a letter.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Letters that a WebSocket's mask repeats after (RFC 6455, section 5.3).
const MASK: usize = 4;

/// As much of a key at the end of what is shown is taken for it: five letters that fit by chance are one in 2⁴⁰.
const TELLING: usize = 9;

/// A secret of one server: drawn when it starts, printed as part of the page's address, and never logged.
#[derive(Clone, Copy)]
pub struct Key([u8; LETTERS]);

impl Key {
    /// Draws a key from the operating system's own source of randomness.
    ///
    /// # Errors
    /// Where the system has none.
    pub fn draw() -> io::Result<Self> {
        let mut letters = [0; LETTERS];
        getrandom::fill(&mut letters)?;
        Ok(Self(letters.map(|byte| ALPHABET[usize::from(byte % 32)])))
    }

    /// The secret itself, for the one who starts the server.
    pub fn reveal(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }

    /// Makes stars of the key where it is among these bytes, in a head or in a frame: pages show what passed.
    ///
    /// A client masks what a frame carries with four bytes, over and over. What four letters further differs by is
    /// the same with a mask and without.
    pub(super) fn veil(&self, bytes: &mut [u8]) {
        let differs = |text: &[u8], at: usize| text[at] ^ text[at + MASK];
        for from in 0..bytes.len().saturating_sub(TELLING - 1) {
            let part = &bytes[from..bytes.len().min(from + LETTERS)];
            if (0..part.len() - MASK).all(|at| differs(part, at) == differs(&self.0, at)) {
                let to = from + part.len();
                bytes[from..to].fill(b'*');
            }
        }
    }

    /// Whether this is the key. How long that takes does not depend on how much of it was guessed.
    pub(super) fn is(&self, given: &str) -> bool {
        self.0[..].ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_26_letters_that_differ_from_draw_to_draw() {
        let (one, other) = (Key::draw().unwrap(), Key::draw().unwrap());
        assert!(one.reveal().len() == 26 && one.reveal().bytes().all(|letter| ALPHABET.contains(&letter)));
        assert_ne!(one.reveal(), other.reveal());
        let mut seen: Vec<u8> = (0..40).flat_map(|_| Key::draw().unwrap().0).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 32, "all letters are drawn");
    }

    #[test]
    fn only_the_whole_key_opens() {
        let key = Key::draw().unwrap();
        assert!(key.is(key.reveal()));
        for wrong in ["", &key.reveal()[1..], &format!("{}a", key.reveal()), &key.reveal().to_uppercase()] {
            assert!(!key.is(wrong), "`{wrong}`");
        }
    }

    #[test]
    fn a_key_is_veiled_in_a_head_in_a_frame_and_where_it_is_cut() {
        let key = Key::draw().unwrap();
        let text = format!("authorization: Bearer {}\r\n\r\n", key.reveal());
        let veiled = format!("authorization: Bearer {}\r\n\r\n", "*".repeat(26));
        for mask in [[0; 4], [0x37, 0xfa, 0x21, 0x3d]] {
            let masked = |text: &[u8]| -> Vec<u8> {
                text.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
            };
            let mut bytes = masked(text.as_bytes());
            key.veil(&mut bytes);
            let stars = 22..48;
            assert_eq!(bytes[stars.clone()], [b'*'; 26]);
            bytes[stars.clone()].copy_from_slice(&masked(veiled.as_bytes())[stars]);
            assert_eq!(bytes, masked(veiled.as_bytes()), "and nothing else");
        }
        for length in 0..26 {
            let mut cut = text.as_bytes()[..22 + length].to_vec();
            key.veil(&mut cut);
            let shown = cut[22..].iter().filter(|byte| **byte != b'*').count();
            assert!(shown < TELLING, "{length} letters, {shown} shown");
        }
    }

    #[test]
    fn a_key_is_not_shown_by_accident() {
        assert_eq!(format!("{:?}", Key::draw().unwrap()), "Key(…)");
    }
}

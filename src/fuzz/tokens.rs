//! Tokens, changed on their way.

use crate::server::{Claims, Tokens};

/// At which instant all is read.
const NOW_S: f64 = 1_000.0;

/// What is said in a token, and how it is changed: nobody gets in with a token that was not made here.
pub fn token(bytes: &[u8]) {
    let tokens = Tokens::with_key(&[7; 32]).expect("long enough");
    if let Ok(text) = str::from_utf8(bytes) {
        assert!(tokens.read(text, NOW_S).is_err(), "`{text}` was taken for a token");
    }
    let (place, said) = bytes.split_at(bytes.len().min(3));
    let text = String::from_utf8_lossy(said).into_owned();
    let (subscribe, publish) = (vec![text.clone(), "room.*".to_owned()], vec![text.clone()]);
    let claims = Claims { expires_s: 2_000.0, begins_s: None, subject: text.clone(), subscribe, publish };
    let token = tokens.mint(&claims);
    assert_eq!(tokens.read(&token, NOW_S).as_ref(), Ok(&claims));
    assert!(tokens.read(&token, 2_000.0).is_err(), "it has expired");
    assert!(claims.may_subscribe("room.7"), "{claims:?}");
    let granted = text.strip_suffix('*').map_or(text == "lobby", |begins| "lobby".starts_with(begins));
    assert_eq!(
        (claims.may_publish("lobby"), claims.may_subscribe("lobby")),
        (granted, granted),
        "{claims:?}"
    );
    let other = Tokens::with_key(&[8; 32]).expect("long enough");
    assert!(other.read(&token, NOW_S).is_err(), "that is another's");
    let [high, low, change] = *place else { return };
    // The last letter of a signature of 32 bytes holds two bits that mean nothing.
    let at = usize::from(u16::from_be_bytes([high, low])) % (token.len() - 1);
    let mut changed = token.clone().into_bytes();
    changed[at] = change;
    let Ok(changed) = String::from_utf8(changed) else { return };
    assert!(changed == token || tokens.read(&changed, NOW_S).is_err(), "{token} was changed to {changed}");
    assert!(tokens.read(&token[..at], NOW_S).is_err(), "it was cut at {at}");
}

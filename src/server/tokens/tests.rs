use proptest::prelude::*;
use serde_json::json;

use super::*;

fn tokens() -> Tokens {
    Tokens::with_key(&[7; 32]).unwrap()
}

fn claims() -> Claims {
    let (subscribe, publish) = (vec!["demo".to_owned(), "room.*".to_owned()], vec!["room.7".to_owned()]);
    Claims { expires_s: 1_000.0, begins_s: None, subject: "ann".to_owned(), subscribe, publish }
}

/// A token of another maker: any header, any claims, signed with HMAC-SHA-256 of the key.
fn made(header: &serde_json::Value, claims: &serde_json::Value) -> String {
    let part = |json: &serde_json::Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
    let message = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_secret(&[7; 32]);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

/// That of RFC 7515, appendix A.1: made elsewhere, with a key that is known.
#[test]
fn a_token_from_the_standard_is_read_as_signed() {
    let key = BASE64URL_NOPAD
        .decode(b"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .unwrap();
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9\
                 leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let read = Tokens::with_key(&key).unwrap().read(token, 0.0);
    assert!(read.unwrap_err().to_string().contains("`sub`"), "its signature is right, and it says not who");
    assert_eq!(tokens().read(token, 0.0).unwrap_err().to_string(), "it is not signed with this server's key");
}

#[test]
fn what_was_made_is_read_until_it_expires() {
    let token = tokens().mint(&claims());
    assert_eq!(tokens().read(&token, 999.9), Ok(claims()));
    assert_eq!(tokens().read(&token, 1_000.0), Err(Bad::Expired));
    let early = tokens().mint(&Claims { begins_s: Some(500.0), ..claims() });
    assert_eq!(tokens().read(&early, 499.0), Err(Bad::TooEarly));
    assert!(tokens().read(&early, 500.0).is_ok());
}

#[test]
fn a_token_of_another_maker_is_read_and_one_that_says_too_little_is_not() {
    let header = json!({ "alg": "HS256" });
    let ann = json!({ "exp": 1000, "sub": "ann", "subscribe": ["demo"], "iat": 1, "more": {} });
    assert!(tokens().read(&made(&header, &ann), 1.0).unwrap().may_subscribe("demo"));
    for (claims, word) in [
        (json!({ "sub": "ann" }), "`exp`"),
        (json!({ "exp": 1000 }), "`sub`"),
        (json!({ "exp": "1000", "sub": "ann" }), "`exp`"),
        (json!({ "exp": 1000, "sub": "ann", "subscribe": "demo" }), "`subscribe`"),
        (json!({ "exp": 1000, "sub": "ann", "aud": "another" }), "`aud`"),
        (json!([]), "`exp`"),
    ] {
        let wrong = tokens().read(&made(&header, &claims), 1.0).unwrap_err().to_string();
        assert!(wrong.contains(word), "{claims}: {wrong}");
    }
}

/// RFC 8725, section 2.1: whoever believes the header may be made to believe that nothing needs to be signed.
#[test]
fn a_token_does_not_choose_how_it_is_checked() {
    let claims = json!({ "exp": 1000, "sub": "ann" });
    for alg in ["none", "None", "HS384", "HS512", "RS256", "ES256"] {
        let token = made(&json!({ "alg": alg }), &claims);
        let unsigned = &token[..=token.rfind('.').unwrap()];
        for token in [&*token, unsigned] {
            let wrong = tokens().read(token, 1.0).unwrap_err().to_string();
            assert_eq!(wrong, "it is not signed with HS256", "`{alg}`: {token}");
        }
    }
    for header in [json!({}), json!({ "alg": null }), json!("HS256"), json!([])] {
        let wrong = tokens().read(&made(&header, &claims), 1.0).unwrap_err().to_string();
        assert_eq!(wrong, "it is no JSON Web Token", "{header}");
    }
}

#[test]
fn a_token_that_asks_for_what_is_not_known_here_is_refused() {
    let claims = json!({ "exp": 1000, "sub": "ann" });
    let with = |header| tokens().read(&made(&header, &claims), 1.0);
    assert!(with(json!({ "alg": "HS256", "kid": "7", "b64": true })).is_ok(), "what need not be known");
    for header in [
        json!({ "alg": "HS256", "crit": ["b64"], "b64": false }),
        json!({ "alg": "HS256", "crit": ["exp"] }),
        json!({ "alg": "HS256", "crit": [] }),
        json!({ "alg": "HS256", "crit": null }),
    ] {
        let wrong = with(header.clone()).unwrap_err().to_string();
        assert!(wrong.contains("`crit`"), "{header}: {wrong}");
    }
}

#[test]
fn a_key_is_long_enough_and_its_line_end_is_no_part_of_it() {
    assert_eq!(Tokens::with_key(b"short\n").unwrap_err(), TooShort(5));
    assert_eq!(Tokens::with_key(&[b'a'; 31]).unwrap_err(), TooShort(31));
    let token = tokens().mint(&claims());
    let file = [&[7; 32][..], b"\r\n"].concat();
    assert!(Tokens::with_key(&file).unwrap().read(&token, 1.0).is_ok());
    // Bytes that are no text are taken as they are.
    let bytes = [&[0xff; 31][..], b"\n"].concat();
    assert!(Tokens::with_key(&bytes).is_ok());
    let (one, other) = (Tokens::draw_key().unwrap(), Tokens::draw_key().unwrap());
    assert!(one != other && Tokens::with_key(one.as_bytes()).is_ok());
}

#[test]
fn a_key_is_not_shown_by_accident() {
    assert_eq!(format!("{:?}", tokens()), "Tokens(…)");
}

proptest! {
    #[test]
    fn what_is_no_token_of_ours_is_an_error_and_nothing_else(text in "\\PC{0,80}", dotted in "[A-Za-z0-9_.-]{0,120}") {
        prop_assert!(tokens().read(&text, 1.0).is_err());
        prop_assert!(tokens().read(&dotted, 1.0).is_err());
    }

    #[test]
    fn a_token_that_was_changed_anywhere_is_not_ours(at in 0usize..1000, to in "[A-Za-z0-9_-]") {
        let token = tokens().mint(&claims());
        let at = at % token.len();
        let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
        // The last letter of 32 bytes holds two bits that mean nothing.
        prop_assume!(changed != token && at + 1 != token.len());
        prop_assert!(tokens().read(&changed, 1.0).is_err());
    }
}

//! Certificates, and the files that hold them: which are good, for which names, and for how long.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use wirelanes::client::{Error, Options, Target};
use wirelanes::tls::{Distrust, Identity, Trust};
use wirelanes::transport::Transport;

use crate::behaviour::listener::Listener;
use crate::behaviour::stage::Stage;

/// Files as an authority hands them out: its own certificate, and one for a server with this name, with its key.
pub(crate) fn issued(folder: &Path, name: &str) -> [PathBuf; 3] {
    issued_with(folder, &CertificateParams::new([name.to_owned()]).unwrap())
}

fn write_pem(file: &Path, kind: &str, der: &[u8]) {
    let text = data_encoding::BASE64.encode(der);
    std::fs::write(file, format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")).unwrap();
}

fn issued_with(folder: &Path, own: &CertificateParams) -> [PathBuf; 3] {
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = own.signed_by(&key, &authority).unwrap();
    let write = |file: &str, kind: &str, der: &[u8]| {
        write_pem(&folder.join(file), kind, der);
        folder.join(file)
    };
    [
        write("ca.pem", "CERTIFICATE", authority.der()),
        write("own.pem", "CERTIFICATE", own.der()),
        write("key.pem", "PRIVATE KEY", &key.serialize_der()),
    ]
}

#[tokio::test]
async fn a_certificate_is_good_for_its_names_where_its_issuer_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let [authority, own, key] = issued(folder.path(), "wall.example");
    let stage = Stage::secured(Identity::load(&own, &key).unwrap());
    let named = |name: &str, trust: &Trust| {
        let target: Target = format!("https://{name}:{}", stage.address.port()).parse().unwrap();
        let options = Options { via: Some(stage.address), ..Options::new(target.trusting(trust.clone())) };
        Listener::start(Transport::Sse, options)
    };
    let trust = Trust::and_file(&authority).unwrap();
    named("wall.example", &trust).connected().await;
    for (name, trust, expected) in [
        ("other.example", &trust, "it is for `wall.example`: connect to that name"),
        ("wall.example", &Trust::default(), "its issuer is unknown: name who signed it with `--cacert FILE`"),
    ] {
        match named(name, trust).refusal().await {
            Error::Distrusted(Distrust::Certificate(of, why)) => assert_eq!((&*of, &*why), (name, expected)),
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// What `openssl req -x509` makes: it may vouch for others, and vouches for itself.
#[tokio::test]
async fn a_certificate_that_vouches_for_itself_is_good_for_its_names_where_it_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut own = CertificateParams::new(["localhost".to_owned()]).unwrap();
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let own = own.self_signed(&key).unwrap();
    let (own_file, key_file) = (folder.path().join("own.pem"), folder.path().join("key.pem"));
    write_pem(&own_file, "CERTIFICATE", own.der());
    write_pem(&key_file, "PRIVATE KEY", &key.serialize_der());
    let stage = Stage::secured(Identity::load(&own_file, &key_file).unwrap());
    let named = |name: &str, trust: Trust| {
        let target: Target = format!("https://{name}:{}", stage.address.port()).parse().unwrap();
        let options = Options { via: Some(stage.address), ..Options::new(target.trusting(trust)) };
        Listener::start(Transport::Sse, options)
    };
    let trust = Trust::and_file(&own_file).unwrap();
    named("localhost", trust.clone()).connected().await;
    for (name, trust, expected) in [
        ("other.example", trust, "it is for `localhost`: connect to that name"),
        ("localhost", Trust::default(), "`--cacert FILE`"),
    ] {
        let said = named(name, trust).refusal().await.to_string();
        assert!(said.contains(expected), "{name}: {said}");
    }
}

#[tokio::test]
async fn a_certificate_is_good_for_its_time() {
    let year = |year| rcgen::date_time_ymd(year, 1, 1);
    for (from, to, expected) in [
        (year(2020), year(2021), "it has expired: give the server a new one"),
        (year(2999), year(3000), "it is not valid yet: look at this machine's date"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut own = CertificateParams::new(["localhost".to_owned()]).unwrap();
        (own.not_before, own.not_after) = (from, to);
        let [authority, own, key] = issued_with(folder.path(), &own);
        let stage = Stage::secured(Identity::load(&own, &key).unwrap());
        let target: Target = format!("https://localhost:{}", stage.address.port()).parse().unwrap();
        let target = target.trusting(Trust::and_file(&authority).unwrap());
        let options = Options { via: Some(stage.address), ..Options::new(target) };
        let said = Listener::start(Transport::Sse, options).refusal().await.to_string();
        assert!(
            said.contains(expected) && said.contains("`--insecure`") && !said.contains("--cacert"),
            "{said}"
        );
    }
}

#[test]
fn files_that_do_not_do_are_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let [authority, own, key] = issued(folder.path(), "wall.example");
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let [_, _, others_key] = issued(&other, "wall.example");
    let nowhere = folder.path().join("nowhere.pem");
    let encrypted =
        ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n"];
    let [modern, old] = encrypted.map(|sign| {
        let file = folder.path().join(format!("{}.pem", sign.len()));
        let (begin, head) =
            if sign.starts_with('-') { (sign, "") } else { ("-----BEGIN EC PRIVATE KEY-----", sign) };
        let end = begin.replace("BEGIN", "END");
        std::fs::write(&file, format!("{begin}\n{head}\nAAAA\n{end}\n")).unwrap();
        file
    });
    let files = |names: [&str; 3]| names.map(|name| folder.path().join(name));
    let [cut, der, der_key] = files(["cut.pem", "own.der", "key.der"]);
    let text = std::fs::read_to_string(&key).unwrap();
    std::fs::write(&cut, text.split_once("\n-----END").unwrap().0).unwrap();
    let raw = |file: &Path| {
        let text = std::fs::read_to_string(file).unwrap();
        data_encoding::BASE64.decode(text.lines().nth(1).unwrap().as_bytes()).unwrap()
    };
    std::fs::write(&der, raw(&own)).unwrap();
    std::fs::write(&der_key, raw(&key)).unwrap();
    for (certificate, key, expected) in [
        (&nowhere, &key, "nowhere.pem`: No such file"),
        (&own, &nowhere, "nowhere.pem`: No such file"),
        (&own, &cut, "cut.pem`: it is cut off, its last line, `-----END PRIVATE KEY-----`, is missing"),
        (&der, &key, "own.der` is DER: write it as PEM with `openssl x509 -inform DER -in"),
        (&own, &der_key, "key.der` is DER: write it as PEM with `openssl pkey -inform DER -in"),
        (&key, &key, "there is no certificate in"),
        (&own, &authority, "there is no private key in"),
        (&own, &others_key, "is not the one of the certificate in"),
        (&own, &modern, "is encrypted"),
        (&own, &old, "`openssl pkey -in"),
    ] {
        let wrong = Identity::load(certificate, key).err().expect("it does not do");
        assert!(std::error::Error::source(&wrong).is_none(), "its cause would be said twice: {wrong}");
        let wrong = wrong.to_string();
        assert!(wrong.contains(expected), "{wrong}");
    }
    let wrong = Trust::and_file(&der).expect_err("it is no PEM").to_string();
    assert!(wrong.contains("own.der` is DER: write it"), "{wrong}");
    let wrong = Trust::and_file(&key).expect_err("there is nobody in it").to_string();
    assert!(wrong.contains("there is no certificate in") && wrong.contains("key.pem"), "{wrong}");
}

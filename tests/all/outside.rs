//! HTTPS to servers whose certificates are good, or not.

use std::sync::Arc;

use frontdesk::protocols::outside::{LONGEST, Outside, Private, Unreached};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::Instant,
};
use tokio_rustls::TlsAcceptor;
use url::Url;

/// An authority of which no machine knows.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Starts a server of that name, whose certificate is good until that year, and says where its port is.
    async fn serve(&self, name: &str, until: i32) -> u16 {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Who does not like the certificate hangs up.
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                let seen = json!({ "seen": String::from_utf8_lossy(&request[..length]) }).to_string();
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{seen}", seen.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
                let _ = stream.shutdown().await;
            }
        });
        port
    }
}

async fn ask(outside: &Outside, host: &str, port: u16) -> Result<Value, Unreached> {
    outside.json(Url::parse(&format!("https://{host}:{port}/a")).unwrap(), Instant::now() + LONGEST).await
}

#[tokio::test]
async fn certificates_are_verified() {
    let (ours, other) = (Authority::new(), Authority::new());
    let port = ours.serve("localhost", 2100).await;
    let outside = Outside::new(Private::Allowed, Some(ours.pem.as_bytes())).unwrap();
    let seen = ask(&outside, "localhost", port).await.unwrap()["seen"].as_str().unwrap().to_ascii_lowercase();
    assert!(seen.starts_with("get /a http/1.1\r\n") && seen.contains("user-agent: frontdesk\r\n"), "{seen}");
    for word in ["cookie", "referer", "accept-encoding", "authorization"] {
        assert!(!seen.contains(word), "{seen}");
    }

    let both = [ours.pem.as_bytes(), other.pem.as_bytes()].concat();
    assert!(ask(&Outside::new(Private::Allowed, Some(&both)).unwrap(), "localhost", port).await.is_ok());

    let strangers = Outside::new(Private::Allowed, None).unwrap();
    let others = Outside::new(Private::Allowed, Some(other.pem.as_bytes())).unwrap();
    let (expired, elsewhere) = (ours.serve("localhost", 2020).await, ours.serve("id.example.com", 2100).await);
    for (who, host, port, objection) in [
        (&strangers, "localhost", port, "authority"),
        (&others, "localhost", port, "authority"),
        (&outside, "127.0.0.1", port, "another name"),
        (&outside, "localhost", expired, "expired"),
        (&outside, "localhost", elsewhere, "another name"),
    ] {
        let fault = ask(who, host, port).await.unwrap_err();
        assert!(matches!(&fault, Unreached::Certificate(_, why) if why.contains(objection)), "{fault:?}");
    }
    let guarded = Outside::new(Private::Refused, Some(ours.pem.as_bytes())).unwrap();
    assert!(matches!(ask(&guarded, "localhost", port).await, Err(Unreached::Private(_))));
}

//! Real proxies in front: who asks is whom they name, and nobody else may name anybody (security-cases IP-01).

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use frontdesk::rules::network::Header;
use reqwest::Method;

use crate::kit::{Browser, House, PASSWORD};

/// A proxy that ends with the test.
struct Proxy {
    child: Child,
    base: String,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const OFFICE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 4);

pub fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn start(mut command: Command, address: SocketAddr) -> Proxy {
    let child = command.stdout(Stdio::null()).spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let proxy = Proxy { child, base: format!("http://{address}") };
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return proxy;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} does not listen", proxy.base);
}

async fn nginx(desk: SocketAddr, header: Header, folder: &Path) -> Proxy {
    let (address, place) = (free_port(), folder.display());
    // What a client sends of the header stays in front of what the proxy adds, as its manual has it.
    let says = match header {
        Header::XForwardedFor => "X-Forwarded-For $proxy_add_x_forwarded_for",
        Header::Forwarded => "Forwarded \"$http_forwarded, for=$remote_addr;proto=http\"",
    };
    let conf = format!(
        "daemon off; master_process off; pid {place}/nginx.pid; error_log stderr warn; events {{ }}
         http {{ access_log off; client_body_temp_path {place}/b; proxy_temp_path {place}/p; fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
           server {{ listen {address}; location / {{ proxy_pass http://{desk}; proxy_set_header Host {desk}; proxy_set_header {says}; }} }} }}"
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, conf).unwrap();
    let mut command = Command::new("/usr/sbin/nginx");
    command.args(["-e", "stderr", "-p"]).arg(folder).arg("-c").arg(file);
    start(command, address).await
}

async fn haproxy(desk: SocketAddr, header: Header, folder: &Path) -> Proxy {
    let address = free_port();
    // A header of its own beside whatever a client sends.
    let says = match header {
        Header::XForwardedFor => "option forwardfor",
        Header::Forwarded => "http-request add-header Forwarded for=%[src];proto=http",
    };
    let conf = format!(
        "defaults\n mode http\n timeout connect 5s\n timeout client 20s\n timeout server 20s\nfrontend front\n bind {address}\n default_backend desk\nbackend desk\n {says}\n http-request set-header Host {desk}\n server desk {desk}\n"
    );
    let file = folder.join("haproxy.cfg");
    std::fs::write(&file, conf).unwrap();
    let mut command = Command::new("/usr/sbin/haproxy");
    command.args(["-db", "-q", "-f"]).arg(file);
    start(command, address).await
}

/// What somebody says of themselves who wants to be somebody else.
const LIES: [(&str, &str); 10] = [
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-for", "10.0.0.1, 127.0.0.1"),
    ("x-forwarded-for", "[::1]:80, unknown"),
    ("x-forwarded-for", ", ,"),
    ("forwarded", "for=127.0.0.1"),
    ("forwarded", "for=\"[::1]:80\";proto=https, for=unknown"),
    ("forwarded", "for=127.0.0.1;x=\""),
    ("x-real-ip", "127.0.0.1"),
    ("cf-connecting-ip", "127.0.0.1"),
    ("true-client-ip", "127.0.0.1"),
];

/// Whom they are taken for; nothing where what they say is refused.
async fn address_seen(browser: &Browser, lie: Option<(&str, &str)>) -> String {
    let mut headers = vec![("sec-fetch-site", "same-origin")];
    headers.extend(lie);
    let page = browser.send(Method::GET, "/me/sessions", None, &headers).await;
    if page.status.as_u16() == 400 {
        return String::new();
    }
    page.all("#come-from").pop().unwrap_or_else(|| panic!("{lie:?}: {} {}", page.status, page.text()))
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_say_who_asks_and_nobody_else() {
    for header in Header::ALL {
        let (house, ada) = House::with_ada_and(|config| {
            config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
            config.forwarded_header = *header;
        })
        .await;
        let desk = house.running.address;
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let proxies = [nginx(desk, *header, folders[0].path()).await, haproxy(desk, *header, folders[1].path()).await];
        let from = |base: &str, address: Ipv4Addr| Browser::at_from(base, IpAddr::V4(address));
        for proxy in &proxies {
            let office = from(&proxy.base, OFFICE);
            assert_eq!(office.sign_in("ada@example.com", PASSWORD).await.location(), "/accounts", "{}", header.word());
            assert_eq!(address_seen(&office, None).await, OFFICE.to_string(), "{} {}", proxy.base, header.word());
            for lie in LIES {
                let seen = address_seen(&office, Some(lie)).await;
                // A quote that is not closed makes nonsense of what a proxy writes behind it.
                let is_nonsense = *header == Header::Forwarded && lie.1.ends_with('"') && !lie.1.contains("[::1]");
                assert!(seen == OFFICE.to_string() || (is_nonsense && seen.is_empty()), "{lie:?} {}: {seen}", header.word());
            }
        }
        // Around the proxies nobody is believed.
        let direct = from(&format!("http://{desk}"), ELSEWHERE);
        direct.sign_in("ada@example.com", PASSWORD).await;
        for lie in LIES {
            assert_eq!(address_seen(&direct, Some(lie)).await, ELSEWHERE.to_string(), "{lie:?}");
        }
        // And a restriction holds for whom they name: by the API, whose changes are final.
        let (_, key) = key_of(&ada).await;
        let api = |path: &str, body: serde_json::Value| {
            let request = reqwest::Client::new().post(format!("http://{desk}/api{path}")).bearer_auth(&key).header("ngrok-version", "2");
            async move { request.json(&body).send().await.unwrap().json::<serde_json::Value>().await.unwrap() }
        };
        let policy = api("/ip_policies", serde_json::json!({})).await["id"].clone();
        for cidr in ["127.0.0.1/32", "127.0.0.3/32"] {
            api("/ip_policy_rules", serde_json::json!({ "ip_policy_id": policy, "cidr": cidr, "action": "allow" })).await;
        }
        let made = api("/ip_restrictions", serde_json::json!({ "type": "dashboard", "ip_policy_ids": [policy], "enforced": true })).await;
        assert_eq!(made["enforced"], serde_json::json!(true), "{made}");
        for proxy in &proxies {
            for (address, status) in [(OFFICE, 200), (ELSEWHERE, 403)] {
                let browser = from(&proxy.base, address);
                browser.set_cookie(ada.cookie());
                let page = browser.get("/accounts/acme").await;
                assert_eq!(page.status.as_u16(), status, "{address} {}: {}", header.word(), page.text());
            }
        }
    }
}

async fn key_of(ada: &Browser) -> (String, String) {
    let page = ada.post("/accounts/acme/api-keys/new", &[("description", "Proxies".into())]).await;
    (page.location().to_owned(), page.all("#value").remove(0))
}

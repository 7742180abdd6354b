//! A Chromium of its own for each test, and verbs for what people do with it.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;

/// Whether the browser runs scripts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

pub struct Chromium {
    driver: WebDriver,
    process: Child,
    scripts: Scripts,
    axe: String,
    _profile: TempDir,
}

/// Widths that people have: a desk, and the narrowest phone (WCAG 1.4.10).
const SIZES: [(&str, u32, u32); 2] = [("wide", 1280, 900), ("narrow", 320, 800)];

impl Chromium {
    pub async fn start(scripts: Scripts) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed");
        let profile = tempfile::tempdir().unwrap();
        let mut capabilities = DesiredCapabilities::chrome();
        capabilities.set_binary("/usr/bin/chromium").unwrap();
        for flag in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1280,900",
        ] {
            capabilities.add_arg(flag).unwrap();
        }
        capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
        if scripts == Scripts::Off {
            capabilities.add_experimental_option("prefs", json!({ "profile.managed_default_content_settings.javascript": 2 })).unwrap();
        }
        let url = format!("http://127.0.0.1:{port}");
        let mut tries = 0;
        let driver = loop {
            match WebDriver::new(&url, capabilities.clone()).await {
                Ok(driver) => break driver,
                Err(error) if tries >= 40 => panic!("no browser: {error}"),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        };
        let axe = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(axe).expect("npm ci has been run in tests/browser");
        let browser = Self { driver, process, scripts, axe, _profile: profile };
        browser.check_scripts().await;
        browser
    }

    /// That scripts are on or off as wanted, so that the journey without them proves something.
    async fn check_scripts(&self) {
        self.driver.goto("data:text/html,<p>off</p><script>document.querySelector('p').textContent='on'</script>").await.unwrap();
        let expected = if self.scripts == Scripts::On { "on" } else { "off" };
        assert_eq!(self.texts("p").await, [expected]);
    }

    pub async fn open(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// Path and query of where we are.
    pub async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    pub async fn title(&self) -> String {
        self.driver.title().await.unwrap()
    }

    pub async fn texts(&self, selector: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for element in self.driver.find_all(By::Css(selector)).await.unwrap() {
            texts.push(element.text().await.unwrap().trim().to_owned());
        }
        texts
    }

    pub async fn attribute(&self, selector: &str, name: &str) -> String {
        self.driver.find(By::Css(selector)).await.unwrap().attr(name).await.unwrap().unwrap_or_default()
    }

    pub async fn value(&self, field: &str) -> String {
        self.driver.find(By::Id(field)).await.unwrap().prop("value").await.unwrap().unwrap_or_default()
    }

    /// Types into the field with this label's id, in place of what stands there.
    pub async fn type_into(&self, field: &str, text: &str) {
        let input = self.driver.find(By::Id(field)).await.unwrap();
        input.clear().await.unwrap();
        input.send_keys(text).await.unwrap();
    }

    pub async fn choose(&self, field: &str, value: &str) {
        self.click(&format!("main [name={field}][value={value}]")).await;
    }

    /// Presses the button that says this, and waits for what comes.
    pub async fn press(&self, label: &str) {
        for button in self.driver.find_all(By::Css("button")).await.unwrap() {
            if button.text().await.unwrap().trim() == label {
                Self::click_on(&button).await;
                return Self::gone(&button).await;
            }
        }
        panic!("no button says {label:?}: {:?}", self.texts("button").await);
    }

    /// Follows a link, and waits for what comes.
    pub async fn follow(&self, selector: &str) {
        let link = self.driver.find(By::Css(selector)).await.unwrap();
        Self::click_on(&link).await;
        Self::gone(&link).await;
    }

    /// Waits until an element has made room for what its click asked for.
    async fn gone(element: &WebElement) {
        for _ in 0..100 {
            if element.tag_name().await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the page stayed as it was");
    }

    pub async fn sign_out(&self) {
        self.click(".user-menu summary").await;
        self.press("Sign out").await;
    }

    /// Forgets every cookie.
    pub async fn sign_out_everywhere(&self) {
        self.driver.delete_all_cookies().await.unwrap();
    }

    pub async fn back(&self) {
        self.driver.back().await.unwrap();
    }

    /// Waits until something is there.
    pub async fn wait_for(&self, selector: &str) {
        for _ in 0..100 {
            if !self.driver.find_all(By::Css(selector)).await.unwrap().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{selector} did not come: {}", self.driver.source().await.unwrap());
    }

    /// Clicks once the element can be clicked: a page that was just laid out anew may need a moment, as people do.
    async fn click_on(element: &WebElement) {
        let mut tries = 0;
        while let Err(error) = element.click().await {
            // Gone with its page: the click has done what it was for.
            if error.to_string().contains("stale element") {
                return;
            }
            tries += 1;
            assert!(tries < 50, "it cannot be clicked: {error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Clicks on what stays where it is.
    pub async fn click(&self, selector: &str) {
        Self::click_on(&self.driver.find(By::Css(selector)).await.unwrap()).await;
    }

    pub async fn is_shown(&self, selector: &str) -> bool {
        self.driver.find(By::Css(selector)).await.unwrap().is_displayed().await.unwrap()
    }

    pub async fn focus(&self, selector: &str) {
        self.driver.find(By::Css(selector)).await.unwrap().focus().await.unwrap();
    }

    /// Takes a picture of what is shown.
    pub async fn picture(&self, name: &str) {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/pictures"));
        std::fs::create_dir_all(&folder).unwrap();
        self.driver.screenshot(&folder.join(format!("{name}.png"))).await.unwrap();
    }

    /// Waits until the address says this.
    pub async fn wait_for_path(&self, part: &str) {
        for _ in 0..100 {
            if self.path().await.contains(part) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{part} did not come: {}", self.path().await);
    }

    /// Runs a script of the test's.
    pub async fn run(&self, script: &str) {
        self.driver.execute(script, vec![]).await.unwrap();
    }

    /// Puts a mark on the document, which loading another one removes.
    pub async fn mark(&self) {
        self.driver.execute("window.marked = true", vec![]).await.unwrap();
    }

    pub async fn is_marked(&self) -> bool {
        self.driver.execute("return window.marked === true", vec![]).await.unwrap().json().as_bool().unwrap()
    }

    /// Presses keys by name, so many times each.
    pub async fn keys(&self, keys: &[(&str, usize)]) {
        for (name, times) in keys {
            let key = match *name {
                "Tab" => Key::Tab,
                "Enter" => Key::Enter,
                other => panic!("{other}"),
            };
            for _ in 0..*times {
                self.driver.action_chain().send_keys(key.clone()).perform().await.unwrap();
            }
        }
    }

    pub async fn write(&self, text: &str) {
        self.driver.action_chain().send_keys(text).perform().await.unwrap();
    }

    /// The text of what has the focus.
    pub async fn focused(&self) -> String {
        self.driver.active_element().await.unwrap().text().await.unwrap()
    }

    /// Looks at the page as people see it: wide and narrow, light and dark. Takes pictures, and with scripts on lets
    /// axe-core find faults; nothing may stick out sideways, and the content policy must not have been broken.
    pub async fn look(&self, name: &str) {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/pictures"));
        std::fs::create_dir_all(&folder).unwrap();
        for (size, width, height) in SIZES {
            for theme in ["light", "dark"] {
                self.resize(width, height).await;
                let features =
                    json!([{ "name": "prefers-color-scheme", "value": theme }, { "name": "prefers-reduced-motion", "value": "reduce" }]);
                self.cdp("Emulation.setEmulatedMedia", json!({ "features": features })).await;
                if self.scripts == Scripts::On {
                    self.check(&format!("{name} {size} {theme}")).await;
                    // The picture shows the whole page, also what one would have to scroll to.
                    let whole = self.driver.execute("return document.documentElement.scrollHeight", vec![]).await.unwrap();
                    self.resize(width, whole.convert::<u32>().unwrap().clamp(height, 6_000)).await;
                    self.driver.screenshot(&folder.join(format!("{name}-{size}-{theme}.png"))).await.unwrap();
                } else if size == "wide" && theme == "light" {
                    self.driver.screenshot(&folder.join(format!("{name}-without-scripts.png"))).await.unwrap();
                }
            }
        }
        self.cdp("Emulation.clearDeviceMetricsOverride", json!({})).await;
        self.cdp("Emulation.setEmulatedMedia", json!({ "features": [] })).await;
    }

    pub async fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    async fn check(&self, what: &str) {
        let wide: i64 = self
            .driver
            .execute("return document.documentElement.scrollWidth - window.innerWidth", vec![])
            .await
            .unwrap()
            .convert()
            .unwrap();
        assert!(wide <= 0, "{what}: {wide} pixels stick out sideways");
        let violations: Vec<String> =
            self.driver.execute("return window.__violations || ['app.js did not run']", vec![]).await.unwrap().convert().unwrap();
        assert!(violations.is_empty(), "{what}: {violations:?}");
        self.driver.execute(self.axe.as_str(), vec![]).await.unwrap();
        let script = "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((r) => done(r.violations), (e) => done([{ id: String(e) }]));";
        let found: Vec<Value> = self.driver.execute_async(script, vec![]).await.unwrap().convert().unwrap();
        let found: Vec<String> = found
            .iter()
            .map(|violation| format!("{}: {}\n{:#}", violation["id"], violation["help"], violation["nodes"][0]["html"]))
            .collect();
        assert!(found.is_empty(), "{what}: {}", found.join("\n"));
    }

    async fn cdp(&self, command: &str, parameters: Value) {
        self.driver.cdp().send_raw(command, parameters).await.unwrap();
    }

    pub async fn quit(self) {
        self.driver.clone().quit().await.unwrap();
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

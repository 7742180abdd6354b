//! A browser whose server may be killed at any moment: an answer that does not come is no reason to panic.

use std::time::Duration;

use reqwest::{Client as Http, Method, header};

use crate::kit::{Page, form};

/// Keeps its cookie, and follows no redirect by itself.
pub struct Client {
    http: Http,
    base: String,
    cookie: Option<String>,
}

impl Client {
    pub fn new(base: &str) -> Self {
        // Whoever comes first says by whose means TLS is spoken; here none is.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Http::builder().redirect(reqwest::redirect::Policy::none()).timeout(Duration::from_secs(20)).build().unwrap();
        Self { http, base: base.to_owned(), cookie: None }
    }

    /// From now on the server is elsewhere.
    pub fn turn_to(&mut self, base: &str) {
        base.clone_into(&mut self.base);
    }

    /// Forgets who is signed in.
    pub fn forget(&mut self) {
        self.cookie = None;
    }

    /// The page; nothing where no whole answer came.
    pub async fn get(&mut self, path: &str) -> Option<Page> {
        self.send(Method::GET, path, None, &[]).await
    }

    /// What a form is answered by; nothing where no whole answer came.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Option<Page> {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.send(Method::POST, path, Some(form(&fields)), &[]).await
    }

    /// The same with a form that is written already, and with more headers.
    pub async fn post_with(&mut self, path: &str, form: &str, headers: &[(&str, &str)]) -> Option<Page> {
        self.send(Method::POST, path, Some(form.to_owned()), headers).await
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<String>, headers: &[(&str, &str)]) -> Option<Page> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).header("sec-fetch-site", "same-origin");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.text().await.ok()?;
        if let Some(set) = headers.get(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            self.cookie = Some(pair.to_owned()).filter(|pair| !pair.ends_with('='));
        }
        Some(Page { status, headers, body })
    }
}

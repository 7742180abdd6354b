//! Static files: in the binary, under a name that changes with their content, so that browsers may keep them for good.

use std::{collections::BTreeMap, sync::LazyLock};

#[expect(clippy::disallowed_types, reason = "a file that is not there needs no page in a shell")]
use axum::extract::Path;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

use crate::rules::chain::hex;

#[derive(RustEmbed)]
#[folder = "static/"]
#[exclude = "*.txt"]
struct Files;

struct Names {
    by_file: BTreeMap<String, String>,
    by_url: BTreeMap<String, String>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names { by_file: BTreeMap::new(), by_url: BTreeMap::new() };
    for file in Files::iter() {
        let Some(content) = Files::get(&file) else { continue };
        let hash = hex(&content.metadata.sha256_hash()[..6]);
        let (stem, ending) = file.rsplit_once('.').unwrap_or((&file, ""));
        let name = format!("{stem}.{hash}.{ending}");
        names.by_url.insert(name.clone(), file.to_string());
        names.by_file.insert(file.into_owned(), format!("/static/{name}"));
    }
    names
});

/// The URL of a file. A file that is not there has none, and the browser tests would notice.
pub fn asset(file: &str) -> &'static str {
    NAMES.by_file.get(file).map_or("", String::as_str)
}

#[expect(clippy::disallowed_types, reason = "a file that is not there needs no page in a shell")]
/// Answers with a file.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let Some(content) = NAMES.by_url.get(&name).and_then(|file| Files::get(file)) else {
        return super::problem::plain(StatusCode::NOT_FOUND, "There is no such file.");
    };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, content.data).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_a_hash_and_lead_to_files() {
        let url = asset("tokens.css");
        let name = url.strip_prefix("/static/").unwrap();
        assert_eq!(NAMES.by_url.get(name).map(String::as_str), Some("tokens.css"));
        assert_eq!(asset("missing.css"), "");
        assert!(!NAMES.by_url.values().any(|file| file == "THIRD-PARTY.txt"));
    }
}

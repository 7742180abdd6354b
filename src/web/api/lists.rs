//! Lists: newest first, in pages that follow each other, filtered (facts/ngrok.md §2.2).

use std::future::Future;

use axum::{extract::FromRequestParts, http::request::Parts};
use utoipa::IntoParams;

use super::{
    answers::Base,
    body::{QueryRead, parameters},
    error::ApiError,
};
use crate::{
    rules::{
        codes,
        filter::{Filter, Kind, Value},
        time::Millis,
    },
    store::StoreError,
    web::Site,
};

/// The most on a page, and how many where nothing is said.
const MOST: usize = 100;
/// Rows that are looked at in one go.
const BATCH: i64 = 500;
/// Rows that are looked at for a page: where a filter finds little, the page ends there, and the next one goes on.
const LOOKED_AT: usize = 5_000;

/// The same for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct ListQuery {
    /// Only what was made before the one with this id.
    #[param(nullable = false)]
    before_id: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 100, nullable = false)]
    limit: Option<i64>,
    /// A part of CEL over `obj`, an entry of the list, such as `obj.id in ["…", "…"]` or, where there is such a field,
    /// `obj.created_at > timestamp(time.now).subtract("7d")`.
    #[param(max_length = 2048, nullable = false)]
    filter: Option<String>,
}

/// What is said behind the question mark.
pub(super) struct Asked {
    before_id: Option<String>,
    limit: usize,
    filter: Option<String>,
}

impl FromRequestParts<Site> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, ApiError> {
        parts.extensions.insert(QueryRead);
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

impl Asked {
    fn read(query: &str) -> Result<Self, ApiError> {
        let [before_id, limit, filter] = parameters(query, ["before_id", "limit", "filter"])?;
        let filter = filter.filter(|filter: &String| !filter.is_empty());
        let limit = match limit.as_deref().map(str::parse::<i64>) {
            None => MOST,
            Some(Err(_)) => return Err(ApiError::bad(codes::PAGE_SIZE_TEXT, "The limit has to be a number.")),
            Some(Ok(limit)) => usize::try_from(limit)
                .ok()
                .filter(|limit| (1..=MOST).contains(limit))
                .ok_or_else(|| ApiError::bad(codes::PAGE_SIZE, format!("The limit has to be from 1 to {MOST}.")))?,
        };
        Ok(Self { before_id, limit, filter })
    }

    /// The filter, for objects with these fields.
    pub(super) fn filter(&self, fields: &'static [(&'static str, Kind)], now: Millis) -> Result<Filter, ApiError> {
        let Some(text) = &self.filter else { return Ok(Filter::all()) };
        Filter::parse(text, fields, now).map_err(|says| ApiError::bad(codes::FILTER, says))
    }

    /// The id before which the page begins, as `parse` reads it.
    pub(super) fn before<I>(&self, parse: impl Fn(&str) -> Option<I>) -> Result<Option<I>, ApiError> {
        self.before_id.as_deref().map(|text| parse(text).ok_or_else(no_place)).transpose()
    }

    /// The page that is asked for: `fetch` answers with the newest rows before an id, `id` with the id of a row, and `keep` whether the
    /// filter lets one through.
    pub(super) async fn page<T, I, F>(
        &self,
        parse: impl Fn(&str) -> Option<I>,
        fetch: impl FnMut(Option<I>, i64) -> F,
        id: impl Fn(&T) -> I,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Page<T, I>, ApiError>
    where
        F: Future<Output = Result<Vec<T>, StoreError>>,
        I: Clone,
    {
        self.page_from(self.before(parse)?, fetch, id, keep, |_| false).await
    }

    /// The same, where the place at which it begins is known, and from which row on nothing follows that the filter lets through.
    pub(super) async fn page_from<T, I, F>(
        &self,
        mut before: Option<I>,
        mut fetch: impl FnMut(Option<I>, i64) -> F,
        id: impl Fn(&T) -> I,
        keep: impl Fn(&T) -> bool,
        is_beyond: impl Fn(&T) -> bool,
    ) -> Result<Page<T, I>, ApiError>
    where
        F: Future<Output = Result<Vec<T>, StoreError>>,
        I: Clone,
    {
        let (mut rows, mut looked_at) = (Vec::new(), 0);
        // Without a filter one go is enough.
        let batch = if self.filter.is_none() { i64::try_from(self.limit + 1).unwrap_or(BATCH) } else { BATCH };
        loop {
            let found = fetch(before.clone(), batch).await?;
            let is_last = i64::try_from(found.len()).unwrap_or(0) < batch || found.last().is_some_and(&is_beyond);
            looked_at += found.len();
            for row in found {
                let at = id(&row);
                if keep(&row) {
                    if rows.len() == self.limit {
                        return Ok(Page { next: rows.last().map(id), rows });
                    }
                    rows.push(row);
                }
                before = Some(at);
            }
            if is_last {
                return Ok(Page { rows, next: None });
            }
            if looked_at >= LOOKED_AT {
                return Ok(Page { rows, next: before });
            }
        }
    }

    /// The address of the next page of a list.
    pub(super) fn next(&self, base: &Base, path: &str, id: Option<String>) -> Option<String> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("before_id", &id?).append_pair("limit", &self.limit.to_string());
        if let Some(filter) = &self.filter {
            query.append_pair("filter", filter);
        }
        Some(format!("{}?{}", base.uri(path), query.finish()))
    }
}

/// That a page is asked for behind what is not listed.
pub(super) fn no_place() -> ApiError {
    ApiError::bad(codes::NOT_AN_ID, "before_id is not an id of what is listed here.")
}

/// A page, and the id before which the next one begins, if anything follows.
pub(super) struct Page<T, I> {
    pub(super) rows: Vec<T>,
    pub(super) next: Option<I>,
}

/// The fields of what is in a list: which there are, and the value of one. Of a name that is not among them there is none.
macro_rules! fields {
    ($vis:vis $fields:ident, $value:ident($($given:ident: $type:ty),+) { $($name:literal: $kind:ident = $read:expr,)+ }) => {
        $vis const $fields: &[(&str, $crate::rules::filter::Kind)] = &[$(($name, $crate::rules::filter::Kind::$kind)),+];

        fn $value<'a>(field: &str, $($given: &'a $type),+) -> $crate::rules::filter::Value<'a> {
            match field {
                $($name => $read,)+
                _ => $crate::rules::filter::Value::Null,
            }
        }
    };
}

pub(super) use fields;

/// A text that there may be.
pub(super) fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Null, Value::Text)
}

/// A moment that there may be, as [`shown`].
pub(super) fn shown_if(at: Option<Millis>) -> Value<'static> {
    at.map_or(Value::Null, shown)
}

/// A moment as the API shows it, to the second: what was read there is found again by `==`.
pub(super) fn shown(at: Millis) -> Value<'static> {
    Value::Time(Millis(at.seconds() * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_asked_is_named() {
        for (query, code) in [
            ("limit=0", codes::PAGE_SIZE),
            ("limit=-1", codes::PAGE_SIZE),
            ("limit=101", codes::PAGE_SIZE),
            ("limit=9223372036854775808", codes::PAGE_SIZE_TEXT),
            ("limit=x", codes::PAGE_SIZE_TEXT),
            ("limit=", codes::PAGE_SIZE_TEXT),
            ("page=1", codes::UNKNOWN_PARAMETER),
            ("limit=1&limit=2", codes::PARAMETER_TWICE),
            ("filter=%ff", codes::QUERY),
        ] {
            assert_eq!(Asked::read(query).err().map(|error| error.code), Some(code), "{query}");
        }
        let asked = Asked::read("filter=").unwrap_or_else(|error| panic!("{error:?}"));
        assert!(asked.limit == 100 && asked.before_id.is_none() && asked.filter.is_none());
    }

    #[tokio::test]
    async fn pages_follow_each_other_through_a_filter() {
        let all: Vec<i64> = (0..12_000).rev().collect();
        let walk = async |limit: usize, keep: fn(&i64) -> bool| {
            let (mut before, mut found, mut pages) = (None, Vec::new(), 0);
            loop {
                let asked = Asked { before_id: before, limit, filter: Some("x".into()) };
                let fetch = |before: Option<i64>, most: i64| {
                    let rows = all.iter().filter(|row| before.is_none_or(|before| **row < before)).take(usize::try_from(most).unwrap());
                    std::future::ready(Ok(rows.copied().collect::<Vec<_>>()))
                };
                let page = asked.page(|text| text.parse().ok(), fetch, |row| *row, keep).await.unwrap_or_else(|error| panic!("{error:?}"));
                assert!(page.rows.len() <= limit);
                found.extend(page.rows);
                pages += 1;
                match page.next {
                    Some(next) => before = Some(next.to_string()),
                    None => return (found, pages),
                }
            }
        };
        assert_eq!(walk(2, |row| row % 5_000 == 0).await, (vec![10_000, 5_000, 0], 3));
        assert_eq!(walk(100, |row| *row == 3).await, (vec![3], 3), "a page that ends before anything was found");
        assert_eq!(walk(100, |_| false).await.0, [] as [i64; 0]);
        assert_eq!(walk(100, |row| *row < 200).await.0.len(), 200);
    }
}

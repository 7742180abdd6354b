//! JSON objects that say everything once.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{super::outside::shown, Fault};

/// Reads an object whose names are unique (RFC 7519 §4 allows to refuse others). Of names that stand twice readers choose differently,
/// so that who checks something could see another value than who uses it.
///
/// # Errors
/// [`Fault::Twice`], or `unreadable` when it is no JSON object.
pub(super) fn object(bytes: &[u8], unreadable: Fault) -> Result<Map<String, Value>, Fault> {
    match serde_json::from_slice::<Object>(bytes) {
        Ok(Object { twice: Some(name), .. }) => Err(Fault::Twice(shown(&name))),
        Ok(Object { values, .. }) => Ok(values),
        Err(_) => Err(unreadable),
    }
}

struct Object {
    values: Map<String, Value>,
    twice: Option<String>,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut object = Object { values: Map::new(), twice: None };
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if object.values.contains_key(&name) {
                        object.twice = Some(name);
                    } else {
                        object.values.insert(name, value);
                    }
                }
                Ok(object)
            }
        }
        deserializer.deserialize_map(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_once() {
        let read = |text: &str| object(text.as_bytes(), Fault::Unreadable);
        assert_eq!(read(r#"{"sub":"a","x":{"sub":"b"}}"#).unwrap()["sub"], "a");
        assert_eq!(read(r#"{"sub":"a","sub":"a"}"#), Err(Fault::Twice("sub".to_owned())));
        assert_eq!(read(r#"{"sub":"a","s\u0075b":"b"}"#), Err(Fault::Twice("sub".to_owned())), "however it is spelt");
        for text in ["", "[]", "null", "{", "{} {}", r#"{"sub":}"#, "{\"a\":\"\u{1}\"}"] {
            assert_eq!(read(text), Err(Fault::Unreadable), "{text}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}", Fault::Userinfo), Err(Fault::Userinfo));
    }
}

//! Commands that work when they are pasted into a shell that knows `$KEY`, an API key, `$ID`, the id of what is meant, and
//! `$IP_POLICY`, that of an IP policy.

use serde_json::Value;

/// The command for an operation, behind the address at which the API stands: its path, and all that follows.
pub(super) fn command(method: &str, path: &str, body: Option<(&str, &Value)>) -> String {
    let mut lines = vec![format!("{}\"", path.replace("{id}", "$ID"))];
    // Without a word about the method curl gets, and with a body it posts.
    if method != "GET" && !(method == "POST" && body.is_some()) {
        lines.push(format!("-X {method}"));
    }
    lines.push("-H \"Authorization: Bearer $KEY\"".to_owned());
    lines.push("-H \"ngrok-version: 2\"".to_owned());
    match body {
        Some(("application/json", body)) => {
            lines.push("-H \"Content-Type: application/json\"".to_owned());
            lines.push(format!("-d {}", quoted(&body.to_string())));
        }
        Some((_, Value::Object(fields))) => {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            lines.extend(fields.iter().map(|(name, value)| format!("--data-urlencode {}", quoted(&format!("{name}={}", text(value))))));
        }
        _ => {}
    }
    lines.join(" \\\n  ")
}

/// A text as one word of a shell, in which `$KEY` still stands for the key, and `$IP_POLICY` for the id of an IP policy.
fn quoted(text: &str) -> String {
    let known = ["$KEY", "$IP_POLICY"];
    let text = known.iter().fold(text.replace('\'', r"'\''"), |text, name| text.replace(name, &format!("'\"{name}\"'")));
    format!("'{text}'")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_are_one_word_each() {
        let body = json!({ "name": "Ada's", "token": "$KEY" });
        let command = command("POST", "/check", Some(("application/json", &body)));
        assert!(command.starts_with("/check\" \\\n  -H \"Authorization: Bearer $KEY\""), "{command}");
        assert!(command.ends_with(r#"-d '{"name":"Ada'\''s","token":"'"$KEY"'"}'"#), "{command}");
    }

    #[test]
    fn methods_are_named_where_they_have_to_be() {
        assert!(!command("GET", "/members/{id}", None).contains("-X"));
        assert!(command("POST", "/members/{id}/disable", None).contains("members/$ID/disable\" \\\n  -X POST"));
        let form = command("POST", "/introspect", Some(("application/x-www-form-urlencoded", &json!({ "token": "$KEY" }))));
        assert!(form.ends_with(r#"--data-urlencode 'token='"$KEY"''"#), "{form}");
    }
}

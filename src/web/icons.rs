//! Icons: outlines drawn inline, hidden from screen readers because a word always stands beside them.

use askama::filters::Safe;

macro_rules! icons {
    ($($name:literal)*) => {
        /// The drawing of this name; nothing for a name that there is not, which the test below excludes.
        pub fn icon(name: &str) -> Safe<&'static str> {
            Safe(match name {
                $($name => include_str!(concat!("../../templates/icons/", $name, ".svg")),)*
                _ => "",
            })
        }

        #[cfg(test)]
        const ALL: &[&str] = &[$($name),*];
    };
}

icons! {
    "arrow-left" "arrow-right" "bot" "building-2" "check" "chevron-down" "chevron-right" "circle-check" "circle-x" "clock" "clock-alert"
    "copy" "door-open" "inbox" "info" "key-round" "layout-dashboard" "link" "list-filter" "lock" "log-out" "mail" "menu" "monitor" "plug"
    "plus" "receipt" "refresh-cw" "scroll-text" "send" "settings" "shield-check" "terminal" "trash-2" "triangle-alert" "user" "user-plus"
    "users" "x"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_name_icons_that_exist_and_all_of_them_are_used() {
        let mut used = std::collections::BTreeSet::new();
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/templates"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "html") {
                    let text = std::fs::read_to_string(path).unwrap();
                    used.extend(ALL.iter().filter(|name| text.contains(&format!("\"{name}\""))).copied());
                }
            }
        }
        for code in [include_str!("shell.rs"), include_str!("invitations/mod.rs")] {
            used.extend(ALL.iter().filter(|name| code.contains(&format!("\"{name}\""))).copied());
        }
        assert_eq!(used.into_iter().collect::<Vec<_>>(), ALL);
    }
}

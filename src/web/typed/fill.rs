//! Puts what was typed into the form that it was typed into, in a page as it was rendered.

use std::cell::RefCell;

use lol_html::{
    RewriteStrSettings, element,
    html_content::{ContentType, Element},
    rewrite_str,
};

use crate::rules::typed::Typed;

/// What stands above the form then.
const NOTE: &str = "<p class=\"note typed\" role=\"status\">This is what was typed before. Nothing of it is saved yet.</p>";

/// The page with the form filled in; `None` where there is no such form.
pub(super) fn fill(page: &str, typed: &Typed) -> Option<String> {
    let form = format!("form[action=\"{}\"]", typed.action);
    let (found, select) = (RefCell::new(false), RefCell::new(None));
    let settings = RewriteStrSettings::new()
        .append_element_content_handler(element!(form, |form| {
            form.prepend(NOTE, ContentType::Html);
            found.replace(true);
            Ok(())
        }))
        .append_element_content_handler(element!(format!("{form} input[name]"), |input| {
            fill_input(input, typed);
            Ok(())
        }))
        .append_element_content_handler(element!(format!("{form} textarea[name]"), |area| {
            if let Some(value) = area.get_attribute("name").and_then(|name| typed.value(&name)) {
                area.set_inner_content(value, ContentType::Text);
            }
            Ok(())
        }))
        .append_element_content_handler(element!(format!("{form} select[name]"), |list| {
            select.replace(list.get_attribute("name"));
            Ok(())
        }))
        .append_element_content_handler(element!(format!("{form} select[name] option"), |option| {
            if let Some(value) = select.borrow().as_deref().and_then(|name| typed.value(name)) {
                mark(option, "selected", option.get_attribute("value").as_deref() == Some(value));
            }
            Ok(())
        }));
    rewrite_str(page, settings).ok().filter(|_| *found.borrow())
}

fn fill_input(input: &mut Element<'_, '_>, typed: &Typed) {
    let Some(name) = input.get_attribute("name") else { return };
    let value = typed.value(&name);
    match input.get_attribute("type").as_deref() {
        Some("password") => {}
        // One that is not ticked is not sent.
        Some("checkbox" | "radio") => {
            let own = input.get_attribute("value");
            mark(input, "checked", value.is_some_and(|value| own.as_deref().unwrap_or("on") == value));
        }
        _ => {
            if let Some(value) = value {
                // Quotes are seen to where it is set.
                let _ = input.set_attribute("value", &value.replace('&', "&amp;"));
            }
        }
    }
}

/// An attribute that says something by being there.
fn mark(element: &mut Element<'_, '_>, attribute: &str, is_there: bool) {
    if is_there {
        let _ = element.set_attribute(attribute, "");
    } else {
        element.remove_attribute(attribute);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_field_is_filled_and_nothing_else() {
        let page = "<form action=\"/other\"><input name=\"name\" value=\"old\"></form><form method=\"post\" action=\"/here\">\
             <input name=\"name\" value=\"old\"><input type=\"password\" name=\"password\"><textarea name=\"message\">old</textarea>\
             <input type=\"checkbox\" name=\"one\" value=\"yes\" checked><input type=\"checkbox\" name=\"two\" value=\"yes\">\
             <input type=\"radio\" name=\"role\" value=\"a\" checked><input type=\"radio\" name=\"role\" value=\"b\">\
             <select name=\"zone\"><option value=\"\" selected>None</option><option value=\"UTC\">UTC</option></select></form>";
        let fields = [
            ("name", "\"><script>&lt;"),
            ("message", "</textarea>&amp;"),
            ("two", "yes"),
            ("role", "b"),
            ("zone", "UTC"),
            ("password", "x"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let filled = fill(page, &Typed { action: "/here".to_owned(), fields: fields.clone() }).unwrap();
        let expected = "<form action=\"/other\"><input name=\"name\" value=\"old\"></form><form method=\"post\" action=\"/here\">"
            .to_owned()
            + NOTE
            + "<input name=\"name\" value=\"&quot;><script>&amp;lt;\"><input type=\"password\" name=\"password\"><textarea name=\"message\">&lt;/textarea&gt;&amp;amp;</textarea>\
             <input type=\"checkbox\" name=\"one\" value=\"yes\"><input type=\"checkbox\" name=\"two\" value=\"yes\" checked=\"\">\
             <input type=\"radio\" name=\"role\" value=\"a\"><input type=\"radio\" name=\"role\" value=\"b\" checked=\"\">\
             <select name=\"zone\"><option value=\"\">None</option><option value=\"UTC\" selected=\"\">UTC</option></select></form>";
        assert_eq!(filled, expected);
        assert_eq!(fill(page, &Typed { action: "/nowhere".to_owned(), fields }), None);
    }
}

//! What a person does with a tab: looks, points, and presses keys.

use std::path::Path;

use serde_json::json;

use super::devtools::text;
use super::tab::Tab;

/// How a page is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) is_dark: bool,
    pub(crate) less_motion: bool,
}

/// Bits of a key that is held, as the protocol counts them.
pub(crate) const SHIFT: u32 = 8;

impl Tab {
    /// Clicks with the mouse on the middle of what a selector finds first.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let place = self.evaluate(&format!(
            "(() => {{
               const element = document.querySelector({});
               element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
               const box = element.getBoundingClientRect();
               return [box.x + box.width / 2, box.y + box.height / 2];
             }})()",
            json!(selector)
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let mouse =
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", mouse);
        }
    }

    /// Presses a key and lets go of it: a letter, a sign, `Tab`, `Enter`, `Escape`, `ArrowRight`.
    pub(crate) fn press(&self, key: &str) {
        self.press_with(key, 0);
    }

    pub(crate) fn press_with(&self, key: &str, held: u32) {
        let (text, number) = match key {
            "Tab" => ("", 9),
            "Enter" => ("\r", 13),
            "Escape" => ("", 27),
            "ArrowLeft" => ("", 37),
            "ArrowRight" => ("", 39),
            sign => (sign, u32::from(sign.to_ascii_uppercase().as_bytes()[0])),
        };
        let down = json!({
            "type": "keyDown", "key": key, "text": text, "modifiers": held, "windowsVirtualKeyCode": number
        });
        self.ask("Input.dispatchKeyEvent", down);
        let up = json!({ "type": "keyUp", "key": key, "modifiers": held, "windowsVirtualKeyCode": number });
        self.ask("Input.dispatchKeyEvent", up);
    }

    /// Types a text into what has the focus.
    pub(crate) fn write(&self, text: &str) {
        self.ask("Input.insertText", json!({ "text": text }));
    }

    pub(crate) fn look(&self, look: Look) {
        let Look { width, height, is_dark, less_motion } = look;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = if is_dark { "dark" } else { "light" };
        let motion = if less_motion { "reduce" } else { "no-preference" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": motion }
        ]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Has whatever is downloaded put into a folder.
    pub(crate) fn save_into(&self, folder: &Path) {
        let into = json!({ "behavior": "allow", "browserContextId": self.profile, "downloadPath": folder });
        self.devtools().ask("", "Browser.setDownloadBehavior", into);
    }

    /// What is seen in the window, as a PNG.
    pub(crate) fn screenshot(&self) -> Vec<u8> {
        let data = text(&self.ask("Page.captureScreenshot", json!({ "format": "png" }))["data"]);
        data_encoding::BASE64.decode(data.as_bytes()).expect("the protocol sends base64")
    }
}

// Theme and size of text: light for washed-out projectors unless asked for, and as large as the last row needs.

import { find, write } from "./dom.js";
import { TEXT } from "./scene.js";

/** From here on a screen does not hold it all: what matters most stands first. */
const LARGE_REM = 1.15;

export function showSight(desk) {
  const root = document.documentElement;
  desk.on("view", () => {
    const { theme, text } = desk.view;
    const isNew = root.dataset.theme !== theme || root.style.fontSize !== `${100 * TEXT[text]}%`;
    root.dataset.theme = theme;
    root.style.fontSize = `${100 * TEXT[text]}%`;
    desk.stage.view.large = TEXT[text] >= LARGE_REM;
    root.toggleAttribute("data-large", desk.stage.view.large);
    write(find("theme").firstChild, theme === "light" ? "dark " : "light ");
    if (isNew) document.dispatchEvent(new Event("theme"));
  });
  find("theme").onclick = () => changeTheme(desk);
  find("smaller").onclick = () => changeText(desk, -1);
  find("larger").onclick = () => changeText(desk, 1);
}

export function changeTheme(desk) {
  desk.change({ theme: desk.view.theme === "light" ? "dark" : "light" });
}

export function changeText(desk, step) {
  desk.change({ text: Math.min(TEXT.length - 1, Math.max(0, desk.view.text + step)) });
}

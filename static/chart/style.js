// Who is drawn how, on every chart of the page and of a report: the colours of Okabe and Ito, which pass 3:1 on
// their ground, and besides them a marker and a dash, so that no lane is told by colour alone. SSE and WebSocket are
// as fast as each other: the one that is drawn first is wider, and can be seen below the other.

export const LANES = {
  "(tcp)": { marker: "cross", dash: [1, 4], width: 3, light: "#5c5c5c", dark: "#a6a6a6" },
  poll: { marker: "diamond", dash: [3, 5], width: 3, light: "#CC79A7", dark: "#CC79A7" },
  longpoll: { marker: "square", dash: [10, 5], width: 3, light: "#D55E00", dark: "#E69F00" },
  sse: { marker: "triangle", dash: [], width: 6, light: "#009E73", dark: "#009E73" },
  websocket: { marker: "circle", dash: [], width: 3, light: "#0072B2", dark: "#56B4E9" },
  auto: { marker: "plus", dash: [14, 4, 2, 4], width: 3, light: "#000000", dark: "#F0E442" },
};

// Of what is still to come: two more.
const SPARE = [
  { marker: "cross", dash: [14, 4, 2, 4], width: 3, light: "#7A5195", dark: "#B79AD0" },
  { marker: "star", dash: [6, 3, 6, 8], width: 3, light: "#806600", dark: "#F0E442" },
];

/** How a lane is drawn; one that nobody planned for gets what is left, always the same. */
export function laneStyle(name) {
  return LANES[name] ?? SPARE[name.length % SPARE.length];
}

export function laneColour(name, theme) {
  return laneStyle(name)[theme.isDark ? "dark" : "light"];
}

/** What the style sheet says of the ground that a canvas stands on. */
export function themeOf(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    isDark: read("--theme") === "dark",
    ink: read("--ink"),
    faint: read("--faint"),
    line: read("--line"),
    ground: read("--ground"),
    font: (size) => `${size}px ${style.fontFamily}`,
    // Text on a canvas grows with the text around it.
    size: Math.max(11, 0.82 * parseFloat(style.fontSize)),
  };
}

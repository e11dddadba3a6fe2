// A report's page: every chart that it holds, in its figure.

import { showChart } from "./chart/show.js";

const charts = JSON.parse(document.getElementById("charts").textContent);
const drawAgain = [...document.querySelectorAll("figure[data-chart]")].map((figure) =>
  showChart(figure, charts[figure.dataset.chart]),
);

// Paper is white, whatever the screen is.
const print = (theme) => {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  for (const again of drawAgain) again();
};
addEventListener("beforeprint", () => print("light"));
addEventListener("afterprint", () => print());

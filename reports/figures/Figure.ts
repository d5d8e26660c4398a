/** A chart as SVG, with what it says for those who do not see it. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

export interface Figure {
  /** Of its file and its anchor: small letters, digits and hyphens. */
  readonly name: string;
  readonly title: string;
  /** How to read it, and what it cannot show; stands below it. */
  readonly caption: string;
  readonly svg: string;
}

/** Distinguishable with any colour vision, on light and on dark (Okabe & Ito 2008); every use has a sign or a label too. */
export const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b58900", "#56b4e9", "#8a63d2", "#9c5100"];
/** Of what gives the scale. */
export const GREY = "#888888";

const WIDTH = 760;

/** Draws with Observable Plot, without a browser. Texts and axes take the colour of the page. */
export function drawn(name: string, title: string, caption: string, options: Plot.PlotOptions): Figure {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const plot = Plot.plot({
    width: WIDTH,
    style: { fontSize: "12px", overflow: "visible" },
    ...options,
    document: document as never,
  });
  // Legends and the like would make a <figure> of it; this project's charts label their marks instead.
  if (plot.tagName.toLowerCase() !== "svg") throw new Error(`the chart ${name} is no single SVG`);
  plot.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-labelledby", `${name}-title ${name}-desc`);
  const told = (tag: string, id: string, text: string) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    element.setAttribute("id", `${name}-${id}`);
    element.textContent = text;
    return element;
  };
  plot.prepend(told("title", "title", title) as never, told("desc", "desc", caption) as never);
  // To those who hear it the chart is one picture with a title and a description: its parts have no names.
  for (const attribute of ["aria-label", "aria-description", "aria-hidden"]) {
    for (const part of plot.querySelectorAll(`[${attribute}]`)) part.removeAttribute(attribute);
  }
  return { name, title, caption, svg: plot.outerHTML };
}

/** A name for files and anchors. */
export function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .replace(/^-+|-+$/g, "") || "x"
  );
}

/** The values moved apart, so that neighbours are at least `gap` away from each other; their order stays. */
export function spread(values: readonly number[], gap: number): number[] {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const places = [...values];
  for (let round = 0; round < 100; round++) {
    let moved = false;
    for (let k = 1; k < order.length; k++) {
      const [lower, upper] = [order[k - 1] as number, order[k] as number];
      const lack = gap - ((places[upper] as number) - (places[lower] as number));
      if (lack <= gap * 1e-6) continue;
      places[lower] = (places[lower] as number) - lack / 2;
      places[upper] = (places[upper] as number) + lack / 2;
      moved = true;
    }
    if (!moved) break;
  }
  return places;
}

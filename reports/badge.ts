/** A status badge: an SVG that stands for itself, and JSON for shields.io's endpoint badge. */
import { EXIT } from "../errors.ts";
import type { Analysis } from "../harness/analysis/analyze.ts";
import { xmlText } from "./xmlText.ts";

const LABEL = "isoglyph";
/** Dark enough for white text (contrast 4.5 and more). */
const COLOURS = { good: "#1a7f37", bad: "#b62324", open: "#8a6100", none: "#57606a" } as const;

function state({ gates, exit }: Analysis): { message: string; colour: keyof typeof COLOURS } {
  const holding = gates.filter(({ holds }) => holds).length;
  if (exit === EXIT.incomplete) return { message: "incomplete", colour: "open" };
  if (exit === EXIT.instrument) return { message: "instrument failed", colour: "open" };
  if (gates.length === 0) return { message: "no gates", colour: "none" };
  if (holding === gates.length)
    return { message: `${holding} ${holding === 1 ? "gate holds" : "gates hold"}`, colour: "good" };
  return { message: `${gates.length - holding} of ${gates.length} gates fail`, colour: "bad" };
}

/** https://shields.io/badges/endpoint-badge */
export function badgeJson(analysis: Analysis): string {
  const { message, colour } = state(analysis);
  return `${JSON.stringify({ schemaVersion: 1, label: LABEL, message, color: COLOURS[colour].slice(1) })}\n`;
}

export function badgeSvg(analysis: Analysis): string {
  const { message, colour } = state(analysis);
  // Of Verdana at 11 px a letter takes 7 px at most on average; textLength makes the text fit exactly.
  const [left, right] = [LABEL, message].map((text) => text.length * 6.6 + 12) as [number, number];
  const words = (text: string, from: number, width: number) =>
    `<text x="${from + width / 2}" y="14" textLength="${(width - 12).toFixed(1)}">${xmlText(text)}</text>`;
  const title = `${LABEL}: ${message}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${xmlText(title)}">`,
    `<title>${xmlText(title)}</title>`,
    `<rect width="${left}" height="20" fill="#40464d"/>`,
    `<rect x="${left}" width="${right}" height="20" fill="${COLOURS[colour]}"/>`,
    '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">',
    words(LABEL, 0, left),
    words(message, left, right),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

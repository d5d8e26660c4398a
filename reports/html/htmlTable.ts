/** A paper table as HTML. */
import { cellNotes, letters, noteMark, type PaperCell, type PaperTable } from "../tables/PaperTable.ts";
import { printedNumber } from "../tables/printedNumber.ts";
import { html, type Markup } from "./markup.ts";

/** Words that stand for more than themselves keep their colour beside their text. */
const CLASSES: Readonly<Record<string, string>> = {
  equivalent: "good",
  different: "bad",
  "near-copy, fact lost": "bad",
  "instrument-failed": "bad",
  "close, fact untested": "open",
  inconclusive: "open",
  unobservable: "open",
};

const minus = (text: string) => text.replace("-", "−");

function content(cell: PaperCell, mark: string): Markup {
  const noted = mark === "" ? null : html`<sup>${mark}</sup>`;
  if (typeof cell === "string") {
    const tone = CLASSES[cell];
    return tone === undefined
      ? html`<span class="text" dir="auto">${cell}</span>`
      : html`<b class="${tone}">${cell}</b>`;
  }
  if ("missing" in cell) return html`–${noted}`;
  const { value, low, high } = printedNumber(cell);
  const sign = cell.bound === undefined ? "" : cell.bound === "lower" ? "≥ " : "≤ ";
  const interval =
    low === null || high === null ? null : html` <span class="interval">[${minus(low)}, ${minus(high)}]</span>`;
  const centre = `${sign}${minus(value)}`;
  return cell.best ? html`<b>${centre}</b>${noted}${interval}` : html`${centre}${noted}${interval}`;
}

export function htmlTable(table: PaperTable): Markup {
  const { name, caption, keys, columns, rows } = table;
  const notes = cellNotes(table);
  const numeric = [...keys, ...columns].map((_, at) => rows.some((row) => typeof row[at] !== "string"));
  const kind = (at: number) => (numeric[at] ? "number" : "words");
  const heads = [...keys, ...columns].map((text, at) => html`<th scope="col" class="${kind(at)}">${text}</th>`);
  const body = rows.map((row) => {
    const cells = row.map((cell, at) => {
      const inside = content(cell, noteMark(cell, notes));
      return at < keys.length ? html`<th scope="row">${inside}</th>` : html`<td class="${kind(at)}">${inside}</td>`;
    });
    return html`<tr>${cells}</tr>`;
  });
  const below = [
    ...table.notes.map((note) => html`<p class="soft">${note}</p>`),
    ...notes.map((note, at) => html`<p class="soft"><sup>${letters(at)}</sup> ${note}.</p>`),
  ];
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="${name}-caption">
<table><caption id="${name}-caption">${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${body}
</tbody></table></div>
${below}`;
}

/**
 * A run as one file to look at: verdict first, then charts, tables, items, methods. It asks nobody for anything: styles,
 * script and data stand in it, and its policy forbids the browser every request.
 */
import { readFileSync } from "node:fs";
import type { Analysis } from "../../harness/analysis/analyze.ts";
import type { RunRecord } from "../../harness/RunRecord.ts";
import type { Figure } from "../figures/Figure.ts";
import { figures } from "../figures/figures.ts";
import { methodsText } from "../methodsText.ts";
import { summary } from "../summary.ts";
import { runTables } from "../tables/runTables.ts";
import { htmlTable } from "./htmlTable.ts";
import { itemRows } from "./itemRows.ts";
import { html, jsonText, Markup } from "./markup.ts";

const beside = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

function drawing({ name, svg, caption }: Figure): Markup {
  const kind = name.startsWith("heat-") ? "heat" : "chart";
  return html`<figure id="${name}" class="${kind}">
<div class="scroll" tabindex="0" role="region" aria-label="${caption.slice(0, 80)}">${new Markup(svg)}</div>
<figcaption>${caption}</figcaption>
</figure>`;
}

function gates({ gates: list }: Analysis): Markup | null {
  if (list.length === 0) return null;
  const rows = list.map(({ gate, model, holds, verdict }) => {
    const word = holds ? html`<b class="good">holds</b>` : html`<b class="bad">fails</b>`;
    return html`<li>${word}: ${gate.candidate} on ${model} must be ${gate.require}, and is ${verdict}</li>`;
  });
  return html`<h2 id="gates">Gates</h2>
<ul>
${rows}
</ul>`;
}

function instrument({ models }: Analysis): Markup[] {
  return models.flatMap(({ model, instrument: checks, passedFoils }) => {
    const failed = checks.filter(({ holds }) => !holds);
    if (failed.length === 0 && passedFoils.length === 0) return [];
    const lines = [
      ...failed.map(
        ({ measure, frame, reasons: why }) => html`<li>${measure} in frame ${frame}: ${why.join("; ")}</li>`,
      ),
      ...passedFoils.map((foil) => html`<li>${foil} came out equivalent, which it must not</li>`),
    ];
    return [
      html`<h3>Controls that failed on ${model.identity.reference}</h3>
<ul>
${lines}
</ul>`,
    ];
  });
}

function reasons({ models }: Analysis): Markup {
  const rows = models.flatMap(({ model, candidates }) =>
    candidates.map(({ condition, verdict, reasons: why, warnings }) => {
      const said = [...why, ...warnings];
      const text = said.length === 0 ? "all parts hold" : said.join("; ");
      return html`<dt>${condition}${models.length > 1 ? ` on ${model.identity.reference}` : ""}</dt>
<dd><b>${verdict}</b>: ${text}</dd>`;
    }),
  );
  return html`<dl>
${rows}
</dl>`;
}

const COLUMNS = ["item", "original", "code", "encoding", "K, nats", "fact Λ", "where it fails", "answers (gold)"];

function items(): Markup {
  const heads = COLUMNS.map(
    (name, i) => html`<th scope="col" data-column="${i}"><button type="button">${name}</button></th>`,
  );
  return html`<h2 id="items">Items</h2>
<p>Each item under each code. “Far off” is farther from the original than 95 % of human paraphrases are; K is the divergence in nats, 0 for the same output; a fact is lost where Λ is nearer to that of the decoy than to that of the original. Headings sort.</p>
<noscript><p>The table needs a script; reports/items.csv has all of it.</p></noscript>
<div id="items-table" hidden>
<div class="controls">
<label>Search <input id="search" type="search" autocomplete="off"></label>
<label>Model <select id="model"></select></label>
<label>Code <select id="code"></select></label>
<label class="check"><input id="failing" type="checkbox"> only what fails</label>
</div>
<div class="scroll" tabindex="0" role="region" aria-label="Items">
<table><thead><tr>${heads}</tr></thead><tbody id="rows"></tbody></table>
</div>
<div class="controls">
<button type="button" id="previous">Previous</button>
<button type="button" id="next">Next</button>
<span id="status" role="status"></span>
</div>
</div>`;
}

function provenance({ manifest }: RunRecord): Markup {
  const entries: [string, string][] = [
    ["signature", manifest.signature],
    ["suite", `${manifest.suite.name}${manifest.suite.profile === null ? "" : `, profile ${manifest.suite.profile}`}`],
    ["suite sha256", manifest.suite.hash],
    ...manifest.models.flatMap(({ identity }): [string, string][] => [
      ["model", identity.reference],
      ["engine", identity.engine],
      ["weights", `${identity.quantisation} ${identity.weights} ${identity.digest}`.trim()],
    ]),
  ];
  return html`<dl>
${entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}
</dl>`;
}

/** @param folder of the run, for its kept states. */
export function htmlReport(record: RunRecord, analysis: Analysis, folder: string): string {
  const { suite } = record.manifest;
  const title = `Isoglyph: ${suite.name}${suite.profile === null ? "" : `, ${suite.profile}`}`;
  const charts = [...figures(record, analysis, folder)].map(
    ([reference, list]) => html`<h3>${reference}</h3>
${list.map(drawing)}`,
  );
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${title}</title>
<style>
${new Markup(beside("page.css"))}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the findings</a>
<header>
<h1>${title}</h1>
<nav aria-label="Sections"><ul>
<li><a href="#verdict">Verdict</a></li><li><a href="#charts">Charts</a></li><li><a href="#tables">Tables</a></li><li><a href="#items">Items</a></li><li><a href="#methods">Methods</a></li><li><a href="#provenance">Provenance</a></li>
</ul></nav>
</header>
<main id="main">
<h2 id="verdict">Verdict</h2>
<p class="summary">${summary(record, analysis, Number.POSITIVE_INFINITY)}</p>
${reasons(analysis)}
${instrument(analysis)}
${gates(analysis)}
<h2 id="charts">Charts</h2>
${charts}
<h2 id="tables">Tables</h2>
${runTables(record, analysis).map(htmlTable)}
${items()}
<h2 id="methods">Methods</h2>
${methodsText(record).map((paragraph) => html`<p>${paragraph}</p>`)}
<h2 id="provenance">Provenance</h2>
${provenance(record)}
</main>
<script type="application/json" id="data">${new Markup(jsonText(itemRows(record, analysis.models)))}</script>
<script>
${new Markup(beside("page.js"))}</script>
</body>
</html>
`;
  return page.text;
}

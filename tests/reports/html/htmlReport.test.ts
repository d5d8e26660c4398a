import { tmpdir } from "node:os";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { analyze } from "../../../harness/analysis/analyze.ts";
import { htmlReport } from "../../../reports/html/htmlReport.ts";
import { escapeText, html, jsonText, Markup } from "../../../reports/html/markup.ts";
import { methodsText } from "../../../reports/methodsText.ts";
import { sampleRecord } from "../sample.ts";
import { HOSTILE, wideRecord } from "./wideRecord.ts";

test("a text in HTML is a text", () => {
  for (const text of HOSTILE) {
    const { document } = parseHTML(`<p>${html`<i title="${text}">${text}</i>`.text}</p>`);
    expect(document.querySelectorAll("p *")).toHaveLength(1);
    expect(document.querySelector("i")?.textContent).toBe(text);
    expect(document.querySelector("i")?.getAttribute("title")).toBe(text);
    expect(JSON.parse(jsonText(text))).toBe(text);
    expect(jsonText(text)).not.toMatch(/[<>&]/);
  }
  expect(escapeText("a\u0000b\ud800c\td\n")).toBe("a\ufffdb\ufffdc\td\n");
  expect(html`${new Markup("<b>")}${null}${[html`${1}`, html`<`]}`.text).toBe("<b>1\n<");
});

test("the report: no element from a text, no address, a policy that forbids requests, verdict before charts", () => {
  const record = wideRecord(12);
  const page = htmlReport(record, analyze(record), tmpdir());
  const { document } = parseHTML(page);
  expect(document.querySelectorAll("img, iframe, link, [onerror], [onload], script[src]")).toHaveLength(0);
  expect(document.querySelectorAll("script")).toHaveLength(2);
  expect(page.match(/(src|href)="(?!#)/g)).toBeNull();
  expect(page.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:/);
  const policy = document.querySelector("meta[http-equiv]")?.getAttribute("content");
  expect(policy).toContain("default-src 'none'");
  const headings = [...document.querySelectorAll("h2")].map(({ textContent }) => textContent);
  expect(headings).toEqual(["Verdict", "Charts", "Tables", "Items", "Methods", "Provenance"]);
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const link of document.querySelectorAll("a[href]")) expect(ids).toContain(link.getAttribute("href")?.slice(1));
  for (const chart of document.querySelectorAll("figure svg")) {
    expect(chart.getAttribute("role")).toBe("img");
    expect(chart.querySelector("title")?.textContent).not.toBe("");
  }
  expect(document.querySelectorAll("figure").length).toBeGreaterThanOrEqual(4);
  expect(htmlReport(record, analyze(record), tmpdir())).toBe(page);
});

test("3,000 items are at most 10 MB", () => {
  const record = wideRecord(3000);
  expect(Buffer.byteLength(htmlReport(record, analyze(record), tmpdir()))).toBeLessThan(10e6);
});

test("the methods say what the record says", () => {
  const text = methodsText(sampleRecord({ frames: ["restate", "question"] })).join("\n");
  for (const part of ["Suite @suite", "4 items in 4 clusters", "code (authored)", "2 frames (restate and question)"]) {
    expect(text).toContain(part);
  }
  expect(text).toContain("1 continuation of at most 1 tokens");
  expect(text).toContain("isoglyph test");
});

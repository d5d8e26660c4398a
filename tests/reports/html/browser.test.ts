/** The report in a real Chromium: `npm run setup:integration -- chromium` installs it; without it this is skipped. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { analyze } from "../../../harness/analysis/analyze.ts";
import { htmlReport } from "../../../reports/html/htmlReport.ts";
import { integrationFile } from "../../../scripts/integrationParts.ts";
import { HOSTILE, wideRecord } from "./wideRecord.ts";

const executablePath = integrationFile("chromium");
const AXE = createRequire(import.meta.url)("axe-core") as { readonly source: string };
const ITEMS = 3000;
const root = mkdtempSync(join(tmpdir(), "isoglyph-html-"));
afterAll(() => rmSync(root, { recursive: true }));

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

describe.skipIf(executablePath === null)("in Chromium (npm run setup:integration -- chromium)", () => {
  let browser: Browser;
  let page: Page;
  const requests: string[] = [];
  const complaints: string[] = [];
  beforeAll(async () => {
    const record = wideRecord(ITEMS);
    const file = join(root, "report.html");
    writeFileSync(file, htmlReport(record, analyze(record), root));
    browser = await chromium.launch({ executablePath: executablePath as string, args: ["--no-sandbox"] });
    page = await browser.newPage();
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
  });
  afterAll(async () => {
    await browser?.close();
  });

  const rows = () => page.locator("#rows tr").count();
  const status = () => page.locator("#status").textContent();
  const column = async (n: number) => {
    const cells = await page.locator(`#rows tr > :nth-child(${n + 1})`).allTextContents();
    return cells.map((text) => Number(text.replace("−", "-")));
  };

  it("shows charts and rows, asks nobody for anything, complains of nothing; texts stay texts", async () => {
    expect(await page.locator("figure svg").first().isVisible()).toBe(true);
    expect(await rows()).toBe(50);
    expect(await status()).toBe(`1 to 50 of ${ITEMS}`);
    expect(await page.locator("#rows td").nth(0).textContent()).toContain(HOSTILE[0]);
    expect(await page.locator("#rows tr").nth(0).locator("td").last().textContent()).toBe(
      `Which? ${HOSTILE[0]} answered (this)`,
    );
    expect(await page.evaluate(() => "hit" in globalThis)).toBe(false);
    expect(requests).toEqual([expect.stringMatching(/^file:.*report\.html$/)]);
    expect(complaints).toEqual([]);
  });

  it("sorts, by mouse and by keyboard, and says so", async () => {
    const heading = page.getByRole("button", { name: "K, nats" });
    await heading.click();
    const up = await column(4);
    expect(up).toEqual(up.toSorted((a, b) => a - b));
    expect(await page.locator('th[data-column="4"]').getAttribute("aria-sort")).toBe("ascending");
    await heading.focus();
    await page.keyboard.press("Enter");
    const down = await column(4);
    expect(down).toEqual(down.toSorted((a, b) => b - a));
    expect(down[0]).toBeGreaterThan(up[0] as number);
    expect(await page.locator('th[data-column="4"]').getAttribute("aria-sort")).toBe("descending");
  });

  it("searches, filters, pages", async () => {
    await page.getByLabel("Search").fill("original of item 1234.");
    expect(await rows()).toBe(1);
    expect(await status()).toBe("1 to 1 of 1");
    await page.getByLabel("Search").fill("nothing has this");
    expect(await status()).toBe("nothing found");
    await page.getByLabel("Search").fill("");
    await page.getByRole("button", { name: "Next" }).click();
    expect(await status()).toBe(`51 to 100 of ${ITEMS}`);
    await page.getByLabel("only what fails").check();
    const failing = Number((await status())?.split(" of ")[1]);
    expect(failing).toBeGreaterThan(0);
    expect(await page.locator("#rows .good").count()).toBe(0);
    await page.getByLabel("only what fails").uncheck();
  });

  it.each(["light", "dark"] as const)("has no barrier that axe finds, in %s", async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(AXE.source);
    const found = (await page.evaluate("axe.run()")) as { violations: readonly Violation[] };
    expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  });

  it("prints without its controls", async () => {
    await page.emulateMedia({ media: "print" });
    expect(await page.getByLabel("Search").isVisible()).toBe(false);
    expect(await page.locator("#verdict").isVisible()).toBe(true);
    await page.emulateMedia({ media: "screen" });
  });
});

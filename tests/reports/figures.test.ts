import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { analyze, type ModelAnalysis } from "../../harness/analysis/analyze.ts";
import type { KeptStates } from "../../harness/keptStates.ts";
import { costPlot } from "../../reports/figures/costPlot.ts";
import { slug, spread } from "../../reports/figures/Figure.ts";
import { forestPlot } from "../../reports/figures/forestPlot.ts";
import { layerCurves } from "../../reports/figures/layerCurves.ts";
import { layerHeatMap } from "../../reports/figures/layerHeatMap.ts";
import { pngOf } from "../../reports/figures/pngOf.ts";
import { projectionPlot } from "../../reports/figures/projectionPlot.ts";
import { MODEL, sampleRecord } from "./sample.ts";

const record = sampleRecord();
const [model] = analyze(record).models as [ModelAnalysis];
const texts = (svg: string) =>
  [...parseHTML(svg).document.querySelectorAll("text")].map(({ textContent }) => textContent);

describe("labels that would lie on each other", () => {
  test("move apart, keep their order and their middle", () => {
    expect(spread([1, 5, 9], 2)).toEqual([1, 5, 9]);
    const [a = 0, b = 0] = spread([3, 3.5], 2);
    expect(b - a).toBeCloseTo(2, 6);
    expect((a + b) / 2).toBeCloseTo(3.25, 12);
    const crowd = spread([5, 5, 5, 5, 0], 1);
    const sorted = crowd.toSorted((x, y) => x - y);
    for (let i = 1; i < sorted.length; i++)
      expect((sorted[i] as number) - (sorted[i - 1] as number)).toBeGreaterThan(0.99);
    expect(crowd[4]).toBe(sorted[0]);
  });
  test("names of files", () => {
    expect(["SmolLM2 135M/Q4", "汉字 x", "--"].map(slug)).toEqual(["smollm2-135m-q4", "汉字-x", "x"]);
  });
});

test("the forest plot writes every score that it draws, and draws no score that there is not", () => {
  const figure = forestPlot(record, model);
  const cells = model.cells.filter(({ condition, score }) => score && ["code", "decoy"].includes(condition));
  expect(cells.length).toBeGreaterThan(0);
  const drawn = texts(figure?.svg ?? "").join("\n");
  // kl of the code: 4 between the floor's 10 and the ceiling's 2, plus the same step for each.
  expect(drawn).toContain("0.75");
  expect(drawn).toContain("code: inconclusive");
  expect(forestPlot(record, { ...model, cells: [] })).toBeNull();
});

test("fidelity against cost, layers and the heat map hold what the record holds", () => {
  expect(texts(costPlot(record, model)?.svg ?? "")).toContain("code: inconclusive");
  expect(costPlot(record, { ...model, candidates: [] })).toBeNull();
  const curves = layerCurves(record, model, "state.explained");
  expect(texts(curves?.svg ?? "")).toEqual(expect.arrayContaining(["code", "paraphrase", "decoy"]));
  expect(layerCurves(record, model, "kl")).toBeNull();
  const heat = texts(layerHeatMap(record, model, "state.explained")?.svg ?? "");
  // explained of the code at layer 1: −1.25 for the first item, one more for each of the others that have it.
  expect(heat).toContain("−0.3");
  expect(heat).not.toContain("-0.3");
});

test("a projection of states that fall into two groups keeps them apart, and is the same every time", () => {
  const items = Array.from({ length: 12 }, (_, i) => `i${i}`);
  const cloud = (centre: number) =>
    Float32Array.from({ length: 12 * 2 * 4 }, (_, k) => centre + Math.sin(7 * k + centre) / 4);
  const kept: KeptStates = {
    name: "tiny-d-restate-natural",
    states: [1, 2],
    width: 4,
    conditions: {
      original: { items, data: cloud(0) },
      decoy: { items, data: cloud(0) },
      code: { items, data: cloud(9) },
    },
  };
  const figure = projectionPlot(model, kept);
  expect(projectionPlot(model, kept)?.svg).toBe(figure?.svg);
  const { document } = parseHTML(figure?.svg ?? "");
  expect(document.querySelectorAll("path[transform]").length).toBeGreaterThanOrEqual(2 * 36);
  expect(texts(figure?.svg ?? "")).toEqual(expect.arrayContaining(["principal components", "t-SNE", "code"]));
  expect(figure?.caption).toContain("overlap proves no equivalence");
  expect(projectionPlot(model, { ...kept, states: [0] })).toBeNull();
  expect(MODEL.headlineBand).toBe("50-75%");
});

test("a PNG is a PNG, on white, and the same bytes every time", () => {
  const svg = costPlot(record, model)?.svg ?? "";
  const png = pngOf(svg);
  expect([...png.subarray(1, 4)]).toEqual([...Buffer.from("PNG")]);
  expect(Buffer.from(pngOf(svg)).equals(Buffer.from(png))).toBe(true);
});

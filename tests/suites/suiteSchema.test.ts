import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { suiteJsonSchema } from "../../suites/suiteSchema.ts";

const committed = JSON.parse(readFileSync(new URL("../../suites/suite.schema.json", import.meta.url), "utf8"));

test("suite.schema.json is what suites/writeSchema.ts writes", () => {
  expect(committed).toEqual(JSON.parse(JSON.stringify(suiteJsonSchema())));
});

/** Every `properties` entry in the schema, by its dotted path. */
function properties(schema: unknown, path = ""): [string, { description?: string }][] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key !== "properties") return properties(value, path);
    return Object.entries(value as Record<string, { description?: string }>).flatMap(([name, property]) => [
      [`${path}.${name}`, property] as [string, { description?: string }],
      ...properties(property, `${path}.${name}`),
    ]);
  });
}

test("every key has a description, and only what has no default is required", () => {
  const all = properties(committed);
  expect(all.length).toBeGreaterThan(40);
  expect(all.filter(([, { description }]) => description === undefined).map(([path]) => path)).toEqual([]);
  expect(committed.required).toEqual(["name", "items", "frames", "candidates"]);
  expect(committed.additionalProperties).toBe(false);
});

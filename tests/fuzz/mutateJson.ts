/** Changes a JSON text: mostly one that still parses and says something else, sometimes one that no longer does. */
import type { Chance } from "./Chance.ts";
import { mutateBytes } from "./mutateBytes.ts";

type Json = unknown;
type Parent = Record<string, Json>;

/** Names that every object has, or that assignment treats apart. */
export const PROTOTYPE_NAMES = ["__proto__", "constructor", "toString", "valueOf", "hasOwnProperty", "length"] as const;

/** Stands in a value for text that JSON.stringify would not write; MARK in a key is left out, for keys twice. */
const MARK = "\u0001";
const RAW: readonly (() => string)[] = [
  () => "1e999",
  () => "-0",
  () => "123456789012345678901234567890",
  () => `${"[".repeat(50)}${"]".repeat(50)}`,
  () => `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  () => `${'{"a":'.repeat(2000)}1${"}".repeat(2000)}`,
  () => '{"__proto__":{"type":"BPE"}}',
  () => `"${"x".repeat(200_000)}"`,
  () => `[${"0,".repeat(50_000)}0]`,
];

const ODD: readonly (() => Json)[] = [
  ...[null, true, false, 0, 1, -1, 2, 0.5, -1e308, 1e308, 2 ** 24, 2 ** 31, 2 ** 32, 2 ** 53, 5e-324].map(
    (value) => () => value,
  ),
  ...["", "0", "▁", "(", "(a+)+$", "\ud800", "constructor", "__proto__", "../x", "\u001b[2J", "{{ 1/0 }}"].map(
    (value) => () => value,
  ),
  () => [],
  () => ({}),
  () => [null],
  () => [[]],
  () => ({ type: "Sequence" }),
  () => ({ toString: 1, valueOf: 1 }),
  () => ({ length: 5 }),
  () => ({ Regex: "(a|a)*b" }),
  () => ({ String: "" }),
];

function isParent(value: Json): value is Parent {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** A parent somewhere in `json`, more often near its root, and one of its keys. */
function place(json: Parent, chance: Chance): { parent: Parent; key: string } {
  let parent = json;
  let key = chance.one(Object.keys(parent));
  while (isParent(parent[key]) && !chance.once(3)) {
    parent = parent[key] as Parent;
    key = chance.one(Object.keys(parent));
  }
  return { parent, key };
}

/** As an own property, `__proto__` too. */
function put(parent: Parent, key: string, value: Json): void {
  if (Array.isArray(parent)) (parent as Json[])[Number(key)] = value;
  else Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function changed(value: Json, chance: Chance): Json {
  if (typeof value === "number")
    return chance.one([value + 1, value - 1, -value, value * 2, value * 1e6, value + 0.5, Math.floor(value / 2), 0]);
  if (typeof value === "string")
    return chance.one([
      value.slice(0, chance.below(value.length + 1)),
      value.repeat(1 + chance.below(50)),
      ` ${value}`,
      value.toUpperCase(),
      Number(value),
    ]);
  if (typeof value === "boolean") return !value;
  if (Array.isArray(value))
    return chance.one<() => Json>([
      () => value.slice(0, chance.below(value.length + 1)),
      () => [...value].reverse(),
      () => [...value, ...value],
      () => [...value, chance.one(ODD)()],
      () => Object.fromEntries(value.entries()),
    ])();
  return chance.one<() => Json>([() => [value], () => ({ ...(value as Parent), type: "Sequence" }), () => null])();
}

const CHANGES: readonly ((json: Parent, chance: Chance) => void)[] = [
  (json, chance) => {
    const { parent, key } = place(json, chance);
    put(parent, key, chance.one(ODD)());
  },
  (json, chance) => {
    const { parent, key } = place(json, chance);
    put(parent, key, changed(parent[key], chance));
  },
  (json, chance) => {
    const { parent, key } = place(json, chance);
    delete parent[key];
  },
  (json, chance) => {
    const { parent, key } = place(json, chance);
    put(parent, key, MARK + chance.below(RAW.length));
  },
  (json, chance) => {
    const { parent, key } = place(json, chance);
    if (Array.isArray(parent)) return;
    const name = chance.one([...PROTOTYPE_NAMES, `${key}${MARK}`, `${key} `, ""]);
    put(parent, name, chance.once(2) ? parent[key] : chance.one(ODD)());
    if (chance.once(2)) delete parent[key];
  },
  (json, chance) => {
    const [one, other] = [place(json, chance), place(json, chance)];
    const value = structuredClone(one.parent[one.key]);
    put(one.parent, one.key, structuredClone(other.parent[other.key]));
    put(other.parent, other.key, value);
  },
];

function stringify(json: Json): string {
  return JSON.stringify(json)
    .replace(/"\\u0001(\d+)"/g, (_, index: string) => RAW[Number(index)]?.() ?? "null")
    .replaceAll("\\u0001", "");
}

/** @param text a JSON object or list that is not empty */
export function mutateJson(text: string, chance: Chance): Buffer {
  const json = JSON.parse(text) as Parent;
  for (let changes = 1 + chance.below(3); changes > 0 && isParent(json); changes--) chance.one(CHANGES)(json, chance);
  const bytes = Buffer.from(chance.once(60) ? stringify(chance.one(ODD)()) : stringify(json));
  return chance.once(12) ? mutateBytes(bytes, chance) : bytes;
}

/** What is wrong with a value, in words for people: zod's issues with key, value found, and what to do. */
import { z } from "zod";
import { nearest, suggest } from "./suggest.ts";

export type KeyPath = readonly (string | number)[];

export interface Problem {
  /** The last part of the error's code. */
  readonly kind: "unknown-key" | "missing-key" | "invalid-value";
  readonly path: KeyPath;
  /** What is wrong; begins behind the key, which the caller writes as its file does. */
  readonly message: string;
  readonly hint: string;
  /** For an unknown key: the path of the key that was probably meant. */
  readonly meant?: KeyPath;
}

/** `gates[0].candidate` for ["gates", 0, "candidate"]. */
export function keyText(path: KeyPath): string {
  return path.reduce<string>(
    (out, key) => (typeof key === "number" ? `${out}[${key}]` : out === "" ? key : `${out}.${key}`),
    "",
  );
}

/**
 * Either the validated value, or all that is wrong with it: at least one problem.
 * @param schema has a description, as a last hint
 */
export function check<T>(schema: z.ZodType<T>, value: unknown): { value: T } | { problems: readonly Problem[] } {
  const hidden = prototypeKeys(value);
  if (hidden.length > 0) return { problems: hidden };
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  const problems = result.error.issues.flatMap((issue) => translate(issue, schema, [], { schema, value }));
  // A key that was misspelt is unknown and missing at once: say it once.
  const meant = new Set(problems.flatMap((problem) => (problem.meant ? [keyText(problem.meant)] : [])));
  return { problems: problems.filter(({ kind, path }) => kind !== "missing-key" || !meant.has(keyText(path))) };
}

/** zod passes over a key `__proto__` without a word; no file of ours nests names deeper than this looks. */
function prototypeKeys(value: unknown, path: KeyPath = []): Problem[] {
  if (typeof value !== "object" || value === null || path.length > 6) return [];
  const here: Problem[] = Object.hasOwn(value, "__proto__")
    ? [
        {
          kind: "unknown-key",
          path: [...path, "__proto__"],
          message: "cannot be used as a name",
          hint: "choose another name",
        },
      ]
    : [];
  const keyed: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return here.concat(
    keyed.filter(([key]) => key !== "__proto__").flatMap(([key, inner]) => prototypeKeys(inner, [...path, key])),
  );
}

type Issue = z.core.$ZodIssue;

interface Whole {
  readonly schema: z.ZodType;
  readonly value: unknown;
}

/** @param schema what raised the issue, the whole schema or a branch of a union; it stands at the path `base`. */
function translate(issue: Issue, schema: z.ZodType, base: KeyPath, whole: Whole): Problem[] {
  const own = issue.path as KeyPath;
  const path = [...base, ...own];
  const found = valueAt(whole.value, path);
  const here = schemaAt(schema, own);
  if (issue.code === "unrecognized_keys") {
    const keys = Object.keys(shapeOf(here));
    return issue.keys.map((key) => {
      const near = nearest(key, keys);
      const problem = {
        kind: "unknown-key",
        path: [...path, key],
        message: "is not a key here",
        hint: suggest(key, keys),
      } as const;
      return near === undefined ? problem : { ...problem, meant: [...path, near] };
    });
  }
  if (issue.code === "invalid_union" && here instanceof z.ZodUnion) {
    const options = here.options as readonly z.ZodType[];
    const branches = issue.errors.map((issues, i) =>
      issues.flatMap((one) => translate(one, options[i] as z.ZodType, path, whole)),
    );
    return branches.reduce((best, branch) => (likeness(branch, path) < likeness(best, path) ? branch : best));
  }
  if (found === undefined) {
    const parent = valueAt(whole.value, path.slice(0, -1));
    const present = typeof parent === "object" && parent !== null && !Array.isArray(parent) ? Object.keys(parent) : [];
    const misspelt = nearest(
      String(path.at(-1)),
      present.filter((key) => !(key in shapeOf(schemaAt(schema, own.slice(0, -1))))),
    );
    const hint =
      misspelt === undefined
        ? purpose(path, whole.schema)
        : `\`${misspelt}\` stands there: did you mean \`${path.at(-1)}\`?`;
    return [{ kind: "missing-key", path, message: "is missing", hint }];
  }
  const shown = issue.code === "invalid_key" ? JSON.stringify(path.at(-1)) : show(found);
  const message =
    issue.code === "custom" && typeof found === "object" ? demand(issue) : `${demand(issue)}, got ${shown}`;
  return [{ kind: "invalid-value", path, message, hint: hintOf(issue, found) ?? purpose(path, whole.schema) }];
}

/** How far a value is from one branch of a union: the wrong kind of value altogether, then the number of problems. */
function likeness(problems: readonly Problem[], path: KeyPath): number {
  const wrongKind = problems.some((p) => p.kind === "invalid-value" && p.path.length === path.length);
  return problems.length + (wrongKind ? 1000 : 0);
}

function demand(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.map((one) => `\`${String(one)}\``).join(" or ")}`;
    case "too_small":
      return sized(issue.origin, issue.inclusive ? "at least" : "more than", issue.minimum);
    case "too_big":
      return sized(issue.origin, issue.inclusive ? "at most" : "less than", issue.maximum);
    case "invalid_key":
      return issue.issues[0]?.message ?? issue.message;
    default:
      return issue.message;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a mapping",
  record: "a mapping",
};

function sized(origin: string, relation: string, bound: number | bigint): string {
  if (origin === "string") return bound === 1 ? "must not be empty" : `must have ${relation} ${bound} characters`;
  if (origin === "array")
    return bound === 1 && relation === "at least" ? "must not be empty" : `must have ${relation} ${bound} entries`;
  return `must be ${relation} ${bound}`;
}

function hintOf(issue: Issue, found: unknown): string | undefined {
  if (issue.code === "custom" && typeof issue.params?.hint === "string") return issue.params.hint;
  if (issue.code === "invalid_value" && typeof found === "string") return suggest(found, issue.values.map(String));
  if (issue.code === "invalid_type" && issue.expected === "string" && /number|boolean/.test(typeof found))
    return "put it in quotes";
  return undefined;
}

/** What the value is for, or else what it is a part of is for. */
function purpose(path: KeyPath, schema: z.ZodType): string {
  for (let depth = path.length; depth >= 0; depth--) {
    const description = schemaAt(schema, path.slice(0, depth))?.description;
    if (description !== undefined) return description;
  }
  throw new Error("a schema without a description");
}

function show(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "a mapping";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key) ? Reflect.get(inner, key) : undefined,
    value,
  );
}

function shapeOf(schema: z.ZodType | undefined): Readonly<Record<string, unknown>> {
  return schema instanceof z.ZodObject ? schema.shape : {};
}

/** The schema of what stands at a path; keeps the description that stands outermost. */
function schemaAt(schema: z.ZodType, path: KeyPath): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    const inner = schemaAt(schema.unwrap() as z.ZodType, path);
    const described = path.length === 0 && schema.description !== undefined && inner?.description === undefined;
    return described ? inner?.describe(schema.description as string) : inner;
  }
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  if (schema instanceof z.ZodUnion) {
    for (const option of schema.options as readonly z.ZodType[]) {
      const inner = schemaAt(option, path);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  let next: unknown;
  if (schema instanceof z.ZodObject) next = Object.hasOwn(schema.shape, key) ? schema.shape[key] : undefined;
  else if (schema instanceof z.ZodRecord) next = schema.valueType;
  else if (schema instanceof z.ZodArray) next = schema.element;
  else if (schema instanceof z.ZodTuple) next = (schema.def.items as readonly unknown[])[Number(key)];
  return next instanceof z.ZodType ? schemaAt(next, rest) : undefined;
}

import { closest } from "fastest-levenshtein";
import { z } from "zod";
import { ExpectedError } from "../errors.ts";
import { authored } from "./authored.ts";
import { codebookCodec } from "./codebookCodec.ts";
import type { Codec, CodecDefinition, CodecServices, CodecSpec } from "./contract.ts";
import { dropWords } from "./dropWords.ts";
import { identity } from "./identity.ts";
import { minilmProjection } from "./minilmProjection.ts";
import { randomProjection } from "./randomProjection.ts";
import { arithmetic } from "./text/arithmetic.ts";
import { questionAwareDrop } from "./text/questionAwareDrop.ts";
import { randomDrop } from "./text/randomDrop.ts";
import { selfInformationDrop } from "./text/selfInformationDrop.ts";
import { truncate } from "./truncate.ts";

const DEFINITIONS: readonly CodecDefinition<unknown>[] = [
  authored,
  identity,
  truncate,
  dropWords,
  randomDrop,
  selfInformationDrop,
  questionAwareDrop,
  arithmetic,
  randomProjection,
  minilmProjection,
  codebookCodec,
];

export function codecNames(): readonly string[] {
  return DEFINITIONS.map(({ name }) => name);
}

/**
 * The codec of a name.
 * @param where the place that names it, for the error: file, line, key.
 * @throws ExpectedError `codec-unknown`, with the nearest name and the list.
 */
export function codecDefinition(name: string, where: string): CodecDefinition<unknown> {
  const definition = DEFINITIONS.find((one) => one.name === name);
  if (definition !== undefined) return definition;
  throw new ExpectedError({
    code: "codec-unknown",
    message: `there is no codec "${name}"`,
    where,
    hint: `The nearest name is "${closest(name, [...codecNames()])}"; the codecs are ${codecNames().join(", ")}.`,
  });
}

/**
 * A codec ready to encode, its parameters validated.
 * @param folder what paths in the parameters are relative to.
 * @throws ExpectedError `codec-unknown`; `codec-parameters`, which names every offending key and value.
 */
export function createCodec(spec: CodecSpec, services: CodecServices, where: string, folder = "."): Codec {
  const { definition, parameters } = validated(spec, where);
  return definition.create(parameters, services, folder);
}

/**
 * What costs about as many tokens as a code that asks the observed model, for counting before that is open; the code
 * itself where it asks nobody.
 * @throws ExpectedError as createCodec.
 */
export function standInFor(spec: CodecSpec, where: string): CodecSpec {
  const { definition, parameters } = validated(spec, where);
  return definition.standIn?.(parameters) ?? spec;
}

function validated(spec: CodecSpec, where: string): { definition: CodecDefinition<unknown>; parameters: unknown } {
  const definition = codecDefinition(spec.codec, where);
  const parsed = definition.parameters.safeParse(spec.parameters);
  if (parsed.success) return { definition, parameters: parsed.data };
  const { issues } = parsed.error;
  throw new ExpectedError({
    code: "codec-parameters",
    message: `codec "${spec.codec}": ${issues.map((issue) => described(issue, spec.parameters)).join("; ")}`,
    where,
    hint: parametersHint(definition, issues),
  });
}

function described(issue: z.core.$ZodIssue, parameters: Readonly<Record<string, unknown>>): string {
  if (issue.code === "unrecognized_keys") return `it has no parameter ${quoted(issue.keys)}`;
  const key = String(issue.path[0]);
  if (!Object.hasOwn(parameters, key)) return `parameter "${key}" is missing`;
  return `parameter "${key}" is ${JSON.stringify(parameters[key])}: ${issue.message}`;
}

function parametersHint(definition: CodecDefinition<unknown>, issues: readonly z.core.$ZodIssue[]): string {
  const keys = definition.parameters instanceof z.ZodObject ? Object.keys(definition.parameters.shape) : [];
  if (keys.length === 0) return `"${definition.name}" takes no parameters.`;
  const unknown = issues.flatMap((issue) => (issue.code === "unrecognized_keys" ? issue.keys : []));
  const nearest = unknown.map((key) => `For "${key}" the nearest is "${closest(key, keys)}". `).join("");
  return `${nearest}The parameters of "${definition.name}" are ${keys.join(", ")}: ${definition.summary}.`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

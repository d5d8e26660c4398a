/** A provider's self-test: what it shows, and how far its answers move when nothing changed. */
import { ExpectedError } from "../../errors.ts";
import type { NamedToken, Provider, Row } from "../../providers/contract.ts";
import { openProvider } from "../../providers/openProvider.ts";
import { centredCosine } from "../vectors.ts";
import type { Check } from "./doctor.ts";

const TEXT = "The capital of France is";
const ANSWER = " Paris.";
const OTHERS = [
  "Something else that is rather longer than the first text.",
  "A ferry leaves at nine.",
  "Twelve chairs stood in the hall, and nobody sat on them.",
];
/** Largest difference of log-probabilities between equal readings that we call healthy for the engine's own kind. */
const NOISE_LIMIT = 1e-3;

const rowOf = ({ tokenizer }: Provider, text: string): Row => [{ ids: tokenizer.encode(text), parent: null }];
const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value), 0);

/** Alone, again, and among others. */
async function threeTimes<T>(read: (texts: readonly string[]) => Promise<T>): Promise<[T, T, T]> {
  return [await read([TEXT]), await read([TEXT]), await read([TEXT, ...OTHERS])];
}

/** Largest difference of the log-probabilities of tokens that both name; null where they share none. */
function difference(one: readonly NamedToken[] | null, other: readonly NamedToken[] | null): number | null {
  const shared = (one ?? []).flatMap((token) => {
    const same = other?.find(({ text }) => text === token.text);
    return same ? [Math.abs(same.logProb - token.logProb)] : [];
  });
  return shared.length === 0 ? null : largest(shared);
}

const moved = (repeated: number, among: number) =>
  `repeated ${repeated.toExponential(1)}, alone against in a batch ${among.toExponential(1)}`;

async function scoreChecks(provider: Provider, signal: AbortSignal): Promise<Check[]> {
  const { tokenizer } = provider;
  const scores = async (texts: readonly string[]) => {
    const rows = texts.map(
      (text): Row => [...rowOf(provider, text), { ids: tokenizer.encode(ANSWER, { continues: true }), parent: 0 }],
    );
    const nothing = { states: [], pools: [], comparisons: [] };
    const all = rows.map((_, row) => ({ row, segment: 1 }));
    return (await provider.read({ rows, ...nothing, scores: all }, signal)).scores[0] ?? [];
  };
  const [first, again, among] = await threeTimes(scores);
  if ("unscored" in first || "unscored" in again || "unscored" in among) {
    const reason = [first, again, among]
      .map((one) => ("unscored" in one ? one.unscored : ""))
      .find((one) => one !== "");
    return [{ name: "log-probabilities", state: "FAIL", detail: reason ?? "" }];
  }
  const apart = (other: readonly number[]) => largest(first.map((value, i) => Math.abs(value - (other[i] as number))));
  const quiet = Math.max(apart(again), apart(among)) < NOISE_LIMIT;
  // A server batches with whatever else it serves.
  const state = quiet ? "ok" : provider.served ? "warn" : "FAIL";
  return [{ name: "log-probabilities", state, detail: `${moved(apart(again), apart(among))} nats` }];
}

async function topTokenChecks(provider: Provider, signal: AbortSignal): Promise<Check[]> {
  const read = async (texts: readonly string[]) => {
    const rows = texts.map((text) => rowOf(provider, text));
    const nextTokens = rows.map((_, row) => ({ row, segment: 0 }));
    const nothing = { states: [], pools: [], scores: [], comparisons: [] };
    return (await provider.read({ rows, ...nothing, nextTokens }, signal)).nextTokens?.[0] ?? null;
  };
  const [first, again, among] = await threeTimes(read);
  const [repeated, batch] = [difference(first, again), difference(first, among)];
  if (first === null || repeated === null || batch === null) {
    return [
      {
        name: "most likely tokens",
        state: "FAIL",
        detail: `none is named, or none twice, after ${JSON.stringify(TEXT)}`,
      },
    ];
  }
  const likeliest = JSON.stringify(first[0]?.text);
  const same = again?.[0]?.text === first[0]?.text && among?.[0]?.text === first[0]?.text;
  return [
    {
      name: "most likely tokens",
      // Servers batch with whatever else they serve, so their noise is theirs to show and not ours to judge.
      state: same ? "ok" : "warn",
      detail: `${first.length} named, ${likeliest} first${same ? "" : ", but not every time"}; ${moved(repeated, batch)} nats`,
    },
  ];
}

/** @param read one vector a text, of which the first is looked at. */
async function vectorChecks(name: string, read: (texts: readonly string[]) => Promise<Float32Array>): Promise<Check[]> {
  const [first, again, among] = await threeTimes(read);
  const zero = new Float32Array(first.length);
  const apart = (other: Float32Array) => {
    const cosine = centredCosine(first, other, zero);
    return cosine === null ? 1 : Math.max(0, 1 - cosine);
  };
  const state = Math.max(apart(again), apart(among)) < NOISE_LIMIT ? "ok" : "warn";
  const detail = `${first.length} wide; 1 − cosine: ${moved(apart(again), apart(among))}`;
  return [{ name, state, detail }];
}

async function finalState(provider: Provider, texts: readonly string[], signal: AbortSignal): Promise<Float32Array> {
  const rows = texts.map((text) => rowOf(provider, text));
  const states = rows.map((_, row) => ({ row, segment: 0 }));
  const read = await provider.read({ rows, states, pools: [], scores: [], comparisons: [] }, signal);
  return read.states.subarray(0, provider.identity.width);
}

/** Ollama shows no states; the weights that it serves may lie in this machine's store, where the engine reads them. */
async function twinCheck(provider: Provider): Promise<Check> {
  const { embeddedTwin } = await import("../../providers/ollama/embeddedTwin.ts");
  try {
    const { identity } = provider;
    const { reference } = embeddedTwin({ identity: { ...identity, digest: identity.digest || null } });
    return { name: "the same weights", state: "ok", detail: `${reference} shows every layer of them (same sha256)` };
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return {
      name: "the same weights",
      state: "warn",
      detail: `${error.message}${error.hint ? `; ${error.hint}` : ""}`,
    };
  }
}

export async function providerChecks(reference: string, signal: AbortSignal): Promise<Check[]> {
  const provider = await openProvider(reference, { weights: "auto", purpose: "latency", signal });
  try {
    const { identity, capabilities } = provider;
    const { hiddenStates, attention, promptLogits, scores, generation, embeddings } = capabilities;
    const shows = [
      { all: "hidden states of all layers", final: "the final hidden state", none: "no hidden states" }[hiddenStates],
      ...(attention ? ["attention"] : []),
      { full: "full logits", "top-k": "the most likely tokens only", none: "no log-probabilities" }[promptLogits],
      ...(scores && promptLogits !== "full" ? ["log-probabilities of given tokens"] : []),
      ...(generation ? ["generation"] : []),
      ...(embeddings ? ["sentence embeddings"] : []),
    ].join(", ");
    const digest = identity.digest === "" ? "weights unknown" : `sha256 ${identity.digest.slice(0, 12)}`;
    return [
      { name: "provider", state: "ok", detail: `${identity.name}, ${identity.engine}, ${digest}` },
      { name: "shows", state: "ok", detail: shows },
      ...(reference.startsWith("ollama-api:") ? [await twinCheck(provider)] : []),
      ...(scores ? await scoreChecks(provider, signal) : []),
      ...(promptLogits === "top-k" ? await topTokenChecks(provider, signal) : []),
      ...(hiddenStates === "final"
        ? await vectorChecks("final state", (texts) => finalState(provider, texts, signal))
        : []),
      ...(embeddings
        ? await vectorChecks("embeddings", async (texts) => (await provider.embed(texts, signal))[0] as Float32Array)
        : []),
      ...(provider.served?.lacking ?? []).map((detail): Check => ({ name: "lacks", state: "ok", detail })),
    ];
  } finally {
    await provider.close();
  }
}

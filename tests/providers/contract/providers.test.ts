/** Every provider that reads token ids. Those of Python need ISOGLYPH_TEST_PYTHON. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe } from "vitest";
import { openModel } from "../../../providers/embedded/openModel.ts";
import { RecordedProvider } from "../../../providers/recorded/RecordedProvider.ts";
import { RecordingProvider } from "../../../providers/recorded/RecordingProvider.ts";
import { ServedProvider } from "../../../providers/served/ServedProvider.ts";
import { openTransformers } from "../../../providers/transformers/openTransformers.ts";
import { ScriptedProvider } from "../../harness/ScriptedProvider.ts";
import { LetterServer } from "../served/LetterServer.ts";
import { describeProvider } from "./describeProvider.ts";

const MODELS = fileURLToPath(new URL("../../oracles/fixtures/models/", import.meta.url));
const PYTHON = process.env.ISOGLYPH_TEST_PYTHON ?? "";
const root = mkdtempSync(join(tmpdir(), "isoglyph-contract-"));
afterAll(() => rmSync(root, { recursive: true }));

const embedded = (name: string) => openModel(MODELS + name, { weights: "float32", purpose: "batch", threads: 1 });

for (const name of ["llama", "qwen3", "bert", "xlm-roberta"]) {
  describeProvider(`embedded ${name}`, { open: () => embedded(name), tolerance: 3e-5 });
}
describeProvider("scripted", { open: async () => new ScriptedProvider(), tolerance: 1e-6 });
describeProvider("served", { open: async () => new ServedProvider(new LetterServer()), tolerance: 0 });
describeProvider("served, with scores and final states", {
  open: async () => new ServedProvider(new LetterServer(5, true, { scores: "all", finalStates: 26 })),
  tolerance: 0,
});
describeProvider("served, embeddings alone", {
  open: async () => new ServedProvider(new LetterServer(0)),
  tolerance: 0,
});
describe.skipIf(PYTHON === "")("with Python (ISOGLYPH_TEST_PYTHON)", () => {
  describeProvider("transformers llama", {
    open: () => openTransformers(`transformers:${MODELS}llama?device=cpu`, { python: PYTHON }),
    tolerance: 3e-5,
  });
});

// What the first is asked while it records, the second is asked again.
for (const name of ["llama", "bert"]) {
  describeProvider(`recording of ${name}`, {
    open: async () => new RecordingProvider(await embedded(name), join(root, name)),
    tolerance: 3e-5,
  });
  describeProvider(`recorded ${name}`, {
    open: async () => new RecordedProvider(join(root, name)),
    tolerance: 3e-5,
  });
}

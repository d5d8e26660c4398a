/** Every provider of a model behind a server. */
import type { GenerateRequest } from "../../../providers/contract.ts";
import { openHuggingFace } from "../../../providers/huggingface/openHuggingFace.ts";
import { openOllama } from "../../../providers/ollama/openOllama.ts";
import { openOpenAi } from "../../../providers/openai/openOpenAi.ts";
import {
  embeddingsHandler,
  generationHandler,
  type Handler,
  startHuggingFaceServer,
} from "../huggingface/HuggingFaceServer.ts";
import { CASES, TEXTS } from "../ollama/cases.ts";
import ollamaExchanges from "../ollama/fixtures/exchanges.json" with { type: "json" };
import { type Dialect, serveModel } from "../openai/ServedModel.ts";
import { type FaultServer, json, startFaultServer } from "../remote/FaultServer.ts";
import { startReplayServer } from "../remote/ReplayServer.ts";
import { LetterServer } from "../served/LetterServer.ts";
import { describeTextProvider, type TextProviderCase } from "./describeTextProvider.ts";

const text: GenerateRequest = { input: { text: "the sky" }, maxTokens: 2, temperature: 0, topLogProbs: 3 };
const chat: GenerateRequest = {
  ...text,
  input: { messages: [{ role: "user", content: "Say hello." }] },
};

function openAiCase(serve: Parameters<typeof startFaultServer>[0], rest: Omit<TextProviderCase, "open" | "close">) {
  let server: FaultServer | undefined;
  return {
    ...rest,
    open: async () => {
      server = await startFaultServer(serve);
      return openOpenAi(`openai:tiny@${server.origin}/v1`, { env: { OPENAI_API_KEY: "sk-test" } });
    },
    close: async () => server?.close(),
  };
}
for (const dialect of ["openai", "vllm", "sglang", "llama-cpp-python"] satisfies Dialect[]) {
  const requests = dialect === "openai" ? [chat] : [text, chat];
  describeTextProvider(`openai: ${dialect}`, openAiCase(serveModel(dialect), { requests }));
}
const lengths = (texts: readonly string[]) =>
  texts.map((one, index) => ({ object: "embedding", index, embedding: [one.length, 1, 0.5] }));
const embedder = openAiCase(
  ({ path, body }, response) => {
    if (path !== "/v1/embeddings") return json(response, 404, { error: { message: "no such route" } });
    const { input } = body as { input: string[] };
    json(response, 200, { object: "list", model: "embedder", data: lengths(input), usage: {} });
  },
  { requests: [], texts: ["one text", "another text"] },
);
describeTextProvider("openai: an embedder", embedder);

function ollamaCase(model: string, rest: Omit<TextProviderCase, "open" | "close">) {
  let server: Awaited<ReturnType<typeof startReplayServer>> | undefined;
  return {
    ...rest,
    open: async () => {
      server = await startReplayServer(ollamaExchanges);
      return openOllama(`ollama-api:${model}@${server.base}`, { env: {} });
    },
    close: async () => server?.close(),
  };
}
describeTextProvider("ollama-api:", ollamaCase("smollm2", { requests: [CASES.text, CASES.chat, CASES.hanzi] }));
describeTextProvider("ollama-api: an encoder", ollamaCase("minilm", { requests: [], texts: TEXTS }));

function huggingFaceCase(handler: Handler, rest: Omit<TextProviderCase, "open" | "close">) {
  let server: Awaited<ReturnType<typeof startHuggingFaceServer>> | undefined;
  return {
    ...rest,
    open: async () => {
      server = await startHuggingFaceServer(handler);
      return openHuggingFace(`hf-api:owner/model@${server.base}`, { env: { HF_TOKEN: "hf_test" } });
    },
    close: async () => server?.close(),
  };
}
describeTextProvider(
  "hf-api: text-generation-inference",
  huggingFaceCase(generationHandler, {
    requests: [
      { ...text, maxTokens: 1 },
      { ...chat, maxTokens: 1 },
    ],
  }),
);
describeTextProvider(
  "hf-api: text-embeddings-inference",
  huggingFaceCase(embeddingsHandler, { requests: [], texts: ["one text", "another"] }),
);

describeTextProvider("in process", {
  open: async () => new LetterServer(),
  requests: [{ ...text, maxTokens: 1 }],
  texts: ["one", "two"],
});

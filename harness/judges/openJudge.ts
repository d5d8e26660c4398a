import type { Provider } from "../../providers/contract.ts";
import type { JudgeSpec } from "../../suites/Suite.ts";
import { chatModel } from "./ChatModel.ts";
import { chatJudge } from "./chatJudge.ts";
import { embeddingJudge } from "./embeddingJudge.ts";
import { entailmentJudge } from "./entailmentJudge.ts";
import type { Judge } from "./Judge.ts";

/**
 * The judge that a suite describes, on its model.
 * @param where the place that names it, for the error.
 * @throws ExpectedError `judge-model`.
 */
export function openJudge(name: string, { kind, repeats }: JudgeSpec, provider: Provider, where: string): Judge {
  const { reference, name: model, engine, digest } = provider.identity;
  const description = { identity: { reference, name: model, engine, digest }, repeats };
  if (kind === "embedding") return embeddingJudge(name, provider, description, where);
  const chat = chatModel(provider, where);
  return kind === "chat" ? chatJudge(name, chat, description) : entailmentJudge(name, chat, description);
}

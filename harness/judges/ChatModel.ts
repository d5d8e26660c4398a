/** A model that one can talk to, whoever runs it: a server in its own words, the engine through its chat template. */
import { ExpectedError } from "../../errors.ts";
import type { Provider } from "../../providers/contract.ts";

export interface ChatQuestion {
  readonly content: string;
  readonly seed: number;
}

export interface ChatSettings {
  readonly maxTokens: number;
  readonly temperature: number;
  /** JSON schema that the reply is to follow, where the server can hold it to one. */
  readonly schema: Readonly<Record<string, unknown>>;
}

export interface ChatModel {
  /** One reply a question, each a conversation of its own. */
  ask(questions: readonly ChatQuestion[], settings: ChatSettings, signal?: AbortSignal): Promise<string[]>;
}

/** Stands for the question while the template is rendered; a private-use character that no template touches. */
const PLACEHOLDER = "\uE000";

function refused(provider: Provider, what: string, where: string): ExpectedError {
  return new ExpectedError({
    code: "judge-model",
    message: `${provider.identity.reference} cannot be a judge that is talked to: ${what}`,
    where,
    hint: "name a model that is made for conversations, or take a judge of kind embedding",
  });
}

/** @throws ExpectedError `judge-model`. */
export function chatModel(provider: Provider, where: string): ChatModel {
  const { served, tokenizer, capabilities } = provider;
  if (!capabilities.generation) throw refused(provider, "it generates no text", where);
  if (served !== undefined) {
    return {
      ask: async (questions, { maxTokens, temperature, schema }, signal) => {
        const requests = questions.map(({ content, seed }) => ({
          input: { messages: [{ role: "user" as const, content }] },
          ...{ maxTokens, temperature },
          ...(temperature > 0 && { seed: seed >>> 1 }),
          ...(served.text.schema && { schema }),
        }));
        return (await served.generate(requests, signal)).map(({ text }) => text);
      },
    };
  }
  const rendered = tokenizer.chat?.([{ role: "user", content: PLACEHOLDER }]);
  if (rendered === undefined) throw refused(provider, "it has no chat template", where);
  const [before, after, ...more] = rendered.split(PLACEHOLDER);
  if (before === undefined || after === undefined || more.length > 0) {
    throw refused(provider, "its chat template does not write what the user says once", where);
  }
  const opening = tokenizer.encode(before, { special: true });
  const begun = tokenizer.begin.every((id, i) => opening[i] === id) ? opening : [...tokenizer.begin, ...opening];
  const closing = tokenizer.encode(after, { special: true, continues: true });
  return {
    ask: async (questions, { maxTokens, temperature }, signal) => {
      // Control tokens are the template's alone: what is asked is encoded as text.
      const prompts = questions.map(({ content, seed }) => ({
        ids: [...begun, ...tokenizer.encode(content, { continues: true }), ...closing],
        seed,
      }));
      const drawn = await provider.sample({ prompts, samples: 1, maxTokens, temperature }, signal);
      return drawn.map(([ids = []]) => tokenizer.decode(ids.filter((id) => !tokenizer.end.includes(id))));
    },
  };
}

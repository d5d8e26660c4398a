/**
 * A language model as a judge: a rubric from 1 to 5, the reason before the rating (Zheng et al. 2023, arXiv 2306.05685;
 * Liu et al. 2023, arXiv 2303.16634, whose ratings too are means over replies drawn at temperature 1). A judge that is
 * asked once takes its most likely reply.
 */
import { z } from "zod";
import type { ChatModel, ChatSettings } from "./ChatModel.ts";
import type { Judge, JudgeDescription, Opinion } from "./Judge.ts";
import { readPrompt } from "./readPrompt.ts";
import { readReply } from "./readReply.ts";

const SHAPE = z.strictObject({ reason: z.string(), rating: z.int().min(1).max(5) });
const LONGEST_REPLY = 120;

export function chatJudge(
  name: string,
  model: ChatModel,
  { identity, repeats }: Pick<JudgeDescription, "identity" | "repeats">,
): Judge {
  const { write, ...prompt } = readPrompt("equivalence-1");
  const settings: ChatSettings = {
    maxTokens: LONGEST_REPLY,
    temperature: repeats > 1 ? 1 : 0,
    schema: z.toJSONSchema(SHAPE),
  };
  return {
    name,
    description: { kind: "chat", identity, prompt, repeats, bothOrders: true, symmetric: true },
    rate: async (asked, signal) => {
      const questions = asked.map(({ texts, seed }) => ({ content: write(texts), seed }));
      return (await model.ask(questions, settings, signal)).map((reply): Opinion => {
        const said = readReply(reply, SHAPE);
        if (said === null) return { rating: null, reason: "the reply is not the asked JSON object", raw: reply };
        return { rating: (said.rating - 1) / 4, reason: said.reason };
      });
    },
  };
}

/**
 * Mutual entailment: two texts mean the same where each follows from the other (Kuhn et al. 2023, arXiv 2302.09664,
 * section 3.2). One order asks whether the second follows from the first, the other whether the first follows from the
 * second; a direction that holds is 1, one that does not 0, so half of the two is a text that says less. Any model that
 * can be talked to decides it.
 */
import { z } from "zod";
import type { ChatModel, ChatSettings } from "./ChatModel.ts";
import type { Judge, JudgeDescription, Opinion } from "./Judge.ts";
import { readPrompt } from "./readPrompt.ts";
import { readReply } from "./readReply.ts";

const SHAPE = z.strictObject({ reason: z.string(), relation: z.enum(["entailment", "neutral", "contradiction"]) });
const LONGEST_REPLY = 120;

export function entailmentJudge(
  name: string,
  model: ChatModel,
  { identity, repeats }: Pick<JudgeDescription, "identity" | "repeats">,
): Judge {
  const { write, ...prompt } = readPrompt("entailment-1");
  const settings: ChatSettings = {
    maxTokens: LONGEST_REPLY,
    temperature: repeats > 1 ? 1 : 0,
    schema: z.toJSONSchema(SHAPE),
  };
  return {
    name,
    description: { kind: "entailment", identity, prompt, repeats, bothOrders: true, symmetric: false },
    rate: async (asked, signal) => {
      const questions = asked.map(({ texts, seed }) => ({ content: write(texts), seed }));
      return (await model.ask(questions, settings, signal)).map((reply): Opinion => {
        const said = readReply(reply, SHAPE);
        if (said === null) return { rating: null, reason: "the reply is not the asked JSON object", raw: reply };
        return { rating: said.relation === "entailment" ? 1 : 0, reason: `${said.relation}: ${said.reason}` };
      });
    },
  };
}

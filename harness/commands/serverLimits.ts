/** How fast servers may be asked, and what that may cost, as the command line says it. */
import { ExpectedError } from "../../errors.ts";
import { isServer } from "../../providers/openProvider.ts";
import { wholeNumber } from "./terminal.ts";

export interface ServerLimitOptions {
  readonly concurrency?: string;
  readonly requestsPerMinute?: string;
  readonly tokensPerMinute?: string;
  readonly spendingLimit?: string;
  readonly prices?: string;
}

/** How fast servers may be asked. */
export function limitsOf({ concurrency, requestsPerMinute, tokensPerMinute }: ServerLimitOptions) {
  const given = (name: string, text: string | undefined) => (text === undefined ? undefined : wholeNumber(name, text));
  const most = given("--concurrency", concurrency);
  const requests = given("--requests-per-minute", requestsPerMinute);
  const tokens = given("--tokens-per-minute", tokensPerMinute);
  return {
    ...(most !== undefined && { concurrency: { start: Math.min(4, most), most } }),
    ...(requests !== undefined && { requestsPerMinute: requests }),
    ...(tokens !== undefined && { tokensPerMinute: tokens }),
  };
}

/**
 * What requests may cost: the limit holds for the run, and each of its servers gets an equal share.
 * @throws ExpectedError `usage`.
 */
export function spendingOf({ spendingLimit, prices }: ServerLimitOptions, models: readonly string[]) {
  if (spendingLimit === undefined && prices === undefined) return undefined;
  const wrong = (message: string, hint: string) => new ExpectedError({ code: "usage", message, hint });
  if (spendingLimit === undefined || prices === undefined) {
    const [given, other] =
      spendingLimit === undefined ? ["--prices", "--spending-limit"] : ["--spending-limit", "--prices"];
    throw wrong(`${given} without ${other}`, "give both: --spending-limit 5 --prices 0.15,0.60");
  }
  const uncounted = models.find((model) => isServer(model) && !model.startsWith("openai:"));
  if (uncounted !== undefined) {
    throw wrong(`--spending-limit does not count what ${uncounted} costs`, "it holds for openai: models only");
  }
  const limit = Number(spendingLimit);
  const [input = Number.NaN, output = Number.NaN, ...more] = prices.split(",").map(Number);
  if (!(limit > 0)) throw wrong(`--spending-limit ${spendingLimit}: a number above 0`, "such as 5");
  if (!(input >= 0 && output >= 0 && more.length === 0)) {
    throw wrong(`--prices ${prices}: two numbers from 0, with a comma between`, "such as 0.15,0.60");
  }
  return { limit: limit / models.filter(isServer).length || limit, prices: { input, output } };
}

import { createContext, Script } from "node:vm";

const context: { task: (() => unknown) | undefined } = { task: undefined };
createContext(context);
const script = new Script("task()");

/** Thrown in place of a result that took too long. */
export class OutOfTime extends Error {}

/**
 * Runs code that a model's file brings along (a regular expression, a template), and stops it after `milliseconds`
 * of wall-clock time: a file must not be able to make us hang. Costs 0.2 ms a call.
 * @throws OutOfTime, and what `task` throws.
 */
export function withinTime<T>(milliseconds: number, task: () => T): T {
  context.task = task;
  try {
    return script.runInContext(context, { timeout: milliseconds }) as T;
  } catch (error) {
    // It may be an error of another realm, and no instance of this one's Error.
    if ((error as { code?: unknown } | null)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
      throw new OutOfTime(`not finished after ${milliseconds} ms`, { cause: error });
    throw error;
  } finally {
    context.task = undefined;
  }
}

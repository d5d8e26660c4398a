/** A model's chat template (Jinja), as transformers' apply_chat_template renders it with a generation prompt. */
import { Template } from "@huggingface/jinja";
import { ExpectedError } from "../../../errors.ts";
import type { ChatMessage } from "../../contract.ts";
import { OutOfTime, withinTime } from "./withinTime.ts";

/** Templates may print today's date; it is pinned, so that the same run reads the same text tomorrow. */
const PINNED = { year: 2024, month: 6, day: 26, weekday: 5 } as const;
const MONTHS = "January February March April May June July August September October November December".split(" ");
const WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
/**
 * The renderer brings a clock and a `range` of its own, which only an assignment replaces. The line leaves nothing in
 * the output.
 */
const OWN_FUNCTIONS = "{% set strftime_now = pinned_now %}{% set range = bounded_range %}\n";
/** Real templates take about 20,000 characters and a few milliseconds. */
const MAX_TEMPLATE = 1 << 20;
const MAX_RANGE = 100_000;
const TIME_LIMIT = 1000;

const two = (value: number) => String(value).padStart(2, "0");
const DIRECTIVES: Readonly<Record<string, string>> = {
  a: (WEEKDAYS[PINNED.weekday] as string).slice(0, 3),
  A: WEEKDAYS[PINNED.weekday] as string,
  b: (MONTHS[PINNED.month] as string).slice(0, 3),
  B: MONTHS[PINNED.month] as string,
  d: two(PINNED.day),
  "-d": String(PINNED.day),
  e: String(PINNED.day).padStart(2, " "),
  H: "00",
  I: "12",
  M: "00",
  S: "00",
  p: "AM",
  m: two(PINNED.month + 1),
  "-m": String(PINNED.month + 1),
  y: two(PINNED.year % 100),
  Y: String(PINNED.year),
  "%": "%",
};

/** The pinned date, midnight, as C's strftime writes it. */
function pinnedNow(format: unknown): string {
  return String(format).replace(/%(-?.)/gsu, (directive, name: string) => {
    const written = Object.hasOwn(DIRECTIVES, name) ? DIRECTIVES[name] : undefined;
    if (written === undefined) throw new Error(`strftime_now does not know ${directive}`);
    return written;
  });
}

function boundedRange(...bounds: unknown[]): number[] {
  const given = bounds.filter((bound) => typeof bound === "number");
  const [start, stop, step] =
    given.length === 1 ? [0, given[0] as number, 1] : [given[0] ?? 0, given[1] ?? 0, given[2] ?? 1];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= MAX_RANGE)) throw new Error(`range asks for ${length} numbers, more than ${MAX_RANGE}`);
  return Array.from({ length }, (_, i) => start + i * step);
}

/**
 * @param source the template
 * @param named special tokens by the name that templates use, such as `bos_token`
 * @param path the file, for messages
 * @returns a renderer; it throws ExpectedError `chat-template-failed`, where the template is broken as well
 */
export function chatRenderer(
  source: string,
  named: Readonly<Record<string, string>>,
  path: string,
): (messages: readonly ChatMessage[]) => string {
  return (messages) => {
    try {
      if (source.length > MAX_TEMPLATE)
        throw new Error(`it is ${source.length} characters long, more than ${MAX_TEMPLATE}`);
      return withinTime(TIME_LIMIT, () =>
        new Template(OWN_FUNCTIONS + source).render({
          bos_token: "",
          eos_token: "",
          ...named,
          messages: messages.map((message) => ({ ...message })),
          add_generation_prompt: true,
          tools: null,
          documents: null,
          pinned_now: pinnedNow,
          bounded_range: boundedRange,
        }),
      );
    } catch (error) {
      // Templates raise errors of their own, against an order of roles for one.
      const reason = error instanceof OutOfTime || error instanceof Error ? error.message : String(error);
      throw new ExpectedError({
        code: "chat-template-failed",
        message: `the model's chat template refuses the conversation: ${reason}`,
        where: path,
        hint: "choose a frame without a chat, or another model",
        cause: error,
      });
    }
  };
}

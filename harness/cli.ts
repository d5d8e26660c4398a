/** The command line. Each command is loaded when it is called, so that `--help` is instant. */
import { Command, CommanderError } from "commander";
import { EXIT, ExpectedError } from "../errors.ts";
import { addCodeCommands } from "./commands/codeCommands.ts";
import { collect, formatError, version } from "./commands/terminal.ts";

function program(signal: AbortSignal): Command {
  const cli = new Command("isoglyph")
    .description("Does a compressed string put a language model in the same state as the sentence it replaces?")
    .version(version())
    .exitOverride()
    .showHelpAfterError("(isoglyph --help lists the commands)")
    .addHelpText(
      "after",
      "\nExit codes: 0 all gates hold, 1 a gate fails, 2 wrong usage or suite, 3 the instrument failed,\n4 incomplete, 130 interrupted.",
    );

  cli
    .command("run")
    .description("run a suite, or pairs of original and encoding from a CSV file, and write the run's folder")
    .argument("[suite]", "a suite file, or a folder with a suite.yaml")
    .option(
      "--pairs <file>",
      "a CSV file with the columns original, encoding (and paraphrase, decoy, question, answer …)",
    )
    .option(
      "--model <ref>",
      "a model, such as smollm2-135m, path/to/model.gguf, ollama:NAME, openai:NAME; may be repeated",
      collect,
      [],
    )
    .option("--profile <name>", "a profile of the suite")
    .option("--out <dir>", "the run's folder (default: runs/<suite>-<time>)")
    .option("--limit <n>", "at most so many items, spread over clusters and topics")
    .option("--seed <n>", "seed of continuations and controls, in place of the suite's")
    .option("--plan", "say what would run, how many tokens and about how long, and stop")
    .option("--keep-states <which>", "all: keep the states of every condition, not of originals and decoys alone")
    .option("--no-cache", "neither use nor keep answers of earlier runs")
    .option("--concurrency <n>", "most requests to a server at once")
    .option("--requests-per-minute <n>", "most requests to a server a minute")
    .option("--tokens-per-minute <n>", "most tokens to and from a server a minute")
    .option("--spending-limit <amount>", "most that requests to openai: may cost, in the currency of --prices")
    .option("--prices <in,out>", "what a million tokens cost, read and written, such as 0.15,0.60")
    .option("--baseline <dir>", "an earlier run's folder: fail where a candidate is clearly worse than in it")
    .option("--record <dir>", "keep all that the model says, for the reference recorded:DIR")
    .action(async (suite, options) => (await import("./commands/run.ts")).runCommand(suite, options, signal));

  cli
    .command("report")
    .description("make a run's reports again from its record")
    .argument("<dir>", "the run's folder")
    .option("--format <list>", "csv, json, jsonl, latex, markdown, html, svg, png, junit, badge, or all", "csv")
    .action(async (dir, options) => (await import("./commands/report.ts")).reportCommand(dir, options));

  cli
    .command("compare")
    .description("hold two runs against each other, item by item: what changed beyond noise")
    .argument("<before>", "a run's folder")
    .argument("<after>", "another run's folder")
    .option("--json", "for machines")
    .action(async (before, after, options) =>
      (await import("./commands/compare.ts")).compareCommand(before, after, options),
    );

  cli
    .command("judges")
    .description("whether a run's judges can be believed: controls, bias, agreement with themselves and with people")
    .argument("<dir>", "the run's folder")
    .option("--pairs <file>", "write a CSV file of what was judged, blind, for people to rate")
    .option("--labels <file>", "a CSV file with people's ratings: pair, rating, rater")
    .option("--json", "for machines")
    .action(async (dir, options) => (await import("./commands/judges.ts")).judgesCommand(dir, options));

  cli
    .command("verify-table")
    .description("make every cell of a table again from the run, and name those that differ")
    .argument("<file>", "CSV, LaTeX or Markdown with a table of the run, and any text around it")
    .argument("<dir>", "the run's folder")
    .option("--json", "for machines")
    .action(async (file, dir, options) =>
      (await import("./commands/verifyTable.ts")).verifyTableCommand(file, dir, options),
    );

  cli
    .command("states")
    .description("write a model's hidden states of a text to a safetensors file")
    .requiredOption("--model <ref>", "the model")
    .option("--text <text>", "the text, tokenised as it is")
    .option("--input <file>", 'JSON Lines of {"text": …} or {"ids": […]}')
    .option("--ids <json>", "token ids as a JSON array, in place of a text")
    .option("--embeddings <file>", "safetensors with what enters the first block, in place of a text")
    .option(
      "--taps <list>",
      "of hidden, embedding, resid_pre, attn_out, mlp_out, resid_post, attention, final_norm, logits; or all",
      "hidden,final_norm,logits",
    )
    .option("--layers <list>", "all, or indices such as 0,5,-1 (0 is the embedding, N the state after block N)", "all")
    .option("--attention", "attention maps too")
    .option("--all-logits", "logits at every token, not at the last only")
    .option("--special-tokens", "recognise special tokens in the text")
    .requiredOption("--out <file>", "the safetensors file")
    .action(async (options) => (await import("./commands/states.ts")).statesCommand(options, signal));

  cli
    .command("tokens")
    .description("what a text really costs, or which symbols cost one token each")
    .option("--text <text>", "the text")
    .option("--file <file>", 'a text a line; or JSON Lines of {"text": …} where the name ends in .jsonl')
    .option("--alphabet <size>", "so many hanzi that are one token each, alone and in any string")
    .option("--alone", "for --alphabet: one token alone is enough; in strings some may join")
    .option(
      "--tokenizer <ref>",
      "who counts: a model, or o200k, cl100k, qwen3, gemma3, llama3, deepseek_v3; may be repeated",
      collect,
      [],
    )
    .option("--summary", "sums and means only")
    .option("--out <file>", "for --alphabet: a JSON file of the symbols, and for whom they are one token")
    .option("--json", "for machines")
    .action(async (options) => (await import("./commands/tokens.ts")).tokensCommand(options, signal));

  const models = cli.command("models").description("the models that can be asked for by name");
  models
    .command("list", { isDefault: true })
    .description("list them")
    .option("--json", "for machines")
    .action(async (options) => (await import("./commands/models.ts")).listCommand(options));
  models
    .command("pull")
    .description("fetch a model into the cache")
    .argument("<ref>")
    .action(async (ref) => (await import("./commands/models.ts")).pullCommand(ref, signal));
  models
    .command("show")
    .description("what a model is, without loading its weights")
    .argument("<ref>")
    .option("--json", "for machines")
    .action(async (ref, options) => (await import("./commands/models.ts")).showCommand(ref, options, signal));

  const cache = cli.command("cache").description("what is kept between runs, and where");
  cache
    .command("list", { isDefault: true })
    .description("list it, with its size")
    .option("--json", "for machines")
    .action(async (options) => (await import("./commands/cache.ts")).listCacheCommand(options));
  cache
    .command("clear")
    .description("remove parts of it, such as answers")
    .argument("<part...>")
    .action(async (parts) => (await import("./commands/cache.ts")).clearCacheCommand(parts));

  cli
    .command("audit")
    .description("test the verdict itself: how often it would claim what is false, on items of a run")
    .argument("[dir]", "a run's folder (default: values that come with the program)")
    .option("--repetitions <n>", "suites to draw for each size", "400")
    .option("--seed <n>", "seed of the draws", "1")
    .option("--json", "for machines")
    .action(async (dir, options) => (await import("./commands/audit.ts")).auditCommand(dir, options, signal));

  addCodeCommands(cli, signal);

  cli
    .command("doctor")
    .description("check the machine, the cache, the sources and the engine, or a provider")
    .option("--provider <ref>", "what this model shows, and how far its answers move when nothing changes")
    .option("--json", "for machines")
    .action(async (options) => (await import("./commands/doctor.ts")).doctorCommand(options, signal));
  return cli;
}

async function main(): Promise<number> {
  // A reader such as `head` that has seen enough is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(process.exitCode ?? EXIT.ok);
  });
  const interrupt = new AbortController();
  let asked = false;
  const stop = () => {
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    process.stderr.write("\ninterrupted: stopping after the batch in hand (again to stop at once)\n");
    interrupt.abort(
      new ExpectedError({
        code: "interrupted",
        message: "interrupted",
        hint: "run the same command again: what was measured so far is kept (unless --no-cache), and only the rest is computed",
        exit: EXIT.interrupted,
      }),
    );
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
  try {
    await program(interrupt.signal).parseAsync();
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof ExpectedError) {
      process.stderr.write(`${formatError(error)}\n`);
      return error.exit;
    }
    process.stderr.write(
      `${error instanceof Error ? error.stack : String(error)}\n\nThis is a bug in isoglyph; please report it with the lines above.\n`,
    );
    return 70;
  }
}

process.exitCode = await main();

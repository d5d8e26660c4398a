/** The commands about codes themselves: trained, used, compared, their claims tested. */
import type { Command } from "commander";
import { collect } from "./terminal.ts";

export function addCodeCommands(cli: Command, signal: AbortSignal): void {
  const bench = cli.command("bench").description("compare codes, and test published claims");
  bench
    .command("codes")
    .description("codes for sentence vectors, on sentences that none was trained on, beside their floors and bounds")
    .option("--embedder <ref>", "the model whose sentence vectors are coded", "minilm")
    .option("--train <n>", "training sentences, made by a grammar", "20000")
    .option("--held-out <n>", "held-out sentences, of other frames and words", "2000")
    .option("--bits <n>", "bits a vector", "128")
    .option("--codes <list>", "of these only, such as opq,rq")
    .option("--seed <n>", "seed of sentences, training and noise", "1")
    .option("--out <dir>", "where codes.csv and codes.json go")
    .option("--json", "for machines")
    .action(async (options) => (await import("./benchCodes.ts")).benchCodesCommand(options, signal));

  bench
    .command("claims")
    .description("what the seed systems claim, measured: each with its floor, its ceiling and a verdict")
    .option("--model <ref>", "the model that is said to understand the code", "smollm2-135m")
    .option("--embedder <ref>", "the model whose sentence vectors are coded", "minilm")
    .option("--train <n>", "sentences that decoders are fitted on", "4000")
    .option("--limit <n>", "at most so many items, spread over clusters and topics")
    .option("--seed <n>", "seed of sentences and random codes", "1")
    .option("--out <dir>", "where claims.csv and claims.json go")
    .option("--json", "for machines")
    .action(async (options) => (await import("./benchClaims.ts")).benchClaimsCommand(options, signal));

  bench
    .command("protocol")
    .description("one model sends text, code or nothing, another answers: are the answers the same, for fewer tokens?")
    .argument("<suite>", "a suite, whose candidates are the codes and whose questions are asked")
    .option("--sender <ref>", "who sends; may be repeated", collect, [])
    .option("--receiver <ref>", "who answers; may be repeated", collect, [])
    .option("--profile <name>", "a profile of the suite")
    .option("--limit <n>", "at most so many items, spread over clusters and topics")
    .option("--out <dir>", "where protocol.csv and protocol.json go")
    .option("--json", "for machines")
    .action(async (suite, options) =>
      (await import("./benchProtocol.ts")).benchProtocolCommand(suite, options, signal),
    );

  cli
    .command("sentences")
    .description("sentences of the training grammar, one a line, for train codebook --text")
    .option("--count <n>", "how many, all distinct", "20000")
    .option("--seed <n>", "seed", "1")
    .option("--held-out", "of the frames and words that training never sees")
    .option("--out <file>", "a file, in place of the standard output")
    .action(async (options) => (await import("./sentences.ts")).sentencesCommand(options));

  const train = cli.command("train").description("learn codes");
  train
    .command("codebook")
    .description("train a code for sentence vectors and write NAME.json and NAME.safetensors")
    .requiredOption("--kind <kind>", "scalar, pq, opq, rq (nested), lsq, vq, entropy, vq-published, entropy-published")
    .option("--embedder <ref>", "whose vectors: minilm, or any model")
    .option("--text <file>", "one sentence a line, or .jsonl with text")
    .option("--vectors <file>", "safetensors with train and heldOut, or vectors, in place of sentences")
    .option("--places <n>", "symbols a code (default: 16)")
    .option("--entries <n>", "entries a place (default: 256)")
    .option(
      "--alphabet <name|file>",
      "hanzi-512, hanzi-161, hanzi-smollm2, a, b, or a file of distinct characters (default: hanzi-512 as far as it goes)",
    )
    .option("--disjoint", "no two places share a symbol")
    .option("--noise <share>", "of symbols replaced while vq and entropy train", "0")
    .option("--seed <n>", "of all that is drawn", "1")
    .option("--held-out <share>", "of the vectors, never trained on", "0.1")
    .option("--save-vectors <file>", "write the vectors, for --vectors and other programs")
    .requiredOption("--out <name>", "NAME of the files")
    .option("--json", "for machines")
    .action(async (options) => (await import("./trainCodebook.ts")).trainCodebookCommand(options, signal));

  cli
    .command("encode")
    .description("encode texts with a codec")
    .requiredOption("--codec <name>", "the codec")
    .requiredOption("--text <text>", "a text; may be repeated", collect, [])
    .option("--codebook <file>", "of --codec codebook")
    .option("--model <ref>", "the model whose vectors or answers the code uses")
    .option("--parameter <key=value>", "a parameter of the codec; may be repeated", collect, [])
    .option("--json", "for machines")
    .action(async (options) => (await import("./encode.ts")).encodeCommand(options, signal));

  cli
    .command("decode")
    .description("the vectors that a codebook's symbols stand for, or the text of a code without loss")
    .option("--codebook <file>", "the codebook, for vectors")
    .option("--codec <name>", "the codec, for text")
    .option("--model <ref>", "the model that the code asks")
    .requiredOption("--text <symbols>", "an encoding; may be repeated", collect, [])
    .option("--parameter <key=value>", "a parameter of the codec; may be repeated", collect, [])
    .option("--out <file>", "a safetensors file for the vectors")
    .action(async (options) => (await import("./decode.ts")).decodeCommand(options, signal));
}

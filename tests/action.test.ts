/** The GitHub Action: its shell steps as a runner would run them, with a stand-in for the command. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly env?: Record<string, string>;
  readonly uses?: string;
  readonly with?: Record<string, string>;
}
const action = parse(readFileSync("action.yml", "utf8")) as {
  inputs: Record<string, { default?: string; required?: boolean }>;
  runs: { using: string; steps: Step[] };
};
const root = mkdtempSync(join(tmpdir(), "isoglyph-action-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A command that writes down its arguments, makes a run's folder, and ends with the code it is told. */
const STAND_IN = `#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$CALLS"
if [ "$1" = run ]; then mkdir -p "$4/reports"; exit "$CODE"; fi
`;

function runStep(name: string, inputs: Record<string, string>, code = 0) {
  const folder = mkdtempSync(join(root, "step-"));
  const bin = join(folder, "node_modules/.bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "isoglyph"), STAND_IN);
  chmodSync(join(bin, "isoglyph"), 0o755);
  const step = action.runs.steps.find((entry) => entry.name === name);
  const value = (text: string) =>
    text.replaceAll(
      /\$\{\{ inputs\.([\w-]+) \}\}/g,
      (_, input: string) => inputs[input] ?? action.inputs[input]?.default ?? "",
    );
  const given = Object.fromEntries(Object.entries(step?.env ?? {}).map(([key, text]) => [key, value(text)]));
  const [output, paths, calls] = ["output", "path", "calls"].map((file) => join(folder, file)) as [
    string,
    string,
    string,
  ];
  for (const file of [output, paths, calls]) writeFileSync(file, "");
  const env = {
    ...given,
    PATH: `${bin}:${process.env.PATH}`,
    CALLS: calls,
    CODE: String(code),
    GITHUB_OUTPUT: output,
    GITHUB_PATH: paths,
    RUNNER_TEMP: folder,
  };
  const { status } = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", step?.run ?? "exit 9"], {
    cwd: folder,
    env,
  });
  const [said, path, called] = [output, paths, calls].map((file) => readFileSync(file, "utf8"));
  return { status, said, path, called, folder };
}

test("it is a composite action whose shell steps name their shell, and whose expressions name inputs that there are", () => {
  expect(action.runs.using).toBe("composite");
  for (const step of action.runs.steps) {
    if (step.run !== undefined) expect(step).toHaveProperty("shell", "bash");
    // An expression inside a script would run whatever a pull request puts into it.
    expect(step.run ?? "").not.toContain("${{");
  }
  const named = [...readFileSync("action.yml", "utf8").matchAll(/inputs\.([\w-]+)/g)].map(([, name]) => name);
  expect(new Set(named)).toEqual(new Set(Object.keys(action.inputs)));
});

test("the command that the project has is used", () => {
  const { status, path, folder } = runStep("Install Isoglyph", {});
  expect(status).toBe(0);
  expect(path).toBe(`${folder}/node_modules/.bin\n`);
});

test("inputs become arguments, and the reports are made", () => {
  const inputs = {
    suite: "my suite.yaml",
    models: "a\nollama:b c\n",
    profile: "quick",
    baseline: "old run",
    arguments: "--limit\n20",
  };
  const { status, said, called } = runStep("Run the suite", inputs);
  expect(status).toBe(0);
  expect(said).toBe("exit-code=0\n");
  expect(called?.split("\n")).toEqual([
    "run my suite.yaml --out isoglyph-run --model a --model ollama:b c --limit 20 --profile quick --baseline old run",
    "report isoglyph-run --format csv,json,junit,markdown,badge",
    "",
  ]);
});

test.each([1, 2, 3, 4])("exit code %d is the step's own, after the reports", (code) => {
  const { status, said, called } = runStep("Run the suite", { suite: "s" }, code);
  expect(status).toBe(code);
  expect(said).toBe(`exit-code=${code}\n`);
  expect(called).toContain("report ");
});

test("the example workflow gives the action inputs that it has", () => {
  const workflow = parse(readFileSync("examples/github-workflow.yml", "utf8")) as {
    jobs: { suite: { steps: Step[] } };
  };
  const step = workflow.jobs.suite.steps.find(({ uses }) => uses?.includes("isoglyph@"));
  for (const name of Object.keys(step?.with ?? {})) expect(Object.keys(action.inputs)).toContain(name);
  for (const [name, { required }] of Object.entries(action.inputs))
    if (required) expect(step?.with).toHaveProperty(name);
});

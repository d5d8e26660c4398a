import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const PYTHON = process.env.ISOGLYPH_TEST_PYTHON ?? "";
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

it.skipIf(PYTHON === "")("takes unlike architectures apart as they are, with Python (ISOGLYPH_TEST_PYTHON)", () => {
  const script = [path("./architectures_check.py"), path("../../../providers/transformers")];
  const { stdout, stderr } = spawnSync(PYTHON, ["-B", ...script], { encoding: "utf8" });
  expect(stdout.trim(), stderr.slice(-2000)).toBe("ok");
});

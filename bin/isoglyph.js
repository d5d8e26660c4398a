#!/usr/bin/env node
// Plain JavaScript, so that an old Node can say what it lacks instead of failing on syntax.
const major = Number.parseInt(process.versions.node, 10);
if (major < 24) {
  process.stderr.write(
    `isoglyph needs Node 24 or newer; this is ${process.versions.node}.\n` +
      "In a checkout, npm brings its own: npm run -s isoglyph -- --help\n",
  );
  process.exit(2);
}
import("../dist/harness/cli.js").catch((error) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  process.stderr.write(`isoglyph is not built (${error.message}).\nIn a checkout: npm run -s isoglyph -- --help\n`);
  process.exit(2);
});

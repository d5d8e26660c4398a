#!/usr/bin/env node
// Plain JavaScript, so that an old Node can say what it lacks instead of failing on syntax.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `isoglyph needs Node 22.18 or newer; this is ${process.versions.node}.\n` +
      "In a checkout, npm brings its own: npm run -s isoglyph -- --help\n",
  );
  process.exit(2);
}
import("../dist/harness/cli.js").catch((error) => {
  process.stderr.write(`isoglyph is not built (${error.message}).\nIn a checkout: npm run -s isoglyph -- --help\n`);
  process.exit(2);
});

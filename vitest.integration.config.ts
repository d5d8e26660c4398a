import { defineConfig } from "vitest/config";

/** Against real servers, which `npm run setup:integration` installs. */
export default defineConfig({
  test: {
    include: ["tests/integration/**/*.integration.ts"],
    // One server at a time: they share the cores.
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});

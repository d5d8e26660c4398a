/** Writes suite.schema.json: `node suites/writeSchema.ts`. */
import { writeFileSync } from "node:fs";
import { suiteJsonSchema } from "./suiteSchema.ts";

writeFileSync(new URL("suite.schema.json", import.meta.url), `${JSON.stringify(suiteJsonSchema(), null, 2)}\n`);

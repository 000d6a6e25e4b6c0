/**
 * Writes `mediamtx.schema.json` and `mediamtx.yml` from the tables of the configuration. With `--check`, writes nothing
 * and exits with 1 when one of them is out of date.
 */
import { confJsonSchema } from "../src/conf/json_schema.ts";
import { confSample } from "../src/conf/sample.ts";

const files = [
  { name: "mediamtx.schema.json", text: `${JSON.stringify(confJsonSchema(), null, 2)}\n` },
  { name: "mediamtx.yml", text: confSample() },
];

let outdated = false;
for (const { name, text } of files) {
  const url = new URL(`../${name}`, import.meta.url);
  if (!Deno.args.includes("--check")) {
    Deno.writeTextFileSync(url, text);
    continue;
  }
  let present = "";
  try {
    present = Deno.readTextFileSync(url);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (present === text) continue;
  outdated = true;
  console.error(`${name} is out of date: run deno run -A scripts/generate_schema.ts`);
}
if (outdated) Deno.exit(1);

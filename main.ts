import { main } from "./src/app/mod.ts";

Deno.exit(await main(Deno.args));

import { createProcessHost, runApp } from "./src/app/mod.ts";

Deno.exit(await runApp(Deno.args, createProcessHost()));

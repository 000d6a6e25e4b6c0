/** The application. */
import { runApp } from "./app.ts";
import { createProcessHost } from "./host.ts";

/** Does what the arguments of the process say, and gives its exit code. Called once. */
export async function main(args: readonly string[]): Promise<number> {
  return await runApp(args, createProcessHost());
}

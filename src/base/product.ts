/** The name and version that the log, `--version` and protocol headers show. */
import config from "../../deno.json" with { type: "json" };

export const productName = "Livemux";
export const productVersion = `v${config.version}`;

/** The row pprof. */
import { createProfiles } from "../../admin/profiles/mod.ts";
import type { Running } from "../lifecycle.ts";
import type { Services } from "../services.ts";
import { operatorServer } from "./operator.ts";

/** Over HTTP or HTTPS. */
export async function startPprof(services: Services): Promise<Running> {
  const { auth } = services;
  return await operatorServer(services, "pprof", (logger) => createProfiles(auth, logger));
}

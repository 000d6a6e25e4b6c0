/** The row SRT. */
import { SrtServer } from "../../protocols/srt/mod.ts";
import type { Running } from "../lifecycle.ts";
import type { Services } from "../services.ts";

/** One socket for all clients. */
export async function startSrt(services: Services): Promise<Running> {
  const { conf, logger, paths } = services;
  const server = await SrtServer.start({ conf, logger, pathManager: paths });
  services.show({ srtconns: { list: () => server.snapshots, kick: (id) => server.kick(id) } });
  return server;
}

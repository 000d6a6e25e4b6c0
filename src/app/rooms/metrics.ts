/** The row metrics. */
import { createMetrics, EventLoopDelay, processFamilies } from "../../admin/metrics/mod.ts";
import type { Running } from "../lifecycle.ts";
import type { Services } from "../services.ts";
import { liveOf } from "./live.ts";
import { operatorServer, releasing } from "./operator.ts";

/** Over HTTP or HTTPS. */
export async function startMetrics(services: Services): Promise<Running> {
  const { paths, auth, started } = services;
  const delay = new EventLoopDelay();
  const live = liveOf(services);
  const release = live.hold();
  const sources = {
    paths,
    clients: () => services.clients,
    live,
    process: () => processFamilies(started, delay),
  };
  return await releasing(
    () => operatorServer(services, "metrics", (logger) => createMetrics(sources, auth, logger)),
    () => {},
    async () => {
      await delay.close();
      await release();
    },
  );
}

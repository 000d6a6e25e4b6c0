/** The row api. */
import { createApi } from "../../admin/api/mod.ts";
import type { Running } from "../lifecycle.ts";
import type { Services } from "../services.ts";
import { liveOf } from "./live.ts";
import { operatorServer, releasing } from "./operator.ts";

/** Over HTTP or HTTPS. */
export async function startApi(services: Services): Promise<Running> {
  const { auth, paths, confControl, started, hooks } = services;
  const events = hooks.feed.openListeners();
  const live = liveOf(services);
  const sources = { conf: confControl, auth, paths, started, live, clients: () => services.clients, events };
  const stopLive = live.hold();
  return await releasing(
    () =>
      operatorServer(
        services,
        "api",
        (logger, conf) => createApi(sources, logger, () => conf().readTimeout),
      ),
    // Those who listen would hold the server open.
    () => events.close(),
    stopLive,
  );
}

/** The figures that API and metrics have in common. */
import { LiveStatistics } from "../../admin/live/mod.ts";
import type { Services } from "../services.ts";

/** One for all; it runs while somebody holds it. */
export function liveOf(services: Services): LiveStatistics {
  return services.live ??= new LiveStatistics({
    paths: () => services.paths.list(),
    clients: () => services.clients,
    now: () => performance.now(),
  });
}

/** The rows RTMP and RTMPS. */
import { RtmpServer } from "../../protocols/rtmp/mod.ts";
import type { Running } from "../lifecycle.ts";
import type { Services } from "../services.ts";
import { withCertificate } from "./certificate.ts";

function clientsOf(server: RtmpServer) {
  return { list: () => server.snapshots, kick: (id: string) => server.kick(id) };
}

/** Without encryption. */
export function startRtmp(services: Services): Running {
  const { conf, logger, paths } = services;
  const server = RtmpServer.start({ conf, logger, pathManager: paths, certificates: null });
  services.show({ rtmpconns: clientsOf(server) });
  return server;
}

/** Over TLS. */
export async function startRtmps(services: Services): Promise<Running> {
  const { conf, logger, paths } = services;
  return await withCertificate(conf.rtmpServerCert, conf.rtmpServerKey, logger, (certificates) => {
    const server = RtmpServer.start({ conf, logger, pathManager: paths, certificates });
    services.show({ rtmpsconns: clientsOf(server) });
    return server;
  });
}

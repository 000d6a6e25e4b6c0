/** The rows RTSP and RTSPS. */
import { RtspServer } from "../../protocols/rtsp/mod.ts";
import type { Running } from "../lifecycle.ts";
import type { Services } from "../services.ts";
import { withCertificate } from "./certificate.ts";

function clientsOf(server: RtspServer) {
  return {
    conns: { list: () => server.connSnapshots },
    sessions: { list: () => server.sessionSnapshots, kick: (id: string) => server.kickSession(id) },
  };
}

/** Without encryption. */
export async function startRtsp(services: Services): Promise<Running> {
  const { conf, logger, paths } = services;
  const server = await RtspServer.start({ conf, logger, pathManager: paths, certificates: null });
  const { conns, sessions } = clientsOf(server);
  services.show({ rtspconns: conns, rtspsessions: sessions });
  return server;
}

/** Over TLS. */
export async function startRtsps(services: Services): Promise<Running> {
  const { conf, logger, paths } = services;
  return await withCertificate(conf.rtspServerCert, conf.rtspServerKey, logger, async (certificates) => {
    const server = await RtspServer.start({ conf, logger, pathManager: paths, certificates });
    const { conns, sessions } = clientsOf(server);
    services.show({ rtspsconns: conns, rtspssessions: sessions });
    return server;
  });
}

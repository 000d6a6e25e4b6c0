/** The row WebRTC. */
import type { CertificateStore } from "../../net/certificates.ts";
import { WebrtcServer } from "../../protocols/webrtc/mod.ts";
import type { Running } from "../lifecycle.ts";
import type { Services } from "../services.ts";
import { withCertificate } from "./certificate.ts";

/** Over HTTP or HTTPS. */
export async function startWebrtc(services: Services): Promise<Running> {
  const { conf, logger, paths } = services;
  const start = async (certificates: CertificateStore | null) => {
    const server = await WebrtcServer.start({ conf, logger, pathManager: paths, certificates });
    services.show({ webrtcsessions: { list: () => server.sessions, kick: (id) => server.kickSession(id) } });
    return server;
  };
  if (!conf.webrtcEncryption) return await start(null);
  return await withCertificate(conf.webrtcServerCert, conf.webrtcServerKey, logger, start);
}

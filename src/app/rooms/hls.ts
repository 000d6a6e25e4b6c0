/** The row HLS. */
import type { CertificateStore } from "../../net/certificates.ts";
import { HlsServer } from "../../protocols/hls/mod.ts";
import type { Running } from "../lifecycle.ts";
import type { Services } from "../services.ts";
import { withCertificate } from "./certificate.ts";

/** Over HTTP or HTTPS. */
export async function startHls(services: Services): Promise<Running> {
  const { conf, logger, paths } = services;
  const start = (certificates: CertificateStore | null) => {
    const server = new HlsServer({ conf, logger, pathManager: paths, certificates });
    services.show({
      hlsmuxers: { list: () => server.muxers },
      hlssessions: { list: () => server.sessions, kick: (id) => server.kickSession(id) },
    });
    return server;
  };
  if (!conf.hlsEncryption) return start(null);
  return await withCertificate(conf.hlsServerCert, conf.hlsServerKey, logger, start);
}

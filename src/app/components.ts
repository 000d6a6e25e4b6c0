/**
 * What the server is made of, from the first to start to the last. They stop in the reverse order. A component is
 * one row here; it reads from `Services` the configuration and what earlier rows have left for it.
 */
import { AuthManager } from "../auth/mod.ts";
import type { Logger } from "../base/logger.ts";
import type { Conf } from "../conf/mod.ts";
import { CertificateStore, loadCertificate } from "../net/certificates.ts";
import { LivePaths } from "../paths/mod.ts";
import { HlsServer } from "../protocols/hls/mod.ts";
import { RtmpServer } from "../protocols/rtmp/mod.ts";
import { RtspServer } from "../protocols/rtsp/mod.ts";
import { WebrtcServer } from "../protocols/webrtc/mod.ts";
import type { Component } from "./lifecycle.ts";

/** What the rows share. */
export class Services {
  #auth: AuthManager | undefined;
  #paths: LivePaths | undefined;

  constructor(readonly conf: Conf, readonly logger: Logger) {}

  get auth(): AuthManager {
    return started(this.#auth, "authentication");
  }

  set auth(auth: AuthManager) {
    this.#auth = auth;
  }

  get paths(): LivePaths {
    return started(this.#paths, "paths");
  }

  set paths(paths: LivePaths) {
    this.#paths = paths;
  }
}

function started<T>(service: T | undefined, name: string): T {
  if (service === undefined) throw new Error(`${name} is used before its row in the table of components`);
  return service;
}

/** The table. */
export const components: readonly Component<Services>[] = [
  {
    name: "authentication",
    start: (services) => services.auth = new AuthManager(services.conf, services.logger),
  },
  {
    name: "paths",
    start: (services) =>
      services.paths = new LivePaths({
        conf: services.conf,
        auth: services.auth,
        logger: services.logger,
      }),
  },
  {
    name: "RTSP",
    start: async ({ conf, logger, paths }) => {
      if (!conf.rtsp || conf.rtspEncryption === "strict") return undefined;
      return await RtspServer.start({ conf, logger, pathManager: paths, certificates: null });
    },
  },
  {
    name: "RTSPS",
    start: async ({ conf, logger, paths }) => {
      if (!conf.rtsp || conf.rtspEncryption === "no") return undefined;
      const certificates = new CertificateStore(
        await loadCertificate(conf.rtspServerCert, conf.rtspServerKey),
      );
      return await RtspServer.start({ conf, logger, pathManager: paths, certificates });
    },
  },
  {
    name: "RTMP",
    start: async ({ conf, logger, paths }) => {
      if (!conf.rtmp || conf.rtmpEncryption === "strict") return undefined;
      return await RtmpServer.start({ conf, logger, pathManager: paths, certificates: null });
    },
  },
  {
    name: "RTMPS",
    start: async ({ conf, logger, paths }) => {
      if (!conf.rtmp || conf.rtmpEncryption === "no") return undefined;
      const certificates = new CertificateStore(
        await loadCertificate(conf.rtmpServerCert, conf.rtmpServerKey),
      );
      return await RtmpServer.start({ conf, logger, pathManager: paths, certificates });
    },
  },
  {
    name: "HLS",
    start: async ({ conf, logger, paths }) => {
      if (!conf.hls) return undefined;
      const certificates = conf.hlsEncryption
        ? new CertificateStore(await loadCertificate(conf.hlsServerCert, conf.hlsServerKey))
        : null;
      return new HlsServer({ conf, logger, pathManager: paths, certificates });
    },
  },
  {
    name: "WebRTC",
    start: async ({ conf, logger, paths }) => {
      if (!conf.webrtc) return undefined;
      const certificates = conf.webrtcEncryption
        ? new CertificateStore(await loadCertificate(conf.webrtcServerCert, conf.webrtcServerKey))
        : null;
      return await WebrtcServer.start({ conf, logger, pathManager: paths, certificates });
    },
  },
];

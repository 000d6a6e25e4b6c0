/**
 * What the server is made of, from the first to start to the last. They stop in the reverse order. A component is
 * one row here; it reads from `Services` the configuration and what earlier rows have left for it.
 */
import { type ApiSources, createApi } from "../admin/api/mod.ts";
import type { ClientSources } from "../admin/clients/mod.ts";
import { LiveStatistics } from "../admin/live/mod.ts";
import { OperatorServer, type OperatorServerOptions } from "../admin/listener/mod.ts";
import { createMetrics, EventLoopDelay, processFamilies } from "../admin/metrics/mod.ts";
import { createProfiles } from "../admin/profiles/mod.ts";
import { AuthManager } from "../auth/mod.ts";
import { Hooks } from "../hooks/mod.ts";
import type { Logger } from "../base/logger.ts";
import type { Conf, ConfControl, GlobalKey } from "../conf/mod.ts";
import type { CertificateStore } from "../net/certificates.ts";
import { CertificateFiles } from "../net/certificate_files.ts";
import { LivePaths } from "../paths/mod.ts";
import { HlsServer } from "../protocols/hls/mod.ts";
import { createSource } from "../protocols/registry.ts";
import { RtmpServer } from "../protocols/rtmp/mod.ts";
import { RtspServer } from "../protocols/rtsp/mod.ts";
import { SrtServer } from "../protocols/srt/mod.ts";
import { WebrtcServer } from "../protocols/webrtc/mod.ts";
import type { Component, Running } from "./lifecycle.ts";

/** What the rows share. */
export class Services {
  #hooks: Hooks | undefined;
  #auth: AuthManager | undefined;
  #paths: LivePaths | undefined;

  /** `conf` is what components start with; a change replaces it. */
  constructor(public conf: Conf, readonly logger: Logger, readonly confControl: ConfControl) {}

  /** When the process has started, in milliseconds since 1970. */
  readonly started: number = Date.now();

  /** What the servers that run tell the API and the metrics; each row writes its own fields when it starts. */
  clients: ClientSources = {};

  get hooks(): Hooks {
    return started(this.#hooks, "hooks");
  }

  set hooks(hooks: Hooks) {
    this.#hooks = hooks;
  }

  /** Settles when commands of hooks have ended, which may take longer than everything else. */
  async finish(): Promise<void> {
    await this.#hooks?.close();
  }
  /** Runs while the API or the metrics server does. */
  readonly live: LiveStatistics = new LiveStatistics({
    paths: () => this.paths.list(),
    clients: () => this.clients,
    now: () => performance.now(),
  });

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

  /** A server that has started, or does not run, says what it has to show. */
  show(clients: ClientSources): void {
    this.clients = { ...this.clients, ...clients };
  }

  /** For a change of the configuration that may fail. */
  remember(): () => void {
    const { clients } = this;
    return () => this.clients = clients;
  }

  /** For the API. */
  get apiSources(): ApiSources {
    const { auth, paths, confControl, started, live } = this;
    return { conf: confControl, auth, paths, started, live, clients: () => this.clients };
  }
}

function started<T>(service: T | undefined, name: string): T {
  if (service === undefined) throw new Error(`${name} is used before its row in the table of components`);
  return service;
}

/** Starts something that uses a certificate, which follows its files as long as it runs. */
async function withCertificate(
  certificatePath: string,
  keyPath: string,
  logger: Logger,
  start: (certificates: CertificateStore) => Promise<Running> | Running,
): Promise<Running> {
  const files = await CertificateFiles.open(certificatePath, keyPath, logger);
  try {
    const running = await start(files.store);
    return {
      reload: (conf) => running.reload?.(conf),
      close: async () => {
        await files.close();
        await running.close();
      },
    };
  } catch (error) {
    await files.close();
    throw error;
  }
}

const udpKeys: readonly GlobalKey[] = ["udpReadBufferSize", "udpFastPath"];
const rtspKeys: readonly GlobalKey[] = [
  "rtsp",
  "rtspEncryption",
  "rtspTransports",
  "rtspTrustedProxies",
  "rtspUDPReadBufferSize",
  "multicastIPRange",
  ...udpKeys,
];
const rtspAddresses: readonly GlobalKey[] = [
  "rtspAddress",
  "rtpAddress",
  "rtcpAddress",
  "multicastRTPPort",
  "multicastRTCPPort",
];
const rtspsAddresses: readonly GlobalKey[] = [
  "rtspsAddress",
  "srtpAddress",
  "srtcpAddress",
  "multicastSRTPPort",
  "multicastSRTCPPort",
];
const rtmpKeys: readonly GlobalKey[] = ["rtmp", "rtmpEncryption", "rtmpTrustedProxies"];

function rtspClients(server: RtspServer) {
  return {
    conns: { list: () => server.connSnapshots },
    sessions: { list: () => server.sessionSnapshots, kick: (id: string) => server.kickSession(id) },
  };
}

function rtmpClients(server: RtmpServer) {
  return { list: () => server.snapshots, kick: (id: string) => server.kick(id) };
}

/** The table. */
export const components: readonly Component<Services>[] = [
  {
    name: "hooks",
    // They end after all the others: `Services.finish`.
    start: (services) => {
      const { conf, logger } = services;
      const hooks = services.hooks = new Hooks({ conf, logger });
      return { reload: (conf) => hooks.reload(conf), close: () => {} };
    },
  },
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
        hooks: services.hooks,
        logger: services.logger,
        createSource,
      }),
  },
  {
    name: "RTSP",
    restartOn: [...rtspKeys, ...rtspAddresses],
    listensOn: rtspAddresses,
    start: async (services) => {
      const { conf, logger, paths } = services;
      services.show({ rtspconns: undefined, rtspsessions: undefined });
      if (!conf.rtsp || conf.rtspEncryption === "strict") return undefined;
      const server = await RtspServer.start({ conf, logger, pathManager: paths, certificates: null });
      const { conns, sessions } = rtspClients(server);
      services.show({ rtspconns: conns, rtspsessions: sessions });
      return server;
    },
  },
  {
    name: "RTSPS",
    restartOn: [...rtspKeys, ...rtspsAddresses, "rtspServerKey", "rtspServerCert"],
    listensOn: rtspsAddresses,
    start: async (services) => {
      const { conf, logger, paths } = services;
      services.show({ rtspsconns: undefined, rtspssessions: undefined });
      if (!conf.rtsp || conf.rtspEncryption === "no") return undefined;
      return await withCertificate(conf.rtspServerCert, conf.rtspServerKey, logger, async (certificates) => {
        const server = await RtspServer.start({ conf, logger, pathManager: paths, certificates });
        const { conns, sessions } = rtspClients(server);
        services.show({ rtspsconns: conns, rtspssessions: sessions });
        return server;
      });
    },
  },
  {
    name: "RTMP",
    restartOn: [...rtmpKeys, "rtmpAddress"],
    listensOn: ["rtmpAddress"],
    start: (services) => {
      const { conf, logger, paths } = services;
      services.show({ rtmpconns: undefined });
      if (!conf.rtmp || conf.rtmpEncryption === "strict") return undefined;
      const server = RtmpServer.start({ conf, logger, pathManager: paths, certificates: null });
      services.show({ rtmpconns: rtmpClients(server) });
      return server;
    },
  },
  {
    name: "RTMPS",
    restartOn: [...rtmpKeys, "rtmpsAddress", "rtmpServerKey", "rtmpServerCert"],
    listensOn: ["rtmpsAddress"],
    start: async (services) => {
      const { conf, logger, paths } = services;
      services.show({ rtmpsconns: undefined });
      if (!conf.rtmp || conf.rtmpEncryption === "no") return undefined;
      return await withCertificate(conf.rtmpServerCert, conf.rtmpServerKey, logger, (certificates) => {
        const server = RtmpServer.start({ conf, logger, pathManager: paths, certificates });
        services.show({ rtmpsconns: rtmpClients(server) });
        return server;
      });
    },
  },
  {
    name: "HLS",
    restartOn: [
      "hls",
      "hlsAddress",
      "hlsEncryption",
      "hlsServerKey",
      "hlsServerCert",
      "hlsAlwaysRemux",
      "hlsVariant",
      "hlsSegmentCount",
      "hlsSegmentDuration",
      "hlsPartDuration",
      "hlsSegmentMaxSize",
      "hlsDirectory",
    ],
    listensOn: ["hlsAddress"],
    start: async (services) => {
      const { conf, logger, paths } = services;
      services.show({ hlsmuxers: undefined, hlssessions: undefined });
      if (!conf.hls) return undefined;
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
    },
  },
  {
    name: "WebRTC",
    restartOn: [
      "webrtc",
      "webrtcAddress",
      "webrtcEncryption",
      "webrtcServerKey",
      "webrtcServerCert",
      "webrtcLocalUDPAddress",
      "webrtcLocalTCPAddress",
      "webrtcIPsFromInterfaces",
      "webrtcIPsFromInterfacesList",
      "webrtcAdditionalHosts",
      "webrtcICEServers2",
      "webrtcSTUNGatherTimeout",
      ...udpKeys,
    ],
    listensOn: ["webrtcAddress", "webrtcLocalUDPAddress", "webrtcLocalTCPAddress"],
    start: async (services) => {
      const { conf, logger, paths } = services;
      services.show({ webrtcsessions: undefined });
      if (!conf.webrtc) return undefined;
      const start = async (certificates: CertificateStore | null) => {
        const server = await WebrtcServer.start({ conf, logger, pathManager: paths, certificates });
        services.show({
          webrtcsessions: { list: () => server.sessions, kick: (id) => server.kickSession(id) },
        });
        return server;
      };
      if (!conf.webrtcEncryption) return await start(null);
      return await withCertificate(conf.webrtcServerCert, conf.webrtcServerKey, logger, start);
    },
  },
  {
    name: "SRT",
    restartOn: ["srt", "srtAddress", ...udpKeys],
    listensOn: ["srtAddress"],
    start: async (services) => {
      const { conf, logger, paths } = services;
      services.show({ srtconns: undefined });
      if (!conf.srt) return undefined;
      const server = await SrtServer.start({ conf, logger, pathManager: paths });
      services.show({ srtconns: { list: () => server.snapshots, kick: (id) => server.kick(id) } });
      return server;
    },
  },
  {
    ...operatorRow("metrics"),
    start: async (services) => {
      const { conf, paths, auth, started } = services;
      if (!conf.metrics) return undefined;
      const delay = new EventLoopDelay();
      const release = services.live.hold();
      const sources = {
        paths,
        clients: () => services.clients,
        live: services.live,
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
    },
  },
  {
    ...operatorRow("pprof"),
    start: async (services) => {
      const { conf, auth } = services;
      if (!conf.pprof) return undefined;
      return await operatorServer(services, "pprof", (logger) => createProfiles(auth, logger));
    },
  },
  {
    ...operatorRow("api"),
    start: async (services) => {
      if (!services.conf.api) return undefined;
      const events = services.hooks.feed.openListeners();
      const sources = { ...services.apiSources, events };
      const stopLive = services.live.hold();
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
    },
  },
];

/** Starts something; calls `before` when it has to end, and `after` when it has ended. Both, when it could not start. */
async function releasing(
  start: () => Promise<Running>,
  before: () => void,
  after: () => Promise<void>,
): Promise<Running> {
  try {
    const running = await start();
    return {
      reload: (conf) => running.reload?.(conf),
      close: async () => {
        before();
        try {
          await running.close();
        } finally {
          await after();
        }
      },
    };
  } catch (error) {
    before();
    await after();
    throw error;
  }
}

/** What the rows of servers for operators have in common. */
function operatorRow(name: OperatorServerOptions["name"]): Omit<Component<Services>, "start"> {
  return {
    name,
    restartOn: [name, `${name}Address`, `${name}Encryption`, `${name}ServerKey`, `${name}ServerCert`],
    listensOn: [`${name}Address`],
  };
}

async function operatorServer(
  { conf, logger }: Services,
  name: OperatorServerOptions["name"],
  createHandler: OperatorServerOptions["createHandler"],
): Promise<Running> {
  const start = (certificates: CertificateStore | null) =>
    new OperatorServer({ name, conf, logger, certificates, createHandler });
  if (!conf[`${name}Encryption`]) return start(null);
  return await withCertificate(conf[`${name}ServerCert`], conf[`${name}ServerKey`], logger, start);
}

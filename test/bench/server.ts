/** Our own server, with the protocols that the readers need. */
import { freeTcpPort } from "../support/ports.ts";
import { type Config, TestServer } from "../interop/support/server.ts";
import type { Options } from "./options.ts";
import { type ReaderKindName, readerKinds } from "./readers/kinds.ts";
import type { Scheme } from "./target.ts";

const startTimeoutMs = 20_000;

interface Listener {
  readonly config: (port: number) => Config;
  readonly started: RegExp;
}

const listeners: Readonly<Record<Exclude<Scheme, "rtsp">, Listener>> = {
  rtmp: {
    config: (port) => ({ rtmp: true, rtmpAddress: `:${port}` }),
    started: /\[RTMP\] started/,
  },
  http: {
    config: (port) => ({ hls: true, hlsAddress: `:${port}`, hlsVariant: "lowLatency" }),
    started: /\[HLS\] started/,
  },
  srt: {
    config: (port) => ({ srt: true, srtAddress: `:${port}` }),
    started: /\[SRT\] started/,
  },
  whep: {
    config: (port) => ({ webrtc: true, webrtcAddress: `:${port}`, webrtcIPsFromInterfacesList: ["lo"] }),
    started: /\[WebRTC\] started/,
  },
};

export interface BenchServer {
  readonly pid: number;
  publishUrl(path: string): string;
  readUrl(path: string, kind: ReaderKindName): string;
  kill(): Promise<void>;
}

/** Resolves when it listens for RTSP and for each of the given kinds of readers (default: of `options`). */
export async function startServer(
  options: Pick<Options, "serverCommand" | "serverConfig" | "transport">,
  kinds: readonly ReaderKindName[] = [options.transport],
): Promise<BenchServer> {
  const ports = new Map<Scheme, number>();
  let config: Config = {};
  for (const kind of kinds) {
    const { scheme } = readerKinds[kind];
    if (scheme === "rtsp" || ports.has(scheme)) continue;
    const port = freeTcpPort();
    ports.set(scheme, port);
    config = { ...config, ...listeners[scheme].config(port) };
  }
  const server = await TestServer.start({
    command: options.serverCommand,
    config: { ...config, ...options.serverConfig },
  });
  try {
    for (const scheme of ports.keys()) {
      if (scheme !== "rtsp") await server.log.waitFor(listeners[scheme].started, startTimeoutMs);
    }
  } catch (error) {
    await server.kill();
    throw error;
  }
  return {
    pid: server.pid,
    publishUrl: (path) => server.rtspUrl(path),
    readUrl: (path, kind) => {
      const { scheme } = readerKinds[kind];
      return scheme === "rtsp" ? server.rtspUrl(path) : `${scheme}://127.0.0.1:${ports.get(scheme)}/${path}`;
    },
    kill: () => server.kill(),
  };
}

/**
 * A server of our own on free ports. `INTEROP_SERVER` names another command with the same command line: a compiled
 * executable, for example.
 */
import denoConfig from "../../../deno.json" with { type: "json" };
import { serversOff } from "../../support/servers_off.ts";
import { LineLog } from "./lines.ts";
import { freeTcpPorts, freeUdpPair } from "../../support/ports.ts";
import { isEncrypted, type ReadTransport } from "./transports.ts";

const startTries = 3;
const startTimeoutMs = 120_000;
const stopTimeoutMs = 60_000;
/** Peers that are silent for so long are thrown out: longer than a busy machine holds a client up. */
const patience = "60s";
/** Bytes that wait in the sockets of a server that is held up; the system may give less. */
export const udpBufferSize = 4_000_000;
const repository = new URL("../../../", import.meta.url);

/** Values of the configuration file: JSON is YAML. */
export type ConfigValue = string | number | boolean | null | readonly ConfigValue[] | {
  readonly [key: string]: ConfigValue;
};
export type Config = Readonly<Record<string, ConfigValue>>;

export interface ServerOptions {
  /**
   * On top of the defaults here: RTSP on free ports, everything else off (RTMP, HLS and SRT, too, have free ports),
   * `all_others` open, a minute of patience with silent peers, large buffers of UDP.
   */
  readonly config?: Config;
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Lines of level ERR that the test provokes. */
  readonly expectedErrors?: RegExp;
  /** Called with every line of the log. */
  readonly onLine?: (line: string) => void;
}

export interface ServerPorts {
  readonly rtsp: number;
  readonly rtsps: number;
  readonly rtp: number;
  readonly srtp: number;
  readonly multicast: number;
  readonly multicastSrtp: number;
  readonly rtmp: number;
  readonly rtmps: number;
  readonly hls: number;
  readonly srt: number;
  readonly webrtc: number;
  /** Of media. */
  readonly webrtcUdp: number;
  readonly api: number;
  readonly metrics: number;
  readonly pprof: number;
}

/** As `deno task start` does it. */
function startCommand(): readonly string[] {
  return [Deno.execPath(), ...denoConfig.tasks.start.split(" ").slice(1)];
}

function serverCommand(): readonly string[] {
  const other = Deno.env.get("INTEROP_SERVER");
  if (other !== undefined && other !== "") return other.split(/\s+/);
  return startCommand();
}

function takePorts(): ServerPorts {
  const pairs = Array.from({ length: 6 }, freeUdpPair);
  const [rtsp, rtsps, rtmp, rtmps, hls, webrtc, api, metrics, pprof] = freeTcpPorts(9);
  const [rtp, srtp, multicast, multicastSrtp, webrtcUdp, srt] = pairs;
  return {
    rtsp,
    rtsps,
    rtp,
    srtp,
    multicast,
    multicastSrtp,
    rtmp,
    rtmps,
    hls,
    webrtc,
    webrtcUdp,
    srt,
    api,
    metrics,
    pprof,
  };
}

function configuration(ports: ServerPorts, extra: Config): Config {
  return {
    ...serversOff(),
    readTimeout: patience,
    writeTimeout: patience,
    udpReadBufferSize: udpBufferSize,
    rtsp: true,
    rtspAddress: `:${ports.rtsp}`,
    rtspsAddress: `:${ports.rtsps}`,
    rtpAddress: `:${ports.rtp}`,
    rtcpAddress: `:${ports.rtp + 1}`,
    srtpAddress: `:${ports.srtp}`,
    srtcpAddress: `:${ports.srtp + 1}`,
    multicastRTPPort: ports.multicast,
    multicastRTCPPort: ports.multicast + 1,
    multicastSRTPPort: ports.multicastSrtp,
    multicastSRTCPPort: ports.multicastSrtp + 1,
    rtmpAddress: `:${ports.rtmp}`,
    rtmpsAddress: `:${ports.rtmps}`,
    hlsAddress: `:${ports.hls}`,
    srtAddress: `:${ports.srt}`,
    webrtcAddress: `:${ports.webrtc}`,
    webrtcLocalUDPAddress: `:${ports.webrtcUdp}`,
    apiAddress: `127.0.0.1:${ports.api}`,
    metricsAddress: `127.0.0.1:${ports.metrics}`,
    pprofAddress: `127.0.0.1:${ports.pprof}`,
    paths: { all_others: null },
    ...extra,
  };
}

function writeConfig(file: string, ports: ServerPorts, config: Config): Promise<void> {
  return replaceFile(file, JSON.stringify(configuration(ports, config), null, 2));
}

/** At once, as editors do. */
async function replaceFile(file: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${file}.new`, text);
  await Deno.rename(`${file}.new`, file);
}

/** The names in the log of the servers that are configured to start. */
function listeners(config: Config): string[] {
  const of = (name: string, encryption: ConfigValue = "no"): string[] => [
    ...(encryption === "strict" ? [] : [name]),
    ...(encryption === "no" ? [] : [`${name}S`]),
  ];
  return [
    ...of("RTSP", config.rtspEncryption),
    ...(config.rtmp ? of("RTMP", config.rtmpEncryption) : []),
    ...(config.hls ? ["HLS"] : []),
    ...(config.srt ? ["SRT"] : []),
    ...(config.webrtc ? ["WebRTC"] : []),
    ...(config.api ? ["API"] : []),
    ...(config.metrics ? ["metrics"] : []),
    ...(config.pprof ? ["pprof"] : []),
  ];
}

/** Owns the process and its configuration file; `stop` ends both. */
export class TestServer implements AsyncDisposable {
  readonly log: LineLog;
  readonly #process: Deno.ChildProcess;
  readonly #output: Promise<unknown>;
  #stopped = false;

  private constructor(
    readonly ports: ServerPorts,
    readonly folder: string,
    process: Deno.ChildProcess,
    private readonly options: ServerOptions,
  ) {
    this.#process = process;
    this.log = new LineLog();
    this.#output = Promise.all([
      this.log.collect(process.stdout, options.onLine),
      this.log.collect(process.stderr, options.onLine),
    ]).finally(() => this.log.end());
  }

  /** Resolves when the server listens. */
  static async start(options: ServerOptions = {}): Promise<TestServer> {
    for (let tries = 1;; tries++) {
      const server = await TestServer.spawn(options);
      try {
        await server.#listens();
        return server;
      } catch (error) {
        await server.kill();
        // a port may have been taken between our look and its use
        if (tries < startTries && server.log.find(/in use/i) !== undefined) continue;
        throw error;
      }
    }
  }

  /** Starts the process without waiting for it. */
  static async spawn(options: ServerOptions = {}): Promise<TestServer> {
    const folder = await Deno.makeTempDir({ prefix: "interop-" });
    const ports = takePorts();
    await writeConfig(`${folder}/server.yml`, ports, options.config ?? {});
    return TestServer.#run(ports, folder, options);
  }

  static #run(ports: ServerPorts, folder: string, options: ServerOptions): TestServer {
    const [command, ...args] = options.command ?? serverCommand();
    const process = new Deno.Command(command, {
      args: [...args, `${folder}/server.yml`],
      cwd: repository,
      env: { ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new TestServer(ports, folder, process, options);
  }

  async #listens(): Promise<void> {
    for (const name of listeners(this.options.config ?? {})) {
      await this.log.waitFor(new RegExp(`\\[${name}\\] started`), startTimeoutMs);
    }
  }

  /** Ends this one and starts another with the same folder, files and ports. Resolves when that listens. */
  async restart(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<TestServer> {
    if (signal === "SIGKILL") await this.kill("keep");
    else await this.stop("keep");
    const server = TestServer.#run(this.ports, this.folder, this.options);
    try {
      await server.#listens();
      return server;
    } catch (error) {
      await server.kill();
      throw error;
    }
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Writes the file anew, as `config` of the options does. */
  configure(config: Config): Promise<void> {
    return writeConfig(`${this.folder}/server.yml`, this.ports, config);
  }

  /** Writes anything into the file. */
  configureText(text: string): Promise<void> {
    return replaceFile(`${this.folder}/server.yml`, text);
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.ports.api}`;
  }

  rtspUrl(path: string, credentials = ""): string {
    return `rtsp://${credentials === "" ? "" : `${credentials}@`}127.0.0.1:${this.ports.rtsp}/${path}`;
  }

  rtspsUrl(path: string): string {
    return `rtsps://127.0.0.1:${this.ports.rtsps}/${path}`;
  }

  rtmpUrl(path: string): string {
    return `rtmp://127.0.0.1:${this.ports.rtmp}/${path}`;
  }

  rtmpsUrl(path: string): string {
    return `rtmps://127.0.0.1:${this.ports.rtmps}/${path}`;
  }

  /** `path` with what follows: `cam/index.m3u8`. */
  hlsUrl(path: string): string {
    return `http://127.0.0.1:${this.ports.hls}/${path}`;
  }

  /** `parameters`: more of them, in the form of the clients. */
  srtUrl(streamId: string, parameters = ""): string {
    return `srt://127.0.0.1:${this.ports.srt}?streamid=${streamId}&pkt_size=1316${parameters}`;
  }

  /** `path` with what follows: `cam/whep`. */
  webrtcUrl(path: string): string {
    return `http://127.0.0.1:${this.ports.webrtc}/${path}`;
  }

  url(path: string, transport: ReadTransport, action: "read" | "publish" = "read"): string {
    if (transport === "SRT") return this.srtUrl(`${action}:${path}`);
    if (transport === "RTMP") return this.rtmpUrl(path);
    if (transport === "RTMPS") return this.rtmpsUrl(path);
    return isEncrypted(transport) ? this.rtspsUrl(path) : this.rtspUrl(path);
  }

  /** Resolves when the path has a publisher. */
  async published(path: string, timeoutMs = 60_000): Promise<void> {
    await this.log.waitFor(new RegExp(`is publishing to path '${path}'`), timeoutMs);
  }

  /** SIGTERM; throws unless the server ends cleanly and has logged no error. */
  async stop(folder: "remove" | "keep" = "remove"): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    const asked = this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), stopTimeoutMs);
    const status = await this.#process.status;
    clearTimeout(timer);
    await this.#output;
    if (folder === "remove") await Deno.remove(this.folder, { recursive: true });
    const tail = this.log.lines.slice(-40).join("\n");
    if (status.signal === "SIGKILL") {
      throw new Error(`still running ${stopTimeoutMs} ms after SIGTERM\n${tail}`);
    }
    if (status.code !== 0) throw new Error(`the server ended with code ${status.code}\n${tail}`);
    if (!asked) throw new Error(`the server ended by itself\n${tail}`);
    const errors = this.log.lines.filter((line) =>
      / ERR /.test(line) && !this.options.expectedErrors?.test(line)
    );
    if (errors.length > 0) throw new Error(`the server logged errors:\n${errors.join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Ends it whatever happens; no checks. */
  async kill(folder: "remove" | "keep" = "remove"): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#signal("SIGKILL");
    await this.#process.status;
    await this.#output;
    if (folder === "remove") await Deno.remove(this.folder, { recursive: true });
  }
  /** False when it has ended before. */
  #signal(signal: Deno.Signal): boolean {
    try {
      this.#process.kill(signal);
      return true;
    } catch {
      return false;
    }
  }
}

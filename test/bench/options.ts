import denoConfig from "../../deno.json" with { type: "json" };
import { isReaderKindName, type ReaderKindName, readerKinds } from "./readers/kinds.ts";
import type { Config, ConfigValue } from "../interop/support/server.ts";
import type { ShapeOptions } from "./publisher/h264_frames.ts";
import type { PublishTransport } from "./publisher/rtsp_publisher.ts";

export interface Options {
  readonly mode: "load" | "startup" | "webrtcLatency" | "help";
  /** Where the stream is published. Empty: start our own server. */
  readonly url: string;
  /** Where it is read; empty: derived from `url`. */
  readonly readUrl: string;
  /** Of the server at `url`; 0: its CPU and memory are not measured. */
  readonly pid: number;
  readonly serverCommand: readonly string[];
  /** On top of the test's own configuration of our server. */
  readonly serverConfig: Config;
  readonly transport: ReaderKindName;
  readonly readers: number;
  readonly publish: PublishTransport | "no";
  readonly shape: ShapeOptions;
  readonly warmSeconds: number;
  readonly durationSeconds: number;
  /** Print the server's memory every so many seconds; 0: no. */
  readonly memoryEverySeconds: number;
  readonly sampleEvery: number;
  readonly threads: number;
  readonly pin: boolean;
  readonly runs: number;
  readonly json: string;
}

function describeKinds(): string {
  return Object.entries(readerKinds).map(([name, kind]) => `${name} (${kind.description})`).join(", ");
}

export const usage = `deno task bench [options]

  --url URL              the server and path to load (rtsp://…); without it our own server is started
  --read-url URL         where readers find the stream, when they read another protocol: rtmp://…, http://… or srt://…
                         (default: the host and path of --url, ports 1935 and 8888)
  --pid N                the process at that URL whose CPU and memory are measured
  --server-cmd CMD       how to start our own server (default: as deno task start does); the configuration file follows
  --server-conf KEY=VAL  a key of its configuration; may be repeated
  --transport KIND       ${describeKinds()} (default tcp)
  --readers N            how many (default 100)
  --publish tcp|udp|no   how the tool's own stream is published; no: somebody else publishes (default tcp)
  --bitrate N            bits per second, with k or M (default 2M)
  --fps N                frames per second (default 30)
  --payload-size N       largest RTP payload (default 1200)
  --packets-per-frame N  cut each frame into N packets (default auto: from bit rate and payload size)
  --warm TIME            before measuring (default 3s)
  --duration TIME        of the measurement (default 20s)
  --soak TIME            a measurement of this length that prints the memory over time
  --sample-every N       measure the delay of every Nth reader (default: of about 50)
  --threads N            threads that read (default 1)
  --pin                  server on core 0, tool on core 1
  --json FILE            write the result there too
  --startup              measure the time from start to listening instead
  --webrtc-latency       measure what a viewer in Chromium waits for the first picture, and how old pictures are
  --runs N               how often, with --startup (default 5) and --webrtc-latency (default 20)
`;

/** Throws an Error that says which argument is wrong. */
export function parseOptions(args: readonly string[]): Options {
  const given = collect(args);
  const text = (name: string, otherwise: string) => given.get(name)?.at(-1) ?? otherwise;
  const transport = text("transport", "tcp");
  if (!isReaderKindName(transport)) throw new Error(`--transport: unknown '${transport}'`);
  const publish = text("publish", "tcp");
  if (publish !== "tcp" && publish !== "udp" && publish !== "no") {
    throw new Error(`--publish: unknown '${publish}'`);
  }
  const readers = parseCount("readers", text("readers", "100"));
  const soak = given.get("soak")?.at(-1);
  const packets = text("packets-per-frame", "auto");
  const mode = (["help", "startup", "webrtcLatency"] as const).find((name) => given.has(flagOf(name))) ??
    "load";
  return {
    mode,
    url: text("url", ""),
    readUrl: text("read-url", ""),
    pid: parseCount("pid", text("pid", "0")),
    serverCommand: text("server-cmd", denoConfig.tasks.start).split(/\s+/).filter((word) => word !== ""),
    serverConfig: parseConfig(given.get("server-conf") ?? []),
    transport,
    readers,
    publish,
    shape: {
      bitsPerSecond: parseQuantity("bitrate", text("bitrate", "2M")),
      framesPerSecond: parseQuantity("fps", text("fps", "30")),
      payloadSize: parseCount("payload-size", text("payload-size", "1200")),
      packetsPerFrame: packets === "auto" ? 0 : parseCount("packets-per-frame", packets),
    },
    warmSeconds: parseSeconds("warm", text("warm", "3s")),
    durationSeconds: parseSeconds("soak", soak ?? text("duration", "20s")),
    memoryEverySeconds: soak === undefined ? 0 : 10,
    sampleEvery: parseCount(
      "sample-every",
      text("sample-every", String(Math.max(1, Math.floor(readers / 50)))),
    ),
    threads: Math.max(1, parseCount("threads", text("threads", "1"))),
    pin: given.has("pin"),
    runs: parseCount("runs", text("runs", mode === "webrtcLatency" ? "20" : "5")),
    json: text("json", ""),
  };
}

/** `webrtcLatency` is `--webrtc-latency`. */
function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const flags = ["help", "startup", "webrtc-latency", "pin"];
const valued = [
  ...[
    "url",
    "read-url",
    "pid",
    "server-cmd",
    "server-conf",
    "transport",
    "readers",
    "publish",
    "bitrate",
    "fps",
    "payload-size",
  ],
  ...["packets-per-frame", "warm", "duration", "soak", "sample-every", "threads", "json", "runs"],
];

function collect(args: readonly string[]): Map<string, string[]> {
  const out = new Map<string, string[]>();
  const add = (name: string, value: string) => out.set(name, [...out.get(name) ?? [], value]);
  for (let i = 0; i < args.length; i++) {
    const [, name, , inline] = args[i].match(/^--([a-z-]+)(=(.*))?$/) ?? [];
    if (name === undefined) throw new Error(`unexpected argument '${args[i]}'`);
    if (flags.includes(name)) add(name, "");
    else if (!valued.includes(name)) throw new Error(`unknown option --${name}`);
    else if (inline !== undefined) add(name, inline);
    else if (i + 1 < args.length) add(name, args[++i]);
    else throw new Error(`--${name} needs a value`);
  }
  return out;
}

/** Numbers, booleans, lists and objects as JSON; everything else is text. */
function parseConfig(pairs: readonly string[]): Config {
  const out: Record<string, ConfigValue> = {};
  for (const pair of pairs) {
    const [, key, value] = pair.match(/^([A-Za-z0-9]+)=(.*)$/s) ?? [];
    if (key === undefined) throw new Error(`--server-conf: '${pair}' is not like key=value`);
    try {
      out[key] = JSON.parse(value) as ConfigValue;
    } catch {
      out[key] = value;
    }
  }
  return out;
}

export function parseCount(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name}: '${text}' is not a whole number`);
  return Number(text);
}

/** A number above zero with an optional k or M. */
export function parseQuantity(name: string, text: string): number {
  const match = text.match(/^(\d+(?:\.\d+)?)([kM]?)$/);
  const value = match === null ? 0 : Number(match[1]) * ({ "": 1, k: 1e3, M: 1e6 }[match[2]] ?? 0);
  if (value <= 0) throw new Error(`--${name}: '${text}' is not a quantity like 30, 500k or 2M`);
  return value;
}

export function parseSeconds(name: string, text: string): number {
  const match = text.match(/^(\d+(?:\.\d+)?)(s|m|h|)$/);
  if (match === null) throw new Error(`--${name}: '${text}' is not a time like 20s or 10m`);
  return Number(match[1]) * ({ "": 1, s: 1, m: 60, h: 3600 }[match[2]] ?? 1);
}

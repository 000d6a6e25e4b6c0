/** What is measured, one row per kind of thing; the names of the metrics come from the fields of the API. */
import type { PathSnapshot } from "../../paths/mod.ts";
import { type ClientKind, clientKinds, type ClientSources, levelFields, oldNames } from "../clients/mod.ts";
import { hasLive, type LiveReader } from "../live/mod.ts";
import type { Family, Labels, Sample } from "./exposition.ts";
import { clientLiveFamilies, pathLiveFamilies } from "./live.ts";

/** What the metrics read. */
export interface MetricsSources {
  readonly paths: { list(): readonly PathSnapshot[] };
  readonly clients: () => ClientSources;
  readonly live: LiveReader;
  /** Of the process. */
  readonly process: () => readonly Family[];
}

/** `rtsp_sessions` for `rtspsessions`. The filter for one object is the same without the last letter. */
const clientSections: Readonly<Record<ClientKind, string>> = {
  hlssessions: "hls_sessions",
  hlsmuxers: "hls_muxers",
  rtspconns: "rtsp_conns",
  rtspsessions: "rtsp_sessions",
  rtspsconns: "rtsps_conns",
  rtspssessions: "rtsps_sessions",
  rtmpconns: "rtmp_conns",
  rtmpsconns: "rtmps_conns",
  srtconns: "srt_conns",
  webrtcsessions: "webrtc_sessions",
};

/** Labels, and a value for each field. */
interface Measured {
  readonly labels: Labels;
  readonly values: Readonly<Record<string, unknown>>;
}

/** `inboundRTPPackets` → `inbound_rtp_packets`. */
export function metricName(field: string): string {
  if (field === "byteMSS") return "bytes_mss";
  return field.replace(/[A-Z]+(?![a-z])|[A-Z]/g, (capitals) => `_${capitals.toLowerCase()}`)
    .replace(/_([a-z]+)(packets)/g, "_$1_$2");
}

/** The families that `query` asks for: `type`, and one object by its filter. */
export function families(sources: MetricsSources, query: URLSearchParams): Family[] {
  const wanted = query.get("type") ?? "";
  const filters = [...query.keys()].filter((name) => name !== "type" && query.get(name) !== "");
  const shown: Family[] = [];
  const isShown = (section: string, filter: string) =>
    (wanted === "" || wanted === section) && (filters.length === 0 || filters.includes(filter));
  if (isShown("paths", "path")) {
    shown.push(...pathFamilies(sources.paths.list(), query.get("path") ?? "", sources.live));
  }
  for (const [kind, source] of Object.entries(sources.clients())) {
    const section = clientSections[kind as ClientKind];
    const filter = section.slice(0, -1);
    if (source === undefined || !isShown(section, filter)) continue;
    const asked = query.get(filter) ?? "";
    shown.push(...clientFamilies(kind as ClientKind, section, source.list(), asked, sources.live));
  }
  if (wanted === "" && filters.length === 0 || wanted === "process") shown.push(...sources.process());
  return shown;
}

const pathFields = ["inboundBytes", "outboundBytes", "inboundFramesInError"] as const;

function pathFamilies(all: readonly PathSnapshot[], filter: string, live: LiveReader): Family[] {
  const measured = all.filter(({ name }) => filter === "" || name === filter).map((path) => ({
    labels: { name: path.name, state: path.availableTime === null ? "notReady" : "ready" },
    values: path.stats as unknown as Measured["values"],
    path,
  }));
  const readers: Sample[] = measured.flatMap(({ labels, path }) => {
    const counts = new Map<string, number>();
    for (const { type } of path.readers) counts.set(type, (counts.get(type) ?? 0) + 1);
    if (counts.size === 0) counts.set("", 0);
    return Array.from(counts, ([readerType, value]) => ({ labels: { ...labels, readerType }, value }));
  });
  const isEmpty = all.length === 0 && filter === "";
  return [
    present("paths", measured, isEmpty),
    {
      name: "paths_readers",
      type: "gauge",
      help: "Readers of the path, by type.",
      samples: isEmpty ? zero : readers,
    },
    ...fieldFamilies("paths", [...pathFields, "bytesReceived", "bytesSent"], measured, isEmpty),
    ...pathLiveFamilies(measured, live),
  ];
}

function clientFamilies(
  kind: ClientKind,
  section: string,
  all: readonly object[],
  filter: string,
  live: LiveReader,
): Family[] {
  const { schema, key } = clientKinds[kind];
  const items = all as readonly Readonly<Record<string, unknown>>[];
  const measured = items.filter((item) => filter === "" || item[key] === filter).map((item) => ({
    labels: labelsOf(kind, item),
    values: item,
  }));
  const fields = Object.entries(schema.shape).filter(([, type]) => isNumber(type)).map(([name]) => name);
  const isEmpty = all.length === 0 && filter === "";
  return [
    present(section, measured, isEmpty),
    ...fieldFamilies(section, fields, measured, isEmpty),
    ...(hasLive(kind) ? clientLiveFamilies(section, measured, live) : []),
  ];
}

function isNumber(type: { readonly def: { readonly type: string } }): boolean {
  return type.def.type === "number";
}

function labelsOf(kind: ClientKind, item: Readonly<Record<string, unknown>>): Labels {
  if (kind === "hlsmuxers") return { name: String(item.path) };
  const names = ["id", "path", "remoteAddr", "state"].filter((name) => typeof item[name] === "string");
  // As in MediaMTX: a connection is known by its id only, its session has the rest.
  const used = kind === "rtspconns" || kind === "rtspsconns" ? ["id"] : names;
  return Object.fromEntries(used.map((name) => [name, String(item[name])]));
}

/** Of a section without anything in it. */
const zero: readonly Sample[] = [{ labels: {}, value: 0 }];

function present(name: string, measured: readonly Measured[], isEmpty: boolean): Family {
  return {
    name,
    type: "gauge",
    help: "1 for each that exists.",
    samples: isEmpty ? zero : measured.map(({ labels }) => ({ labels, value: 1 })),
  };
}

function fieldFamilies(
  section: string,
  fields: readonly string[],
  measured: readonly Measured[],
  isEmpty: boolean,
): Family[] {
  return fields.map((field) => {
    const newName = Object.hasOwn(oldNames, field) ? oldNames[field as keyof typeof oldNames] : undefined;
    // SRT has fields of its own with these names.
    const source = newName !== undefined && fields.includes(newName) ? newName : field;
    return {
      name: `${section}_${metricName(field)}`,
      type: levelFields.has(field) ? "gauge" : "counter",
      help: source === field
        ? `The field ${field} of the API.`
        : `Old name of ${section}_${metricName(source)}.`,
      samples: isEmpty
        ? zero
        : measured.map(({ labels, values }) => ({ labels, value: Number(values[source]) })),
    };
  });
}

/**
 * Live statistics of paths and clients, for API and metrics: one sampler, which runs as long as somebody holds it.
 *
 * It looks at the counters that everything keeps anyhow, once a second; nothing is added to the way of the media.
 * It knows only what was there at the last sample.
 */
import { Scope } from "../../base/scope.ts";
import type { PathSnapshot } from "../../paths/mod.ts";
import { type ClientKind, clientKinds, type ClientSources } from "../clients/mod.ts";
import { counterNames, counterOf, queuedBytesOf } from "./counters.ts";
import type { ClientLive, PathLive } from "./schemas.ts";
import { RateWindow } from "./window.ts";

const periodMs = 1000;

/** What is sampled. */
export interface LiveSources {
  readonly paths: () => readonly PathSnapshot[];
  readonly clients: () => ClientSources;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/** Who has figures of their own: muxers serve sessions, RTSP connections carry them. */
export function hasLive(kind: ClientKind): boolean {
  return clientKinds[kind].key === "id" && kind !== "rtspconns" && kind !== "rtspsconns";
}

/** What API and metrics ask; null before the second sample. */
export interface LiveReader {
  path(name: string): PathLive | null;
  /** By UUID. */
  client(id: string): ClientLive | null;
}

/** Begins with the first `hold`, ends with the last release. */
export class LiveStatistics implements LiveReader {
  readonly #sources: LiveSources;
  #paths = new Map<string, RateWindow>();
  #clients = new Map<string, RateWindow>();
  #pathFigures = new Map<string, PathLive>();
  #clientFigures = new Map<string, ClientLive>();
  #holders = 0;
  #scope: Scope | null = null;

  constructor(sources: LiveSources) {
    this.#sources = sources;
  }

  /** Gives the release, which settles when the sampler has ended, if it does. */
  hold(): () => Promise<void> {
    if (this.#holders++ === 0) {
      this.#scope = new Scope();
      this.#scope.every(periodMs, () => this.sample());
    }
    let held = true;
    return async () => {
      if (!held) return;
      held = false;
      if (--this.#holders > 0) return;
      const scope = this.#scope;
      this.#scope = null;
      this.#forget();
      await scope?.close();
    };
  }

  path(name: string): PathLive | null {
    return this.#pathFigures.get(name) ?? null;
  }

  client(id: string): ClientLive | null {
    return this.#clientFigures.get(id) ?? null;
  }

  /** What the timer does. */
  sample(): void {
    const now = this.#sources.now();
    const queued = this.#sampleClients(now);
    this.#samplePaths(now, queued);
  }

  #forget(): void {
    this.#paths.clear();
    this.#clients.clear();
    this.#pathFigures.clear();
    this.#clientFigures.clear();
  }

  /** Gives the bytes that wait, by id. */
  #sampleClients(now: number): Map<string, number> {
    const windows = new Map<string, RateWindow>();
    const figures = new Map<string, ClientLive>();
    const queues = new Map<string, number>();
    for (const [kind, source] of Object.entries(this.#sources.clients())) {
      if (source === undefined || !hasLive(kind as ClientKind)) continue;
      for (const item of source.list()) {
        const snapshot = item as unknown as Readonly<Record<string, unknown>>;
        const id = String(snapshot.id);
        const window = this.#clients.get(id) ?? new RateWindow();
        const counters = counterNames.map((name) => counterOf(snapshot, name));
        window.add(now, counters.map((value) => value ?? 0));
        windows.set(id, window);
        const queuedBytes = queuedBytesOf(snapshot);
        if (queuedBytes !== null) queues.set(id, queuedBytes);
        const live = clientLive(window, counters, queuedBytes);
        if (live !== null) figures.set(id, live);
      }
    }
    // Only what is there now is kept.
    this.#clients = windows;
    this.#clientFigures = figures;
    return queues;
  }

  #samplePaths(now: number, queues: ReadonlyMap<string, number>): void {
    const windows = new Map<string, RateWindow>();
    const figures = new Map<string, PathLive>();
    for (const path of this.#sources.paths()) {
      if (path.availableTime === null) continue;
      const { inboundBytes, outboundBytes } = path.stats;
      const ofTracks = path.tracks.flatMap(({ flow }) => [flow.bytes, flow.units]);
      const window = this.#paths.get(path.name) ?? new RateWindow();
      window.add(now, [inboundBytes, outboundBytes, ...ofTracks]);
      windows.set(path.name, window);
      const queuedBytes = path.readers.reduce((sum, { id }) => sum + (queues.get(id) ?? 0), 0);
      const live = pathLive(window, path, queuedBytes);
      if (live !== null) figures.set(path.name, live);
    }
    this.#paths = windows;
    this.#pathFigures = figures;
  }
}

function pathLive(window: RateWindow, path: PathSnapshot, queuedBytes: number): PathLive | null {
  const { growth } = window;
  if (growth === null) return null;
  const { seconds, of: [inbound, outbound, ...ofTracks] } = growth;
  return {
    inboundBitrate: bitrate(inbound, seconds),
    outboundBitrate: bitrate(outbound, seconds),
    queuedBytes,
    tracks: path.tracks.map(({ codec, isVideo, flow }, i) => ({
      codec: codec.name,
      bitrate: bitrate(ofTracks[2 * i], seconds),
      frameRate: isVideo ? rounded(ofTracks[2 * i + 1] / seconds) : null,
      keyFrameInterval: flow.keyFrameInterval,
    })),
  };
}

function clientLive(
  window: RateWindow,
  counted: readonly (number | null)[],
  queuedBytes: number | null,
): ClientLive | null {
  const { growth } = window;
  if (growth === null) return null;
  const { seconds } = growth;
  const [inboundBytes, outboundBytes, inPackets, inLost, outPackets, outLost, discarded] = growth.of;
  const isCounted = (name: (typeof counterNames)[number]) => counted[counterNames.indexOf(name)] !== null;
  return {
    inboundBitrate: bitrate(inboundBytes, seconds),
    outboundBitrate: bitrate(outboundBytes, seconds),
    inboundLoss: isCounted("inboundLost") ? share(inLost, inPackets + inLost) : null,
    outboundLoss: isCounted("outboundLost") ? share(outLost, outPackets) : null,
    discardRate: isCounted("discarded") ? rounded(discarded / seconds) : null,
    queuedBytes,
  };
}

/** Null when nothing has flown. */
function share(part: number, whole: number): number | null {
  return whole <= 0 ? null : Math.min(1, part / whole);
}

function bitrate(bytes: number, seconds: number): number {
  return Math.round(bytes * 8 / seconds);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

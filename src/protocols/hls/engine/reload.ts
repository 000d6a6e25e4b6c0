/** Blocking reloads and delta updates: the delivery directives of RFC 8216bis §6.2.5. */
import { partTarget, type Rendition } from "./rendition.ts";

/** Delivery directives of a request for a media playlist. */
export interface ReloadRequest {
  /** `_HLS_msn`; null when absent. */
  readonly msn: number | null;
  /** `_HLS_part` */
  readonly part: number | null;
  /** `_HLS_skip` is `YES` or `v2`. */
  readonly delta: boolean;
}

/** Without directives. */
export const plainReload: ReloadRequest = { msn: null, part: null, delta: false };

const number = /^\d{1,15}$/;

/** Null when the directives are malformed: to be answered with 400. */
export function parseReloadRequest(query: URLSearchParams): ReloadRequest | null {
  const msn = query.get("_HLS_msn");
  const part = query.get("_HLS_part");
  const skip = query.get("_HLS_skip");
  if (msn !== null && !number.test(msn)) return null;
  if (part !== null && (!number.test(part) || msn === null)) return null;
  return {
    msn: msn === null ? null : Number(msn),
    part: part === null ? null : Number(part),
    delta: skip === "YES" || skip === "v2",
  };
}

export type ReloadState = "ready" | "wait" | "badRequest";

/** The Advance Part Limit of §6.2.5.2. */
function advancePartLimit(rendition: Rendition): number {
  const target = partTarget(rendition);
  return target < 1 ? Math.ceil(3 / target) : 3;
}

export function reloadState(rendition: Rendition, request: ReloadRequest): ReloadState {
  if (request.msn === null) return "ready";
  const { timeline, open } = rendition;
  let { msn, part } = { msn: request.msn, part: request.part };
  // The last closed segment plus two.
  if (msn > timeline.nextMsn + 1) return "badRequest";
  // What has left the playlist is in the past: a player that was asleep gets what there is now and starts from there.
  if (msn < timeline.firstMsn) return "ready";
  if (part === null) return msn < timeline.nextMsn ? "ready" : "wait";
  if (msn < timeline.nextMsn) {
    const closed = timeline.segments[msn - timeline.firstMsn];
    if (part < closed.parts.length) return "ready";
    // A part behind the last one is the first of the next segment.
    msn++;
    part = 0;
    if (msn < timeline.nextMsn) return "ready";
  }
  const parts = msn === timeline.nextMsn ? open?.parts.length ?? 0 : 0;
  if (part < parts) return "ready";
  // What nearly everybody waits for.
  if (part === parts) return "wait";
  return part - parts >= advancePartLimit(rendition) ? "badRequest" : "wait";
}

/**
 * A WHIP and WHEP server around the WebRTC pages, whose sessions can fail in every way. Its media engine is a page of
 * the same browser: the server only carries descriptions and candidates to it.
 */
import { webrtcModule, webrtcPage } from "../../../src/protocols/webrtc/pages.ts";
import type { Browser, Page } from "./browser.ts";
import { whenFree, withFreeTcpPort } from "../../support/ports.ts";

/** For tests that hang. */
const limitMs = 120_000;
const lookMs = 20;

/** For `withBrowser`: names of interfaces would have to be resolved by multicast, which tests may not. */
export const webrtcFlags = ["--disable-features=WebRtcHideLocalIpsWithMdns"];

/** What happens to offers: a status with the server's words, or an answer that leads nowhere. */
export type Trouble =
  | { readonly kind: "status"; readonly status: number; readonly text: string }
  | { readonly kind: "blocked" };

export interface SiteRequest {
  readonly method: string;
  readonly path: string;
  readonly search: string;
  readonly authorization: string | null;
  readonly ifMatch: string | null;
  readonly body: string;
}

/** Frames and channels of what was published, as the engine has decoded it. */
export interface Published {
  readonly frames: number;
  readonly width: number;
  readonly audioPackets: number;
  readonly codec: string;
}

const engine = `
const sessions = new Map();
async function answer(kind, sdp, isBlocked) {
  const peer = new RTCPeerConnection();
  const id = crypto.randomUUID();
  sessions.set(id, peer);
  if (kind === "whep") {
    globalThis.source ??= await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 180 }, audio: true });
    for (const track of source.getTracks()) peer.addTrack(track, source);
  } else {
    // without an element, nothing is decoded
    peer.addEventListener("track", ({ track }) => {
      const element = document.createElement(track.kind);
      element.muted = true;
      element.srcObject = new MediaStream([track]);
      element.play().catch(() => {});
      document.body.append(element);
    });
  }
  await peer.setRemoteDescription({ type: "offer", sdp });
  await peer.setLocalDescription();
  while (peer.iceGatheringState !== "complete") {
    await new Promise((resolve) => peer.addEventListener("icegatheringstatechange", resolve, { once: true }));
  }
  const { sdp: text } = peer.localDescription;
  return { id, sdp: isBlocked ? text.replace(/^a=candidate:.*\\r\\n/gm, "") : text };
}
async function addCandidates(id, fragment) {
  const mid = /^a=mid:(.*)$/m.exec(fragment)?.[1].trim();
  for (const [, candidate] of fragment.matchAll(/^a=(candidate:.*)$/gm)) {
    await sessions.get(id)?.addIceCandidate({ candidate: candidate.trim(), sdpMid: mid }).catch(() => {});
  }
}
function end(id) {
  sessions.get(id)?.close();
  sessions.delete(id);
}
async function published(id) {
  const found = { frames: 0, width: 0, audioPackets: 0, codec: "" };
  const report = await sessions.get(id)?.getStats();
  if (report === undefined) return null;
  for (const entry of report.values()) {
    if (entry.type !== "inbound-rtp") continue;
    if (entry.kind === "audio") found.audioPackets += entry.packetsReceived;
    else if ((entry.framesDecoded ?? 0) >= found.frames) {
      found.frames = entry.framesDecoded ?? 0;
      found.width = entry.frameWidth ?? 0;
      found.codec = report.get(entry.codecId)?.mimeType ?? "";
    }
  }
  return found;
}
`;

const headers = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "OPTIONS, POST, PATCH, DELETE",
  "access-control-allow-headers": "authorization, content-type, if-match",
  "access-control-expose-headers": "etag, link, location",
};

export class WebrtcSite implements AsyncDisposable {
  /** Every request for a session, in order. */
  readonly requests: SiteRequest[] = [];
  trouble: Trouble | undefined;
  /** Value of `Link`. */
  link = "";
  /** Served at `/embedding.html`. */
  embedding = "";
  readonly port: number;
  #engine: Page | undefined;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #sessions: string[] = [];

  constructor() {
    this.#server = withFreeTcpPort((port) => this.#serve(port));
    this.port = this.#server.addr.port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Those that were made and not ended, oldest first. */
  get sessions(): readonly string[] {
    return this.#sessions;
  }

  /** Those that were asked for and not ended; the newest is the one that a page uses now. */
  get newestSession(): string {
    const id = this.#sessions.at(-1);
    if (id === undefined) throw new Error("there is no session");
    return id;
  }

  /** Resolves when the condition holds. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + limitMs;
    while (!await condition()) {
      if (performance.now() > end) {
        const requests = this.requests.map(({ method, path }) => `${method} ${path}`);
        throw new Error(`waited in vain for ${what}\n${requests.join("\n")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  /** To be called before the first offer. */
  async start(browser: Browser): Promise<void> {
    this.#engine = await browser.open(`${this.origin}/engine.html`);
  }

  /** As a server does whose stream has ended: DTLS says goodbye. */
  async endSession(id: string): Promise<void> {
    this.#sessions = this.#sessions.filter((other) => other !== id);
    await this.#run(`end(${JSON.stringify(id)})`);
  }

  /** Of the newest session, when it has so many frames, and sound. */
  async published(frames: number): Promise<Published> {
    let found: Published | null = null;
    await this.until(`${frames} frames`, async () => {
      const id = this.#sessions.at(-1);
      if (id === undefined) return false;
      found = await this.#run<Published | null>(`published(${JSON.stringify(id)})`);
      return found !== null && found.frames >= frames && found.audioPackets > 0;
    });
    return found!;
  }

  /** The server is gone until `comeBack`. */
  async goAway(): Promise<void> {
    await this.#server.shutdown();
  }

  async comeBack(): Promise<void> {
    this.#server = await whenFree(() => this.#serve(this.port));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #run<T>(expression: string): Promise<T> {
    if (this.#engine === undefined) throw new Error("the site was not started");
    return this.#engine.evaluate<T>(expression);
  }

  #serve(port: number): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const name = pathname.slice(pathname.lastIndexOf("/") + 1);
    if (request.method === "GET") return await this.#file(request, name);
    const isPreflight = request.headers.has("access-control-request-method");
    if (isPreflight) return new Response(null, { status: 204, headers });
    this.requests.push({
      method: request.method,
      path: pathname,
      search,
      authorization: request.headers.get("authorization"),
      ifMatch: request.headers.get("if-match"),
      body: await request.text(),
    });
    return await this.#session(this.requests[this.requests.length - 1], name, () => request.signal.aborted);
  }

  async #file(request: Request, name: string): Promise<Response> {
    const html = (text: string) =>
      new Response(text, { headers: { "content-type": "text/html; charset=utf-8" } });
    if (name === "engine.html") {
      return html(`<!DOCTYPE html><link rel="icon" href="data:,"><body><script>${engine}</script>`);
    }
    if (name === "embedding.html") return html(this.embedding);
    if (name === "") return await webrtcPage("read", request);
    if (name === "publish") return await webrtcPage("publish", request);
    const module = await webrtcModule(name, request);
    module?.headers.set("access-control-allow-origin", "*");
    return module ?? new Response(null, { status: 404 });
  }

  /** `isGone`: nobody waits for the answer any more. */
  async #session(
    { method, path, search, body }: SiteRequest,
    name: string,
    isGone: () => boolean,
  ): Promise<Response> {
    const { trouble } = this;
    if (method === "OPTIONS") {
      return new Response(null, { status: 204, headers: { ...headers, ...this.#links() } });
    }
    if (method === "POST") {
      if (trouble?.kind === "status") {
        const error = { status: "error", error: trouble.text };
        return Response.json(error, { status: trouble.status, headers });
      }
      const { id, sdp } = await this.#run<{ id: string; sdp: string }>(
        `answer(${JSON.stringify(name)}, ${JSON.stringify(body)}, ${trouble?.kind === "blocked"})`,
      );
      if (isGone()) await this.#run(`end(${JSON.stringify(id)})`);
      else this.#sessions.push(id);
      const location = `${path}/${id}${search}`;
      return new Response(sdp, { status: 201, headers: { ...headers, location, etag: `"${id}"` } });
    }
    if (!this.#sessions.includes(name)) {
      return Response.json({ error: "session not found" }, { status: 404, headers });
    }
    if (method === "DELETE") {
      // The browser is being closed.
      await this.endSession(name).catch(() => {});
      return new Response(null, { status: 200, headers });
    }
    if (trouble?.kind !== "blocked") {
      await this.#run(`addCandidates(${JSON.stringify(name)}, ${JSON.stringify(body)})`);
    }
    return new Response(null, { status: 204, headers });
  }

  #links(): Record<string, string> {
    return this.link === "" ? {} : { link: this.link };
  }
}

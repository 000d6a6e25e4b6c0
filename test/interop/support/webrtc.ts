/**
 * WHIP and WHEP with a browser's own RTCPeerConnection and nothing else: a blank page, and a script of a few lines that
 * posts the offer. What our player modules add is tested elsewhere.
 */
import type { Browser, Page, PageOptions } from "./browser.ts";

/** Both are for tests that hang. */
const logTimeoutMs = 120_000;
const statsTimeoutMs = 120_000;

/** A `TestServer`, or a server inside of the test. */
export interface WebrtcHost {
  webrtcUrl(path: string): string;
  readonly log: { waitFor(pattern: RegExp, timeoutMs: number): Promise<string> };
}

export interface PeerOptions {
  /** Value of the Authorization header. */
  readonly authorization?: string;
  /** Media goes to this port of 127.0.0.1 instead of to the candidates of the answer. */
  readonly mediaPort?: number;
}

/** As `RTCRtpCapabilities` names them; null for none of that kind. */
export interface PublishOptions extends PeerOptions {
  readonly video?: VideoOptions | null;
  readonly audio?: AudioOptions | null;
}

export interface VideoOptions {
  /** `video/VP8`; the browser's choice when it is left out. */
  readonly mimeType?: string;
  /** Begins with this, when a codec has several: `profile-id=2`. */
  readonly fmtp?: string;
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
  /** Bits per second. */
  readonly maxBitrate?: number;
  /** A picture of noise instead of the fake camera's: it needs all the bits that there are. */
  readonly noise?: boolean;
  /** Layers of simulcast, by factor: `[4, 2, 1]`. */
  readonly scales?: readonly number[];
}

export interface AudioOptions {
  readonly mimeType?: string;
}

export interface ReadOptions extends PeerOptions {
  readonly video?: boolean;
  readonly audio?: boolean;
  /** Ask for data channels, too. */
  readonly data?: boolean;
}

/** The server's answer. */
export interface Posted {
  readonly status: number;
  readonly location: string | null;
  readonly etag: string | null;
  readonly id: string | null;
  /** Description, or an error as JSON. */
  readonly body: string;
}

/** Sums over the streams of one kind, of the direction that the peer has. */
export interface MediaStats {
  readonly packets: number;
  readonly bytes: number;
  /** Decoded or encoded. */
  readonly frames: number;
  readonly keyFrames: number;
  readonly width: number;
  readonly height: number;
  readonly lost: number;
  readonly nacks: number;
  readonly plis: number;
  readonly freezes: number;
  /** Bits per second that the network is believed to take; 0 for what is received. */
  readonly targetBitrate: number;
  readonly mimeType: string;
}

export interface PeerStats {
  readonly video: MediaStats | null;
  readonly audio: MediaStats | null;
  readonly connection: string;
  readonly srtpCipher: string;
}

const script = `
  window.peers = [];
  const toPrefer = (kind, { mimeType, fmtp = "" }) => {
    const all = RTCRtpSender.getCapabilities(kind).codecs;
    const wanted = all.filter((codec) =>
      codec.mimeType.toLowerCase() === mimeType.toLowerCase() && (codec.sdpFmtpLine ?? "").includes(fmtp));
    if (wanted.length === 0) throw new Error("the browser has no " + mimeType + " " + fmtp);
    return [...wanted, ...all.filter((codec) => /rtx$/.test(codec.mimeType))];
  };
  const noise = (width, height, frameRate) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    const words = new Uint32Array(image.data.buffer);
    let state = 1;
    setInterval(() => {
      for (let i = 0; i < words.length; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        words[i] = state | 0xff000000;
      }
      context.putImageData(image, 0, 0);
    }, 1000 / frameRate);
    return canvas.captureStream(frameRate);
  };
  const elsewhere = (sdp, port) =>
    sdp.replace(/^(a=candidate:\\S+ 1 udp \\d+) \\S+ \\d+ /gm, "$1 127.0.0.1 " + port + " ");
  const post = async (pc, url, { authorization, mediaPort }) => {
    const peer = { pc, channels: [], messages: [] };
    pc.addEventListener("datachannel", ({ channel }) => {
      peer.channels.push(channel.label);
      channel.binaryType = "arraybuffer";
      channel.addEventListener("message", ({ data }) => peer.messages.push(new Uint8Array(data)));
    });
    pc.addEventListener("track", ({ track }) => {
      const element = document.createElement(track.kind);
      Object.assign(element, { autoplay: true, muted: true, playsInline: true });
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
      peer[track.kind] = element;
    });
    await pc.setLocalDescription(await pc.createOffer());
    const headers = { "content-type": "application/sdp", ...authorization ? { authorization } : {} };
    const response = await fetch(url, { method: "POST", headers, body: pc.localDescription.sdp });
    const text = await response.text();
    const body = mediaPort === undefined ? text : elsewhere(text, mediaPort);
    if (response.status === 201) await pc.setRemoteDescription({ type: "answer", sdp: body });
    else pc.close();
    const header = (name) => response.headers.get(name);
    return {
      index: window.peers.push(peer) - 1,
      posted: {
        status: response.status,
        location: header("location") && new URL(header("location"), response.url).href,
        etag: header("etag"),
        id: header("id"),
        body,
      },
    };
  };
  window.publish = async (url, { video = {}, audio = {}, ...options }) => {
    const { width = 640, height = 360, frameRate = 30, maxBitrate, scales } = video ?? {};
    const stream = video?.noise ? noise(width, height, frameRate) : await navigator.mediaDevices.getUserMedia({
      video: video && { width, height, frameRate },
      audio: audio !== null,
    });
    const pc = new RTCPeerConnection();
    for (const track of stream.getTracks()) {
      const wanted = track.kind === "video" ? video : audio;
      const sendEncodings = track.kind === "audio" ? [{}] : (scales ?? [1]).map((scaleResolutionDownBy, i) => ({
        ...scales ? { rid: "layer" + i } : {},
        scaleResolutionDownBy,
        ...maxBitrate ? { maxBitrate } : {},
      }));
      const transceiver = pc.addTransceiver(track, { direction: "sendonly", streams: [stream], sendEncodings });
      if (wanted.mimeType) transceiver.setCodecPreferences(toPrefer(track.kind, wanted));
    }
    return await post(pc, url, options);
  };
  window.read = async (url, { video = true, audio = true, data = false, ...options }) => {
    const pc = new RTCPeerConnection();
    if (video) pc.addTransceiver("video", { direction: "recvonly" });
    if (audio) pc.addTransceiver("audio", { direction: "recvonly" });
    if (data) pc.createDataChannel("");
    return await post(pc, url, options);
  };
  window.statsOf = async (index) => {
    const { pc } = window.peers[index];
    const all = [...(await pc.getStats()).values()];
    const codecs = new Map(all.filter(({ type }) => type === "codec").map((codec) => [codec.id, codec.mimeType]));
    const of = (kind) => {
      const streams = all.filter((entry) =>
        (entry.type === "inbound-rtp" || entry.type === "outbound-rtp") && entry.kind === kind);
      if (streams.length === 0) return null;
      const sum = (...names) => streams.reduce((total, entry) =>
        total + names.reduce((part, name) => part + (entry[name] ?? 0), 0), 0);
      return {
        packets: sum("packetsReceived", "packetsSent"),
        bytes: sum("bytesReceived", "bytesSent"),
        frames: sum("framesDecoded", "framesEncoded"),
        keyFrames: sum("keyFramesDecoded", "keyFramesEncoded"),
        width: Math.max(...streams.map((entry) => entry.frameWidth ?? 0)),
        height: Math.max(...streams.map((entry) => entry.frameHeight ?? 0)),
        lost: sum("packetsLost"),
        nacks: sum("nackCount"),
        plis: sum("pliCount"),
        freezes: sum("freezeCount"),
        targetBitrate: sum("targetBitrate"),
        mimeType: codecs.get(streams[0].codecId) ?? "",
      };
    };
    return {
      video: of("video"),
      audio: of("audio"),
      connection: pc.connectionState,
      srtpCipher: all.find(({ type }) => type === "transport")?.srtpCipher ?? "",
    };
  };
`;

const html = `<!DOCTYPE html><link rel="icon" href="data:,"><script>${script}</script>`;

/** Serves the blank page; browsers open it as often as they like. */
export class WebrtcSite implements AsyncDisposable {
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } }),
  );

  constructor(private readonly server: WebrtcHost) {}

  /** A tab in a profile of its own, with no peers yet. */
  async open(browser: Browser, options: PageOptions = {}): Promise<WebrtcTab> {
    const page = await browser.open(`http://127.0.0.1:${this.#server.addr.port}/`, {
      ...options,
      origins: [new URL(this.server.webrtcUrl("")).origin, ...options.origins ?? []],
    });
    return new WebrtcTab(page, this.server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** One page with any number of peers in it. */
export class WebrtcTab {
  constructor(readonly page: Page, private readonly server: WebrtcHost) {}

  /** Publishes the browser's fake camera and microphone. `path` may have a query. */
  publish(path: string, options: PublishOptions = {}): Promise<Peer> {
    return this.#post("publish", path, "whip", options);
  }

  read(path: string, options: ReadOptions = {}): Promise<Peer> {
    return this.#post("read", path, "whep", options);
  }

  async #post(
    how: string,
    path: string,
    endpoint: string,
    options: PublishOptions | ReadOptions,
  ): Promise<Peer> {
    const [name, query] = path.split("?");
    const url = this.server.webrtcUrl(`${name}/${endpoint}${query === undefined ? "" : `?${query}`}`);
    const { index, posted } = await this.page.evaluate<{ index: number; posted: Posted }>(
      `window.${how}(${JSON.stringify(url)}, ${JSON.stringify(options)})`,
    );
    return new Peer(this.page, this.server, index, posted);
  }
}

/** One connection of a browser with the server. */
export class Peer {
  constructor(
    private readonly page: Page,
    private readonly server: WebrtcHost,
    private readonly index: number,
    readonly posted: Posted,
  ) {}

  /** Resolves with the line of the log that the server has written about this session. */
  logged(text: RegExp): Promise<string> {
    const session = this.posted.id?.slice(0, 8);
    return this.server.log.waitFor(new RegExp(`session ${session}\\] ${text.source}`), logTimeoutMs);
  }

  get #js(): string {
    return `window.peers[${this.index}]`;
  }

  stats(): Promise<PeerStats> {
    return this.page.evaluate(`window.statsOf(${this.index})`);
  }

  /** Resolves with the statistics when `enough` holds; throws with them when it never does. */
  async waitForStats(enough: (stats: PeerStats) => boolean, timeoutMs = statsTimeoutMs): Promise<PeerStats> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const stats = await this.stats();
      if (enough(stats)) return stats;
      if (performance.now() > end) throw new Error(`never enough:\n${JSON.stringify(stats, null, 2)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Pictures decoded (or encoded) and packets of audio, from now on. */
  async waitForMedia(more: { readonly frames?: number; readonly audioPackets?: number }): Promise<PeerStats> {
    const { video, audio } = await this.stats();
    return await this.waitForStats((now) =>
      (now.video?.frames ?? 0) >= (video?.frames ?? 0) + (more.frames ?? 0) &&
      (now.audio?.packets ?? 0) >= (audio?.packets ?? 0) + (more.audioPackets ?? 0)
    );
  }

  /** Pictures of this one and of another peer of the same page, decoded or encoded, at the same moment. */
  async framesBeside(other: Peer): Promise<readonly [own: number, others: number]> {
    const all = await this.page.evaluate<readonly PeerStats[]>(
      `Promise.all([${this.index}, ${other.index}].map((index) => window.statsOf(index)))`,
    );
    const [own, others] = all.map(({ video }) => video?.frames ?? 0);
    return [own, others];
  }

  /**
   * So many packets of video of which none is missing. Those that a socket had no room for, as their process was not
   * given the processor, are forgiven: what the server itself does not send is missing always.
   */
  async waitForUnbroken(packets = 50): Promise<PeerStats> {
    const first = (await this.stats()).video;
    let begin = { packets: first?.packets ?? 0, lost: first?.lost ?? 0 };
    return await this.waitForStats(({ video }) => {
      if (video === null) return false;
      if (video.lost !== begin.lost) begin = video;
      return video.packets >= begin.packets + packets;
    });
  }

  /** `connected`, `failed`, `closed`, … */
  async waitForConnection(state: string): Promise<void> {
    await this.page.waitFor(`${this.#js}.pc.connectionState === ${JSON.stringify(state)}`);
  }

  /** Resolves when the server has said goodbye: connections of Chromium's do not show it, their transports do. */
  async waitForGoodbye(): Promise<void> {
    await this.page.waitFor(
      `[...${this.#js}.pc.getSenders(), ...${this.#js}.pc.getReceivers()]` +
        `.some(({ transport }) => transport?.state === "closed")`,
    );
  }

  /** Messages that have come over data channels, in order. */
  async messages(): Promise<Uint8Array[]> {
    const all = await this.page.evaluate<number[][]>(`${this.#js}.messages.map((bytes) => [...bytes])`);
    return all.map((bytes) => Uint8Array.from(bytes));
  }

  async waitForMessages(count: number): Promise<void> {
    await this.page.waitFor(`${this.#js}.messages.length >= ${count}`);
  }

  /** A request to the session's URL, as the browser would make it. */
  request(
    method: string,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: string }> {
    const init = JSON.stringify({ method, headers, ...body === undefined ? {} : { body } });
    return this.page.evaluate(
      `fetch(${JSON.stringify(this.posted.location)}, ${init})` +
        `.then(async (response) => ({ status: response.status, body: await response.text() }))`,
    );
  }

  /** Restarts ICE by PATCH; resolves when the new answer is in use. */
  async restartIce(): Promise<{ status: number }> {
    return await this.page.evaluate(`(async () => {
      const { pc } = ${this.#js};
      pc.restartIce();
      const offer = await pc.createOffer();
      await pc.setLocalDescription(offer);
      const line = (name, sdp) => new RegExp("a=" + name + ":.*").exec(sdp)[0];
      const response = await fetch(${JSON.stringify(this.posted.location)}, {
        method: "PATCH",
        headers: { "content-type": "application/trickle-ice-sdpfrag", "if-match": "*" },
        body: [line("ice-ufrag", offer.sdp), line("ice-pwd", offer.sdp), ""].join("\\r\\n"),
      });
      const fragment = await response.text();
      if (response.status === 200) {
        const ours = pc.currentRemoteDescription.sdp
          .replaceAll(/a=ice-ufrag:.*/g, line("ice-ufrag", fragment).trim())
          .replaceAll(/a=ice-pwd:.*/g, line("ice-pwd", fragment).trim());
        await pc.setRemoteDescription({ type: "answer", sdp: ours });
      }
      return { status: response.status };
    })()`);
  }

  /** Closes the RTCPeerConnection: the server learns of it by DTLS. */
  async close(): Promise<void> {
    await this.page.evaluate(`${this.#js}.pc.close()`);
  }
}

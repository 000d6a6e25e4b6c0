/** A WHIP and WHEP client made of our own parts: full ICE, DTLS, SRTP. What it does with media is up to the test. */
import { silentLogger } from "../../../../src/base/logger.ts";
import { fastPacketCrypto } from "../../../../src/net/packet_crypto.ts";
import type {
  DtlsProvider,
  DtlsSession,
  IceSession,
  IceState,
  SrtpKeys,
} from "../../../../src/protocols/webrtc/contracts.ts";
import { maxApplicationData, openDtlsProvider } from "../../../../src/protocols/webrtc/dtls/mod.ts";
import { candidateText, IceMux, serializeCandidate } from "../../../../src/protocols/webrtc/ice/mod.ts";
import { DataChannels } from "../../../../src/protocols/webrtc/sctp/mod.ts";
import { type Description, parseDescription } from "../../../../src/protocols/webrtc/negotiation/mod.ts";
import {
  createSrtpReceiver,
  createSrtpSender,
  portableCrypto,
  type SrtpReceiver,
  type SrtpSender,
} from "../../../../src/rtp/srtp/mod.ts";
import { isRtcp } from "../../../../src/rtp/rtcp/compound.ts";
import { guarded } from "../../../support/guarded.ts";

const packetCrypto = fastPacketCrypto ?? portableCrypto;

export interface ClientOptions {
  /** Of the server's HTTP. */
  readonly port: number;
  readonly endpoint: "whip" | "whep";
  /** May have a query. */
  readonly path: string;
  /** m= sections with their attributes, but without those of the transport. */
  readonly sections: readonly { readonly media: string; readonly lines: readonly string[] }[];
  readonly headers?: Readonly<Record<string, string>>;
  /** `a=setup` of the offer; actpass when it is left out. */
  readonly setup?: "actpass" | "active" | "passive";
  /** Instead of the true one. */
  readonly fingerprint?: string;
}

/** Owns its sockets; disposing it is a client that vanishes. */
export class WebrtcClient implements AsyncDisposable {
  readonly states: IceState[] = [];
  /** Decrypted RTP packets, in the order in which they came. */
  readonly packets: Uint8Array[] = [];
  readonly rtcp: Uint8Array[] = [];
  readonly dtlsCloses: string[] = [];
  /** Packets of SCTP that nobody has taken yet. */
  readonly data: Uint8Array[] = [];
  status = 0;
  location: string | null = null;
  body = "";
  answer: Description | null = null;
  readonly connected: Promise<SrtpKeys>;
  readonly #connected = Promise.withResolvers<SrtpKeys>();
  readonly #changed = new Set<() => void>();
  readonly ice: IceSession;
  #dtls: DtlsSession | null = null;
  #onData: ((bytes: Uint8Array) => void) | null = null;
  #sender: SrtpSender | null = null;
  #receiver: SrtpReceiver | null = null;

  private constructor(
    private readonly options: ClientOptions,
    private readonly mux: IceMux,
    private readonly provider: DtlsProvider,
  ) {
    this.connected = this.#connected.promise;
    this.connected.catch(() => {});
    this.ice = mux.createSession({
      onDtls: (datagram) => this.#openDtls()?.receive(datagram),
      onMedia: (datagrams) => this.#receive(datagrams),
      onState: (state) => {
        this.states.push(state);
        if (state === "connected") this.#openDtls();
        this.#wake();
      },
    }, { controlling: true });
  }

  /** Posts the offer. Does not connect when the answer is no description. */
  static async post(options: ClientOptions): Promise<WebrtcClient> {
    const mux = await IceMux.open({
      udpAddress: "127.0.0.1:0",
      tcpAddress: "",
      ipsFromInterfaces: true,
      ipsFromInterfacesList: [],
      additionalHosts: [],
      iceServers: [],
      gatherTimeoutMs: 1000,
      udpFastPath: "no",
      udpReadBufferSize: 0,
      logger: silentLogger,
    });
    const client = new WebrtcClient(options, mux, await openDtlsProvider({ implementation: "auto" }));
    await client.#post();
    return client;
  }

  async #post(): Promise<void> {
    const { port, path, endpoint, headers } = this.options;
    const [name, query] = path.split("?");
    const search = query === undefined ? "" : `?${query}`;
    const response = await fetch(`http://127.0.0.1:${port}/${name}/${endpoint}${search}`, {
      method: "POST",
      headers: { "content-type": "application/sdp", ...headers },
      body: await this.offer(),
    });
    this.status = response.status;
    this.body = await response.text();
    const location = response.headers.get("location");
    this.location = location === null ? null : new URL(location, response.url).href;
    if (response.status === 201) this.answer = parseDescription(this.body);
  }

  async offer(): Promise<string> {
    const { sections, setup = "actpass", fingerprint } = this.options;
    const { ufrag, password } = this.ice.local;
    const candidates = await this.ice.gather();
    const transport = [
      `a=ice-ufrag:${ufrag}`,
      `a=ice-pwd:${password}`,
      `a=fingerprint:${this.provider.fingerprint.algorithm} ${
        fingerprint ?? this.provider.fingerprint.value
      }`,
      `a=setup:${setup}`,
      ...candidates.map((candidate) => `a=${serializeCandidate(candidate)}`),
    ];
    return [
      "v=0",
      "o=- 1 1 IN IP4 127.0.0.1",
      "s=-",
      "t=0 0",
      `a=group:BUNDLE ${sections.map((_, i) => i).join(" ")}`,
      ...sections.flatMap(({ media, lines }, i) => [`m=${media}`, `a=mid:${i}`, ...transport, ...lines]),
      "",
    ].join("\r\n");
  }

  /** Posts and connects; throws when the server refuses. */
  static async connect(options: ClientOptions): Promise<WebrtcClient> {
    const client = await WebrtcClient.post(options);
    try {
      if (client.answer === null) throw new Error(`${client.status}: ${client.body}`);
      client.begin();
      await guarded("the connection", client.connected);
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Begins with connectivity checks. */
  begin(): void {
    const { ice, candidates } = this.answer!;
    this.ice.start(ice, candidates);
  }

  get remoteCandidates(): string[] {
    return this.answer!.candidates.map(candidateText);
  }

  get keys(): Promise<SrtpKeys> {
    return this.connected;
  }

  #openDtls(): DtlsSession | null {
    if (this.#dtls !== null || this.answer === null) return this.#dtls;
    const dtls = this.provider.createSession({
      role: this.answer.setup === "passive" ? "client" : "server",
      remoteFingerprints: this.answer.fingerprints,
      send: (batch) => this.ice.send(batch),
      onData: (bytes) => {
        if (this.#onData === null) this.data.push(bytes);
        else this.#onData(bytes);
      },
      onClose: (reason) => {
        this.dtlsCloses.push(reason);
        this.#wake();
      },
    });
    this.#dtls = dtls;
    dtls.connected.then((keys) => {
      const { profile, local, remote } = keys;
      this.#sender = createSrtpSender({ profile, ...local, crypto: packetCrypto });
      this.#receiver = createSrtpReceiver({ profile, ...remote, crypto: packetCrypto });
      this.#connected.resolve(keys);
    }, (error) => this.#connected.reject(error));
    return dtls;
  }

  #receive(datagrams: readonly Uint8Array[]): void {
    for (const datagram of datagrams) {
      const isControl = isRtcp(datagram);
      const result = isControl
        ? this.#receiver?.unprotectRtcp(datagram)
        : this.#receiver?.unprotect(datagram);
      if (result === undefined || result.kind === "refused") continue;
      (isControl ? this.rtcp : this.packets).push(result.bytes.slice());
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#changed]) wake();
  }

  /** Resolves when `condition` holds; it is looked at whenever something has come. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const wait = async () => {
      while (!condition()) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            this.#changed.delete(wake);
            resolve();
          };
          this.#changed.add(wake);
        });
      }
    };
    await guarded(what, wait());
  }

  /** Encrypts and sends one RTP packet. */
  sendRtp(packet: Uint8Array): void {
    this.ice.send(this.#sender!.protect({ bytes: packet, sizes: [packet.length] }));
  }

  sendRtcp(bytes: Uint8Array): void {
    const secret = this.#sender!.protectRtcp(bytes);
    this.ice.send({ bytes: secret, sizes: [secret.length] });
  }

  /** Takes part in data channels from now on; what has come before is not lost. */
  dataChannels(onMessage: (label: string, bytes: Uint8Array) => void): Disposable {
    const channels = new DataChannels({
      role: "client",
      send: (packet) => this.#dtls!.sendData(packet),
      onMessage: ({ label }, bytes) => onMessage(label, bytes),
      onClose: () => {},
      mtu: maxApplicationData,
      random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    }, performance.now());
    const timer = setInterval(() => channels.tick(performance.now()), 20);
    for (const bytes of this.data.splice(0)) channels.receive(bytes, performance.now());
    this.#onData = (bytes) => channels.receive(bytes, performance.now());
    return {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        this.#onData = null;
        channels.close();
      },
    };
  }

  async request(
    method: string,
    init: RequestInit = {},
  ): Promise<{ status: number; text: string; etag: string | null }> {
    const response = await fetch(this.location!, { method, ...init });
    return { status: response.status, text: await response.text(), etag: response.headers.get("etag") };
  }

  /** New credentials on both sides (RFC 9725 §4.3.2); the client's are those of a new session object. */
  patch(lines: readonly string[], headers: Record<string, string> = {}) {
    return this.request("PATCH", {
      headers: { "content-type": "application/trickle-ice-sdpfrag", ...headers },
      body: lines.map((line) => `${line}\r\n`).join(""),
    });
  }

  /** Sends close_notify. */
  closeDtls(): void {
    this.#dtls!.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ice.close();
    this.#sender?.close();
    this.#receiver?.close();
    this.provider.close();
    await this.mux.close();
    this.#connected.reject(new Error("the client has gone"));
  }
}

const feedback = (type: number) => ["nack", "nack pli", "ccm fir"].map((text) => `a=rtcp-fb:${type} ${text}`);

/** VP8 as payload type 96 with retransmissions as 97, and Opus as 111. */
export function sections(
  direction: "sendonly" | "recvonly",
  ssrcs?: { readonly video: number; readonly audio: number },
) {
  const of = (kind: "video" | "audio") => ssrcs === undefined ? [] : [`a=ssrc:${ssrcs[kind]} cname:test`];
  return [
    {
      media: "video 9 UDP/TLS/RTP/SAVPF 96 97",
      lines: [
        `a=${direction}`,
        "a=rtcp-mux",
        "a=rtpmap:96 VP8/90000",
        ...feedback(96),
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        ...of("video"),
      ],
    },
    {
      media: "audio 9 UDP/TLS/RTP/SAVPF 111",
      lines: [
        `a=${direction}`,
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        ...of("audio"),
      ],
    },
  ];
}

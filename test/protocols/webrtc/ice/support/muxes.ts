/** Muxes on loopback, and sessions between them. */
import { silentLogger } from "../../../../../src/base/logger.ts";
import type { PacketBatch } from "../../../../../src/net/udp/mod.ts";
import type { IceCandidate, IceEvents, IceState } from "../../../../../src/protocols/webrtc/contracts.ts";
import { IceMux, type IceMuxOptions } from "../../../../../src/protocols/webrtc/ice/mod.ts";
import { waitFor } from "./wait.ts";

export function openMux(options: Partial<IceMuxOptions> = {}): Promise<IceMux> {
  return IceMux.open({
    udpAddress: "127.0.0.1:0",
    tcpAddress: "",
    ipsFromInterfaces: true,
    ipsFromInterfacesList: [],
    additionalHosts: [],
    iceServers: [],
    gatherTimeoutMs: 60_000,
    udpFastPath: "auto",
    udpReadBufferSize: 0,
    logger: silentLogger,
    ...options,
  });
}

/** Remembers what a session is told. */
export class Peer implements IceEvents {
  readonly states: IceState[] = [];
  readonly dtls: Uint8Array[] = [];
  readonly media: Uint8Array[] = [];
  mediaCalls = 0;
  onChange: () => void = () => {};

  onState(state: IceState): void {
    this.states.push(state);
    this.onChange();
  }

  onDtls(datagram: Uint8Array): void {
    this.dtls.push(datagram);
    this.onChange();
  }

  onMedia(datagrams: readonly Uint8Array[]): void {
    this.mediaCalls++;
    this.media.push(...datagrams);
    this.onChange();
  }
}

/** `count` packets of the same bytes. */
export function packets(first: number, count: number, size = 100): PacketBatch {
  const bytes = new Uint8Array(count * size).fill(first);
  return { bytes, sizes: new Array<number>(count).fill(size) };
}

export interface ConnectOptions {
  /** Which candidates of the server the client is told. */
  readonly offered?: (candidate: IceCandidate) => boolean;
  /** What the server is told of the client's. */
  readonly announced?: (candidate: IceCandidate) => IceCandidate;
}

/** A session of each mux, connected. */
export async function connect(
  server: IceMux,
  client: IceMux,
  { offered = () => true, announced = (candidate) => candidate }: ConnectOptions = {},
) {
  const ours = new Peer();
  const theirs = new Peer();
  const answerer = server.createSession(ours);
  const offerer = client.createSession(theirs, { controlling: true });
  const candidates = (await answerer.gather()).filter(offered);
  answerer.start(offerer.local, (await offerer.gather()).map(announced));
  offerer.start(answerer.local, candidates);
  await waitFor(theirs, () => offerer.state === "connected");
  await waitFor(ours, () => answerer.state === "connected");
  return { ours, theirs, answerer, offerer };
}

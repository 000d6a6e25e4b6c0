/** The connectivity of one session on the sockets of a mux. `close` gives everything back. */
import type { NetAddress } from "../../../net/address.ts";
import type { PacketBatch } from "../../../net/udp/mod.ts";
import type {
  IceCandidate,
  IceCredentials,
  IceDiagnosis,
  IceEvents,
  IceSession,
  IceState,
} from "../contracts.ts";
import { IceAgent } from "./engine/agent.ts";
import { advise } from "./engine/diagnosis.ts";
import type { Pair } from "./engine/pair.ts";
import { pairText } from "./engine/pair_text.ts";
import { newCredentials, newTieBreaker, newTransactionId } from "./credentials.ts";
import { lastingRoom, type Link } from "./link.ts";
import { candidateText } from "./wire/candidate.ts";
import type { StunMessage } from "./wire/stun.ts";

/** Addresses that one session may hold; the oldest one is given up for a new one. */
export const maxRoutes = 32;

/** What a session needs of its mux. */
export interface SessionHost {
  now(): number;
  /** Makes `session.tick` run at once, and then when it says. */
  wake(session: MuxSession): void;
  gather(session: MuxSession): Promise<readonly IceCandidate[]>;
  /** The addresses a relay must let in (RFC 8656 §9). */
  permit(host: string): void;
  register(ufrag: string, session: MuxSession): void;
  unregister(ufrag: string): void;
  remove(session: MuxSession): void;
  readonly ports: { readonly udp: number | null; readonly tcp: number | null };
  readonly hasAdditionalHosts: boolean;
}

interface HeldRoute {
  readonly link: Link;
  readonly remote: NetAddress;
}

/** After a restart it is another object. */
function sameAddress(a: NetAddress, b: NetAddress): boolean {
  return a.ip === b.ip && a.port === b.port;
}

/** Made by `IceMux.createSession`. */
export class MuxSession implements IceSession {
  readonly lite: boolean;
  /** Packets that had no pair to go over. */
  packetsDropped: number = 0;
  /** When `tick` has something to do. */
  dueAt: number = Infinity;
  readonly #agent: IceAgent;
  readonly #routes: HeldRoute[] = [];
  #media: Uint8Array[] = [];
  #candidates: readonly IceCandidate[] = [];
  #dtlsReceived = 0;

  constructor(
    private readonly host: SessionHost,
    private readonly events: IceEvents,
    /** First four bytes of its transactions: answers find it without a table of transactions. */
    readonly tag: number,
    role: { readonly lite: boolean; readonly controlling: boolean },
  ) {
    this.lite = role.lite;
    this.#agent = new IceAgent({
      ...role,
      local: newCredentials(),
      tieBreaker: newTieBreaker(),
      newTransactionId: () => newTransactionId(tag),
      random: Math.random,
      events: {
        onState: (state) => this.events.onState(state),
        onHeard: (pair) => this.#hold(pair),
        onForgotten: ({ ufrag }) => this.host.unregister(ufrag),
      },
    });
    this.host.register(this.local.ufrag, this);
  }

  get local(): IceCredentials {
    return this.#agent.local;
  }

  get state(): IceState {
    return this.#agent.state;
  }

  async gather(): Promise<readonly IceCandidate[]> {
    this.#candidates = await this.host.gather(this);
    return this.#candidates;
  }

  start(remote: IceCredentials, candidates: readonly IceCandidate[]): void {
    this.#agent.start(remote, [], this.host.now());
    for (const candidate of candidates) this.addRemoteCandidate(candidate);
    this.host.wake(this);
  }

  addRemoteCandidate(candidate: IceCandidate): void {
    if (candidate.transport === "udp") this.host.permit(candidate.host);
    this.#agent.addRemoteCandidate(candidate);
    this.host.wake(this);
  }

  restart(remote: IceCredentials): IceCredentials {
    // Nobody would take new credentials back.
    if (this.state === "failed" || this.state === "closed") return this.local;
    const local = newCredentials();
    this.host.register(local.ufrag, this);
    this.#agent.restart(local, remote, this.host.now());
    this.host.wake(this);
    return local;
  }

  room(size: number): Uint8Array {
    return this.#agent.selected?.base.room(size) ?? lastingRoom.take(size);
  }

  send(batch: PacketBatch): void {
    const pair = this.#agent.selected;
    if (pair === null) this.packetsDropped += batch.sizes.length;
    else pair.base.send(batch, pair.remote);
  }

  addLink(link: Link): void {
    this.#agent.addBase(link);
  }

  /** The link is closed, or has stopped working. */
  removeLink(link: Link): void {
    for (let i = this.#routes.length - 1; i >= 0; i--) {
      if (this.#routes[i].link === link) this.#routes.splice(i, 1);
    }
    this.#agent.removeBase(link);
    this.host.wake(this);
  }

  /** True when the message was proven to be the peer's. */
  receiveStun(link: Link, from: NetAddress, message: StunMessage, now: number): boolean {
    const accepted = this.#agent.receive(link, from, message, now);
    if (!this.lite && this.state !== "closed") this.host.wake(this);
    return accepted;
  }

  receiveDtls(datagram: Uint8Array): void {
    this.#dtlsReceived++;
    this.events.onDtls(datagram);
  }

  /** True for the first one since `flushMedia`. */
  takeMedia(datagram: Uint8Array): boolean {
    return this.#media.push(datagram) === 1;
  }

  /** Hands on what one read has brought. */
  flushMedia(): void {
    const media = this.#media;
    if (media.length === 0) return;
    this.#media = [];
    this.events.onMedia(media);
  }

  tick(now: number): void {
    this.dueAt = this.#agent.tick(now);
  }

  #hold({ base, remote }: Pair): void {
    const link = base as Link;
    const now = this.host.now();
    if (!link.mayBind(remote, this, now)) return;
    link.bind(remote, this, now);
    if (this.#routes.some((route) => route.link === link && sameAddress(route.remote, remote))) return;
    this.#routes.push({ link, remote });
    if (this.#routes.length <= maxRoutes) return;
    const selected = this.#agent.selected;
    const oldest = this.#routes.findIndex((route) => route.remote !== selected?.remote);
    const [given] = this.#routes.splice(oldest, 1);
    given.link.unbind(given.remote, this);
  }

  diagnose(): IceDiagnosis {
    const { selected, facts, remoteCandidates } = this.#agent;
    const localCandidates = this.#candidates.map(candidateText);
    return {
      localCandidates,
      remoteCandidates: remoteCandidates.map(candidateText),
      requestsFrom: facts.requestsFrom,
      selectedPair: selected === null
        ? null
        : pairText(selected.base.kind, selected.remote, this.#candidates, remoteCandidates),
      advice: advise({
        ...facts,
        lite: this.lite,
        connected: this.state === "connected",
        dtlsReceived: this.#dtlsReceived,
        localCandidates: this.#candidates,
        remoteCandidates,
        ports: this.host.ports,
        hasAdditionalHosts: this.host.hasAdditionalHosts,
      }),
    };
  }

  close(): void {
    if (this.state === "closed") return;
    for (const { ufrag } of this.#agent.credentials) this.host.unregister(ufrag);
    this.#agent.close();
    for (const { link, remote } of this.#routes.splice(0)) link.unbind(remote, this);
    this.#media = [];
    this.host.remove(this);
  }

  /** The mux ends: the owner is told. */
  closeWithMux(): void {
    if (this.state === "closed") return;
    this.close();
    this.events.onState("closed");
  }
}
